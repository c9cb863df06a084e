"""A log line is one JSON object, and never holds a text, a key or an address."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

_OURS = (
    "request_id", "method", "route", "status", "milliseconds", "texts", "model", "version", "reason", "still_answers",
    "fault",
)  # fmt: skip


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON: time, level, event and what was given as `extra`.

    Of an exception the kind and the places in the code are kept, not its message: that may quote a text.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage().strip(),
        }
        line |= {name: value for name in _OURS if (value := getattr(record, name, None)) is not None}
        if record.exc_info and record.exc_info[1] is not None:
            line["fault"] = describe_fault(record.exc_info[1])
        return json.dumps(line, default=str)


def describe_fault(error: BaseException) -> str:
    """Return an exception's kind and where it came from, the innermost place last."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    places = " > ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames)
    return f"{type(error).__name__} at {places}"


def log_settings() -> dict[str, Any]:
    """Return a configuration for `logging.config.dictConfig`: our lines and uvicorn's on standard error, as JSON."""
    to_stderr = {"handlers": ["stderr"], "level": "INFO", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "plaudit.server.logs.JsonLines"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}},
        "loggers": {"plaudit": to_stderr, "uvicorn": to_stderr},
    }
