"""The server's application in this process: a body in, a status, headers and a body out, by ASGI itself."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def error(self) -> str:
        """The sentence of a refusal."""
        return str(json.loads(self.body)["error"])


class Served:
    """An application that has started."""

    def __init__(self, app: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._app, self._loop = app, loop

    def post(self, path: str, parameters: Sequence[tuple[str, str]], body: bytes) -> Answer:
        """Send a request."""
        return self._loop.run_until_complete(self._post(path, parameters, body))

    async def _post(self, path: str, parameters: Sequence[tuple[str, str]], body: bytes) -> Answer:
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": urlencode(parameters).encode(), "root_path": "",
            "headers": [(b"host", b"here"), (b"content-length", str(len(body)).encode())],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2), "state": {},
        }  # fmt: skip
        incoming = [{"type": "http.request", "body": body, "more_body": False}]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if incoming:
                return incoming.pop()
            return await asyncio.Future()  # the client stays

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        start = next(each for each in sent if each["type"] == "http.response.start")
        headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
        content = b"".join(each.get("body", b"") for each in sent if each["type"] == "http.response.body")
        return Answer(start["status"], headers, content)


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Serve a model's folder until the block ends."""
    from plaudit.server.app import create_app
    from plaudit.server.served_model import ServedModel

    loop = asyncio.new_event_loop()
    app = create_app([ServedModel("model", folder)])
    lifespan = app.router.lifespan_context(app)
    loop.run_until_complete(lifespan.__aenter__())
    try:
        yield Served(app, loop)
    finally:
        loop.run_until_complete(lifespan.__aexit__(None, None, None))
        loop.close()
