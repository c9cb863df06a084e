"""The gate before every route: the host, the key, how much a client may have open, the body's size and its time.

The whole body is read here, bounded and timed, so that no route meets half of one and no limit depends on a route. And
while a route works, the gate watches the client: when it leaves, the work is cancelled, and the event in the request's
state, which goes into the work's budget, is set. An ASGI middleware rather than a dependency, because it must act
before the body is in memory.

The decision to question: the host is checked where the server is meant for this machine alone. A page of another site
whose name is made to lead to 127.0.0.1 is, to the browser, a page of this server and may read its answers; only the
name in the Host header tells (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import threading
from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING

from plaudit.server.refusals import Refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from plaudit.server.metrics import ServerMetrics
    from plaudit.server.settings import Limits

# What needs no key: whether the server lives is no secret, and the page must load to ask for the key.
OPEN_PATHS = frozenset(
    {"/", "/page.js", "/page.css", "/icon.svg", "/v2/health/live", "/v2/health/ready", "/openapi.json"}
)
LEFT = "client_left"  # in a request's state: the event that is set when its client has left
_PORT = re.compile(rb":\d*$")
_WATCH_AFTER_S = 0.5  # seconds: what is answered sooner needs no watching
_HEAD_BYTES = 64 * 1024  # h11's own bound, which it holds against what comes in pieces alone
# A client that sends more than is taken rarely listens before it is done: this much more, for so long, is read and
# dropped, so that it hears the answer rather than a connection that is reset.
_DRAIN_BYTES, _DRAIN_S = 256 * 1024 * 1024, 10.0


class ClientLeftError(Exception):
    """The client closed the connection before its request was whole."""


class Gate:
    """ASGI middleware that holds the limits; raises `Refusal`."""

    def __init__(
        self,
        app: ASGIApp,
        limits: Limits,
        metrics: ServerMetrics,
        keys: Collection[str] = (),
        hosts: Collection[str] | None = None,
    ) -> None:
        self._app, self._limits, self._metrics = app, limits, metrics
        self._hosts = None if hosts is None else frozenset(host.lower().encode() for host in hosts)
        self._keys = [_digest(key) for key in keys]
        self._open: Counter[str] = Counter()
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, with its whole body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        self._check_host(headers.get(b"host", b""))
        if b"transfer-encoding" in headers and b"content-length" in headers:
            raise Refusal(
                400, "Transfer-Encoding and Content-Length contradict each other; send one.", reason="framing",
                closes=True,
            )  # fmt: skip
        if sum(len(name) + len(value) for name, value in scope["headers"]) > _HEAD_BYTES:
            raise Refusal(431, f"the request's head is larger than {_HEAD_BYTES:,} bytes.", reason="head")
        client = self._client(scope, headers)
        if self._open[client] >= self._limits.client_requests:
            raise Refusal(
                429, f"this client has {self._limits.client_requests} requests open already; wait for their answers.",
                reason="client", retry=True,
            )  # fmt: skip
        self._open[client] += 1
        held = [0]
        try:
            body = await self._read(headers, receive, held)
            await self._answer(scope, body, receive, send)
        finally:
            self._hold(-held[0], held)
            self._open[client] -= 1
            if not self._open[client]:
                del self._open[client]

    def _check_host(self, host: bytes) -> None:
        """Refuse a name that the server is not called by.

        Raises:
            Refusal: It is such (421).
        """
        if self._hosts is not None and _PORT.sub(b"", host.lower()).rstrip(b".") not in self._hosts:
            raise Refusal(
                421, "this server does not answer to that host name; its owner can allow it with --allowed-host NAME.",
                reason="host", closes=True,
            )  # fmt: skip

    async def _answer(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        """Let the application answer, and stop it when the client leaves before the end.

        Raises:
            ClientLeftError: It has left.
        """
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        left, watching = threading.Event(), list[asyncio.Task[None]]()
        scope.setdefault("state", {})[LEFT] = left

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            left.set()
            task.cancel()

        timer = loop.call_later(_WATCH_AFTER_S, lambda: watching.append(loop.create_task(watch())))

        def stop() -> None:
            timer.cancel()
            for each in watching:
                each.cancel()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                stop()  # after the end there is a disconnection in any case
            await send(message)

        try:
            await self._app(scope, _replay(body, receive), sending)
        except asyncio.CancelledError:
            if not left.is_set():
                raise
            task.uncancel()
            raise ClientLeftError from None
        finally:
            stop()

    def _client(self, scope: Scope, headers: dict[bytes, bytes]) -> str:
        """Return who asks: a key's digest, or an address.

        Raises:
            Refusal: A key is needed and none of ours was given.
        """
        address = scope.get("client") or ("", 0)
        if not self._keys:
            return str(address[0])
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        given = token.strip() if scheme.lower() == b"bearer" else headers.get(b"x-api-key", b"")
        digest = hashlib.sha256(given).digest()
        is_known = False
        for key in self._keys:  # all of them: the time tells nothing
            is_known |= hmac.compare_digest(digest, key)
        if is_known:
            return digest.hex()
        if scope["path"] in OPEN_PATHS:
            return str(address[0])
        raise Refusal(
            401, "an API key is needed: send the header 'Authorization: Bearer KEY' or 'X-API-Key: KEY'.", reason="key"
        )

    async def _read(self, headers: dict[bytes, bytes], receive: Receive, held: list[int]) -> bytes:
        """Read the body.

        Raises:
            Refusal: It is too large (413), too slow (408), or too much is held already (503).
            ClientLeftError: It did not come to its end.
        """
        most = self._limits.body_bytes
        declared = int(headers.get(b"content-length", b"0"))  # digits: the HTTP parser has seen to it
        if declared > most:
            if headers.get(b"expect", b"").lower() != b"100-continue":  # it would wait for a word, and gets this one
                await _drain(receive)
            raise self._too_large()
        chunks: list[bytes] = []
        is_whole = False
        try:
            async with asyncio.timeout(self._limits.body_timeout_s):
                while not is_whole and held[0] <= most:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise ClientLeftError
                    chunks.append(message.get("body", b""))
                    is_whole = not message.get("more_body", False)
                    self._hold(len(chunks[-1]), held)
                    if self._held > self._limits.held_bytes:
                        raise Refusal(
                            503, "too many large requests at once; try again later.", reason="memory", retry=True
                        )
        except TimeoutError:
            raise Refusal(
                408, f"the body did not arrive within {self._limits.body_timeout_s:g} seconds.", reason="slow"
            ) from None
        if held[0] <= most:
            return b"".join(chunks)
        chunks.clear()
        self._hold(-held[0], held)
        if not is_whole:
            await _drain(receive)
        raise self._too_large()

    def _hold(self, n_bytes: int, held: list[int]) -> None:
        held[0] += n_bytes
        self._held += n_bytes
        if n_bytes:
            self._metrics.held.set(self._held)

    def _too_large(self) -> Refusal:
        return Refusal(
            413, f"the body is larger than {self._limits.body_bytes:,} bytes; send fewer texts at once.", reason="body"
        )


async def _drain(receive: Receive) -> None:
    """Read and drop what still comes, up to a bound."""
    left = _DRAIN_BYTES
    try:
        async with asyncio.timeout(_DRAIN_S):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the body whole, then what really comes."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return messages.pop() if messages else await receive()

    return replayed


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
