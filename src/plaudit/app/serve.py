"""What `plaudit serve` does: load, bind, serve until it is told to stop."""

from __future__ import annotations

import functools
import logging
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.app.terminal import make_console
from plaudit.errors import ConfigError, require

if TYPE_CHECKING:
    from types import FrameType

    import uvicorn
    from fastapi import FastAPI

    from plaudit.server.served_model import ServedModel
    from plaudit.server.settings import Limits


LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
_END_S = 4  # after the time to finish: what then still runs is left, and the process ends
_WORKER_SILENT_S = 30  # a worker that scores long texts may let uvicorn's watchdog wait longer than its 5 seconds


@errors_as_lines
def serve(
    models: Annotated[list[str], typer.Argument(help="Model folders; NAME=FOLDER names one.")],
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 picks a free one.")] = 8000,
    workers: Annotated[
        int,
        typer.Option(min=1, max=64, help="Number of processes; each holds the models, and one that dies is replaced."),
    ] = 1,
    api_key_file: Annotated[
        Path | None, typer.Option(help="A file with API keys, one a line; also PLAUDIT_API_KEY. [no key is asked]")
    ] = None,
    max_body: Annotated[int, typer.Option(min=1024, help="Most bytes in a request.")] = 10 * 1024 * 1024,
    max_texts: Annotated[int, typer.Option(min=1, help="Most texts in a request.")] = 10_000,
    max_characters: Annotated[int, typer.Option(min=1, help="Most characters in a text.")] = 100_000,
    timeout: Annotated[float, typer.Option(min=0.1, help="Most seconds for an answer.")] = 30.0,
    queue: Annotated[int, typer.Option(min=1, help="Most requests that wait, in each process.")] = 256,
    per_client: Annotated[int, typer.Option(min=1, help="Most open requests of one client.")] = 128,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            help="A name that requests may call the server by, without port; may be repeated. [on a loopback address "
            "without keys localhost, 127.0.0.1 and [::1]; else any]"
        ),
    ] = None,
    map_files: Annotated[
        bool, typer.Option("--map", help="Map the models' files into memory; then never change them in place.")
    ] = False,
    grace: Annotated[int, typer.Option(min=1, help="Seconds to finish open requests before stopping.")] = 30,
) -> None:
    """Serve model folders until SIGTERM or Ctrl-C; see `plaudit.server` for what it answers."""
    for module in ("fastapi", "uvicorn", "prometheus_client"):
        require(module, extra="serve", purpose="Serving")
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    from plaudit.server.metrics import FOLDER_VARIABLE
    from plaudit.server.served_model import ServedModel, name_models
    from plaudit.server.settings import Limits

    named = name_models(models)
    keys = _read_keys(api_key_file)
    served = [ServedModel(name, folder, is_mapped=map_files) for name, folder in named.items()]
    for model in served:
        model.load()  # here, where what is wrong with it is one line
    limits = Limits(
        body_bytes=max_body, texts=max_texts, text_characters=max_characters, timeout_s=timeout, queue=queue,
        client_requests=per_client,
    )  # fmt: skip
    listener = _listen(host, port)
    # A worker is another process: it gets the recipe of the application, not the application.
    hosts = _host_names(listener, allowed_host or (), has_keys=bool(keys))
    build = functools.partial(_build_worker, tuple(named.items()), limits, keys, hosts, grace, map_files)
    with tempfile.TemporaryDirectory(prefix="plaudit-metrics-") as figures:
        if workers > 1:
            os.environ[FOLDER_VARIABLE] = figures
        one = functools.partial(_build, served, limits, keys, hosts, grace)
        config = _configure(build if workers > 1 else one, workers, idle_s=limits.idle_s, grace_s=grace)
        _announce(listener, [f"{model.name} ({model.folder})" for model in served], workers, bool(keys))
        if workers > 1:
            del served[:]  # the workers have their own
            Multiprocess(config, sockets=[listener]).run()
            return
        # uvicorn raises the signal that stopped it again: a stop that was asked for is no failure.
        signal.signal(signal.SIGTERM, lambda number, frame: None)
        uvicorn.Server(config).run(sockets=[listener])


