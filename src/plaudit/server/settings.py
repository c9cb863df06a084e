"""How much the server takes on: every bound in one place. This module knows nothing of HTTP."""

from __future__ import annotations

from dataclasses import dataclass, fields

from plaudit.errors import ConfigError


@dataclass(frozen=True)
class Limits:
    """What the server takes, in numbers; what is over one is refused with an error, never cut.

    Attributes:
        body_bytes: A request's body.
        texts: Texts in a request.
        file_rows: Rows in a file.
        text_characters: Characters (code points) in a text.
        explained_texts: Texts in a request to explain: each takes many times as long as a label.
        timeout_s: From a whole request to its answer, in seconds.
        file_timeout_s: The same for a file.
        body_timeout_s: For a body to arrive, in seconds.
        header_timeout_s: For a request's head to arrive, in seconds.
        idle_s: How long a connection may wait between two requests, in seconds.
        write_timeout_s: How long a client may leave an answer unread, in seconds.
        queue: Requests that wait for their scores, of all clients.
        client_requests: Requests that one client may have open; a client is an API key, else an address.
        held_bytes: Bodies held at once, of all requests.
        connections: Open connections.
        batch_texts: Texts scored together.
        batch_s: How long scoring together may take, in seconds: what a small request waits behind a large one.
    """

    body_bytes: int = 10 * 1024 * 1024
    texts: int = 10_000
    file_rows: int = 100_000
    text_characters: int = 100_000
    explained_texts: int = 16
    timeout_s: float = 30.0
    file_timeout_s: float = 600.0
    body_timeout_s: float = 30.0
    header_timeout_s: float = 10.0
    idle_s: float = 30.0
    write_timeout_s: float = 30.0
    queue: int = 256
    client_requests: int = 128
    held_bytes: int = 256 * 1024 * 1024
    connections: int = 1000
    batch_texts: int = 256
    batch_s: float = 0.25

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name) > 0:
                raise ConfigError(f"the limit {field.name} must be above 0, got {getattr(self, field.name)}.")
        if self.held_bytes < self.body_bytes:
            raise ConfigError(
                f"a body may have {self.body_bytes:,} bytes, but all together {self.held_bytes:,}: lower --max-body."
            )
