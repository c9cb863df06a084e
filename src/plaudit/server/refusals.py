"""What the server says no with: an HTTP status, a sentence, and perhaps when to come back."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field
from pydantic_core import to_json
from starlette.responses import Response

RETRY_AFTER_S = 1  # a batch takes a quarter of a second: by then there is room again


class ErrorMessage(BaseModel):
    """What every error answers."""

    error: str = Field(description="What was wrong, and what is expected.")


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """A request that is not answered.

    Attributes:
        status: The HTTP status.
        message: What was wrong; it may quote the request, so it is sent and never logged.
        reason: A word for the metrics.
        headers: More headers of the response.
    """

    def __init__(
        self, status: int, message: str, *, reason: str = "invalid", retry: bool = False, closes: bool = False
    ) -> None:
        super().__init__(status)
        self.status, self.message, self.reason = status, message, reason
        self.headers = {"Retry-After": str(RETRY_AFTER_S)} if retry else {}
        if status == 401:
            self.headers["WWW-Authenticate"] = "Bearer"
        if closes or status in (408, 413, 431):  # the rest is not wanted, or cannot be told from the next request
            self.headers["Connection"] = "close"

    def response(self) -> Response:
        """Return it as an HTTP response."""
        return json_response({"error": self.message}, status=self.status, headers=self.headers)


def json_response(value: object, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return `value` as strict JSON; half a surrogate pair, which an error may quote, becomes a question mark."""
    try:
        body = to_json(value, inf_nan_mode="null")
    except ValueError:
        body = to_json(_without_surrogates(value))
    return Response(body, status_code=status, headers=headers, media_type="application/json")


def _without_surrogates(value: object) -> Any:  # Any: JSON
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value


_MEANINGS = {
    400: "The request is not what it says it is: broken JSON, broken UTF-8, lengths that do not fit.",
    401: "An API key is needed.",
    404: "There is no such model.",
    408: "The body took too long to arrive.",
    413: "The body is too large.",
    421: "The server does not answer to this host name.",
    415: "The body is of a kind that is not read here.",
    422: "The request is understood and cannot be answered: a text is too long, there are too many, a field is wrong.",
    431: "The head is too large.",
    429: "This client has too many requests open.",
    500: "A fault of the server.",
    501: "What is asked for needs a package that is not installed.",
    503: "The queue is full, or the model is not loaded.",
    504: "The answer took too long.",
}


def error_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of error responses for OpenAPI; those that any request may get are always in it."""
    return {
        status: {"model": ErrorMessage, "description": _MEANINGS[status]}
        for status in sorted({*statuses, 400, 401, 408, 413, 421, 429, 431, 500, 503})
    }