def _configure(build: Callable[[], FastAPI], workers: int, *, idle_s: float, grace_s: int) -> uvicorn.Config:
    """Return how uvicorn serves an application that each process builds."""
    import uvicorn

    from plaudit.server.logs import log_settings
    from plaudit.server.protocol import BoundedProtocol

    return uvicorn.Config(
        build,
        factory=True,
        workers=workers,
        http=BoundedProtocol,
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=log_settings(),
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=int(idle_s),
        timeout_graceful_shutdown=grace_s,
        timeout_worker_healthcheck=_WORKER_SILENT_S,
    )


def _build(
    models: Sequence[ServedModel], limits: Limits, keys: tuple[str, ...], hosts: tuple[str, ...] | None, grace_s: int
) -> FastAPI:
    """Build the application in the process that serves it."""
    from plaudit.server.app import create_app

    _leave_in_time(grace_s + _END_S)
    return create_app(models, limits, keys=keys, hosts=hosts)


def _build_worker(
    models: Sequence[tuple[str, Path]],
    limits: Limits,
    keys: tuple[str, ...],
    hosts: tuple[str, ...] | None,
    grace_s: int,
    is_mapped: bool,
) -> FastAPI:
    """Build the application in a worker."""
    from plaudit.server.served_model import ServedModel

    threading.Thread(target=_follow, args=(os.getppid(),), daemon=True).start()
    served = [ServedModel(name, folder, is_mapped=is_mapped) for name, folder in models]
    return _build(served, limits, keys, hosts, grace_s)


def _leave_in_time(seconds: float) -> None:
    """End this process so many seconds after it is told to stop, whatever still runs in it then.

    uvicorn has set its handlers already: it loads the application within them.
    """

    def end() -> None:
        logging.getLogger("plaudit.server").error("stopped with work undone")
        os._exit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)

        def told(number: int, frame: FrameType | None, before: Any = before) -> None:
            timer = threading.Timer(seconds, end)
            timer.daemon = True
            timer.start()
            if callable(before):
                before(number, frame)

        signal.signal(number, told)


def _host_names(listener: socket.socket, allowed: Sequence[str], *, has_keys: bool) -> tuple[str, ...] | None:
    """Return the names that requests may call the server by; None for any.

    Without keys whoever reaches the server is served, so on the loopback address only this machine's names count. Where
    it listens for others, or asks for keys, a name is no secret and proves nothing.
    """
    address = str(listener.getsockname()[0])
    is_private = address == "::1" or address.startswith("127.")
    if not allowed and (has_keys or not is_private):
        return None
    return tuple(dict.fromkeys([*LOOPBACK_NAMES, f"[{address}]" if ":" in address else address, *allowed]))


def _follow(parent: int) -> None:
    """End this worker, gracefully, when the process that would replace it is gone."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def _read_keys(path: Path | None) -> tuple[str, ...]:
    """Return the API keys: a file's lines, and PLAUDIT_API_KEY. Not an option: other users see a process's options."""
    lines = [os.environ.get("PLAUDIT_API_KEY", "")]
    if path is not None:
        try:
            lines += path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: the API keys cannot be read: {error}.") from error
    keys = tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    if path is not None and not keys:
        raise ConfigError(f"{path}: no API key; expected one a line.")
    if short := [key for key in keys if len(key) < 16 or not key.isascii()]:
        raise ConfigError(f"an API key has {len(short[0])} characters; expected 16 or more, ASCII alone.")
    return keys


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens there.

    Raises:
        ConfigError: Nothing can.
    """
    listener = None
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        # With the protocol named, or asyncio leaves Nagle's algorithm on: an answer's second part would wait 40 ms.
        listener = socket.socket(*found[0][:3])
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(found[0][4])
        listener.listen(2048)
        listener.set_inheritable(True)
    except (OSError, UnicodeError) as error:
        if listener is not None:
            listener.close()
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        message = f"--host {host} --port {port}: cannot listen there ({reason}); choose another."
        raise ConfigError(message) from error
    return listener


def _announce(listener: socket.socket, models: list[str], workers: int, has_keys: bool) -> None:
    address = listener.getsockname()
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    console = make_console()
    also = (f", {workers} workers" if workers > 1 else "") + (", with API keys" if has_keys else "")
    console.print(f"Serving {', '.join(models)} at http://{host}:{address[1]}{also}", markup=False, soft_wrap=True)
    if not has_keys and address[0] not in ("127.0.0.1", "::1"):
        console.print("note: anyone who can reach this address is served; set API keys (--api-key-file).", markup=False)
