"""A real server on a free port of the loopback address, in a thread; and a client that writes bytes."""

import asyncio
import contextlib
import json
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from plaudit.server.app import create_app
from plaudit.server.protocol import BoundedProtocol
from plaudit.server.served_model import ServedModel
from plaudit.server.service import Service
from plaudit.server.settings import Limits


@dataclass(frozen=True)
class Running:
    """A server that runs.

    Attributes:
        url: Where.
        port: Its port.
        service: What is behind it.
        http: A client of it.
    """

    url: str
    port: int
    service: Service
    http: httpx.Client
    server: uvicorn.Server

    def predict(self, *texts: str, **more: Any) -> Any:  # Any: JSON
        return self.http.post("/predict", json={"texts": texts, **more}).raise_for_status().json()

    def raw(self, data: bytes, *, wait_s: float = 20.0) -> bytes:
        """Send bytes, and return all that comes until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait_s) as connection:
            connection.sendall(data)
            received = b""
            while part := connection.recv(65536):
                received += part
            return received


@contextlib.contextmanager
def serving(
    models: dict[str, Path] | Sequence[ServedModel], limits: Limits | None = None, **more: Any
) -> Iterator[Running]:
    """Serve folders by name until the block ends."""
    served = [ServedModel(name, path) for name, path in models.items()] if isinstance(models, dict) else list(models)
    limits = limits or Limits()
    app = create_app(served, limits, **more)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        http=type("Protocol", (BoundedProtocol,), {"limits": limits}),
        ws="none", log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=5,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        until = time.monotonic() + 60
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            assert time.monotonic() < until, "the server did not start in time"
            time.sleep(0.01)
        port = listener.getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
            yield Running(f"http://127.0.0.1:{port}", port, app.state.service, http, server)
    finally:
        server.should_exit = True
        thread.join(60)  # at most 5 s of grace; the rest is for a busy machine
        assert not thread.is_alive(), f"the server did not stop:\n{_whereabouts(app.state.service)}"


def _whereabouts(service: Service) -> str:
    """Return what every thread and every task of a server's loop is at."""
    stacks = ["".join(traceback.format_stack(frame)[-6:]) for frame in sys._current_frames().values()]
    worker = service.batcher._worker
    tasks = [] if worker is None else list(map(repr, asyncio.all_tasks(worker.get_loop())))
    return "\n\n".join([*stacks, *tasks])


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def error_of(answer: bytes) -> str:
    """Return the sentence of an error as it came over the wire."""
    found: str = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
    return found
