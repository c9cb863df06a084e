"""uvicorn's HTTP/1.1 connection, with the bounds that it lacks: slow heads, unread answers, too many connections.

uvicorn waits for ever for the rest of a request's head, and for a client that does not read its answer. The parser is
h11, not the faster httptools, because h11 bounds a head that comes in pieces (64 KiB; the gate bounds the others).
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from plaudit.server.refusals import RETRY_AFTER_S
from plaudit.server.settings import Limits

_LINGER_S = 2.0  # for a refused client to hear it and go
# h11 takes some 50 microseconds of the event loop for a chunk of a body, however small it is.
_FREE_CHUNKS, _CHUNK_BYTES = 2_000, 256  # from the first number on, chunks must have so many bytes on the mean


class _Connection(h11.Connection):
    """h11's, which gives up a body in too many small chunks."""

    has_small_chunks = False
    _n_chunks = _n_bytes = 0

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """Return the next event.

        Raises:
            h11.RemoteProtocolError: This is no HTTP, or its chunks are too small.
        """
        event = super().next_event()
        if isinstance(event, h11.Request):
            self._n_chunks = self._n_bytes = 0
        elif isinstance(event, h11.Data):
            self._n_chunks += event.chunk_start
            self._n_bytes += len(event.data)
            if self._n_chunks > _FREE_CHUNKS + self._n_bytes // _CHUNK_BYTES:
                self.has_small_chunks = True
                raise h11.RemoteProtocolError("too many small chunks")
        return event


class BoundedProtocol(H11Protocol):
    """A connection that no client can hold on to.

    Attributes:
        limits: A class attribute, for uvicorn makes the connections: a subclass has others.
    """

    limits: ClassVar[Limits] = Limits()
    _is_refused = False
    _head_timer: asyncio.TimerHandle | None = None
    _write_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, unless there are too many."""
        super().connection_made(transport)
        self.conn = _Connection(h11.SERVER, self.conn._max_incomplete_event_size)
        if len(self.connections) > self.limits.connections:
            self._refuse(503, "too many connections; try again later.", (b"retry-after", b"%d" % RETRY_AFTER_S))
            return
        self._head_timer = self.loop.call_later(self.limits.header_timeout_s, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers."""
        self._stop_timers()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, and time the head of the next request from its first byte."""
        if self._is_refused or self.transport.is_closing():
            return
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            if self._head_timer is not None:
                self._head_timer.cancel()
                self._head_timer = None
        elif self._head_timer is None and not self.transport.is_closing():
            self._head_timer = self.loop.call_later(self.limits.header_timeout_s, self._head_is_late)

    def pause_writing(self) -> None:
        """Give the client some time to read what was sent."""
        super().pause_writing()
        if self._write_timer is None:
            self._write_timer = self.loop.call_later(self.limits.write_timeout_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: it reads."""
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, also one whose client never reads the rest."""
        super().timeout_keep_alive_handler()
        self.loop.call_later(self.limits.write_timeout_s, self.transport.abort)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP as every other error is answered."""
        if isinstance(self.conn, _Connection) and self.conn.has_small_chunks:
            self._refuse(400, "the body comes in too many small chunks; send it whole.")
        else:
            self._refuse(400, "this is not a valid HTTP/1.1 request.")

    def _head_is_late(self) -> None:
        self._head_timer = None
        if self.conn.trailing_data[0]:
            self._refuse(408, f"the request's head did not arrive within {self.limits.header_timeout_s:g} seconds.")
        else:
            self.transport.close()

    def _refuse(self, status: int, message: str, *headers: tuple[bytes, bytes]) -> None:
        """Answer without a request, and close; `message` needs no escapes in JSON."""
        self._stop_timers()
        if self.cycle is not None and not self.cycle.response_complete:  # a body that broke off within: nobody else
            self.cycle.disconnected = True  # answers it
            self.cycle.message_event.set()
        body = b'{"error":"%s"}' % message.encode("ascii")
        more = [
            (b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), (b"connection", b"close"),
            (b"x-content-type-options", b"nosniff"),
        ]  # fmt: skip
        try:
            response = h11.Response(status_code=status, headers=[*more, *headers], reason=STATUS_PHRASES[status])
            for event in (response, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event=event) or b"")
        except h11.LocalProtocolError:  # an answer is under way already: nothing can be said any more
            pass
        # Closed at once, with bytes of the client's unread, the system would reset the connection, and the client
        # might lose the answer.
        self._is_refused = True
        self.connections.discard(self)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(_LINGER_S, self.transport.abort)

    def _stop_timers(self) -> None:
        for timer in (self._head_timer, self._write_timer):
            if timer is not None:
                timer.cancel()
        self._head_timer = self._write_timer = None
