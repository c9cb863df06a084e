"""The outermost layer: every request gets an identifier, an answer, a log line and its place in the metrics.

Whatever goes wrong below becomes a JSON error here, so that no client sees half an answer for a fault of ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import time
import uuid
from typing import TYPE_CHECKING

from plaudit.errors import LimitError, MissingExtraError, ModelError, PlauditError
from plaudit.server.limits import ClientLeftError
from plaudit.server.logs import describe_fault
from plaudit.server.refusals import Refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from plaudit.server.metrics import ServerMetrics

_logger = logging.getLogger(__name__)
_IDENTIFIER = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
_NO_SNIFFING = (b"x-content-type-options", b"nosniff")  # a text in an answer is never taken for a page
_LAST_WORD_S = 1.0
_CLIENT_LEFT = 499  # what nginx logs for it; nobody is there to receive it
_METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})


class Journal:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp, metrics: ServerMetrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and write down that it was."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        scope.setdefault("state", {})
        given = dict(scope["headers"]).get(b"x-request-id", b"")
        identifier = given if _IDENTIFIER.fullmatch(given) else uuid.uuid4().hex.encode()
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [each for each in message.get("headers", []) if each[0] != _NO_SNIFFING[0]]
                message["headers"] = [*headers, _NO_SNIFFING, (b"x-request-id", identifier)]
            await send(message)

        fault: str | None = None
        try:
            await self._app(scope, receive, sending)
        except ClientLeftError:
            status = _CLIENT_LEFT
        except asyncio.CancelledError:
            fault = "cancelled: the server is stopping"
            if not status:  # nobody waits for a client that does not read its last answer
                with contextlib.suppress(TimeoutError, asyncio.CancelledError):
                    async with asyncio.timeout(_LAST_WORD_S):
                        await Refusal(503, "the server is stopping.", reason="stopping", retry=True).response()(
                            scope, receive, sending
                        )
        except Exception as error:
            refusal = as_refusal(error)
            if refusal.status == 500 or isinstance(error, ModelError):
                fault = describe_fault(error)
            self._metrics.refused.labels(refusal.reason).inc()
            if not status:
                await refusal.response()(scope, receive, sending)
        self._write(scope, identifier.decode(), status, time.perf_counter() - start, fault)

    def _write(self, scope: Scope, identifier: str, status: int, seconds: float, fault: str | None) -> None:
        route = getattr(scope.get("route"), "path", None) or "none"  # the template: a path may hold anything
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        extra = {
            "request_id": identifier, "method": method, "route": route, "status": status,
            "milliseconds": round(1000 * seconds, 2), "texts": scope["state"].get("texts"), "fault": fault,
        }  # fmt: skip
        _logger.log(logging.ERROR if fault else logging.INFO, "request", extra=extra)


def as_refusal(error: Exception) -> Refusal:
    """Return what a client is told of an error."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, MissingExtraError):
        return Refusal(501, str(error), reason="extra")
    if isinstance(error, ModelError):
        return Refusal(503, "the model cannot answer now; its owner finds the reason in the log.", reason="model")
    if isinstance(error, LimitError) and error.limit == "seconds":
        return Refusal(504, str(error), reason="timeout")
    if isinstance(error, PlauditError):
        return Refusal(422, str(error))
    if isinstance(error, MemoryError):
        return Refusal(503, "not enough memory for this; send fewer texts.", reason="memory", retry=True)
    return Refusal(500, "a fault of the server; its log says where, under the X-Request-ID.", reason="fault")
