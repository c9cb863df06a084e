"""The trials of a search in a file, one line each as it ends, so that a search that was killed goes on after them.

The first line says which search it is; a line that a kill cut short counts for nothing. Knows nothing of samplers or
models: what a trial's line holds is the search's matter.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plaudit.errors import ConfigError

Line = dict[str, Any]  # Any: JSON


@dataclass(frozen=True)
class TrialJournal:
    """Where a search notes its trials.

    Attributes:
        path: The file.
        fingerprint: What must be the same for a search to go on: settings and data, as the caller hashes them.
        resume: Whether to go on with the trials that are there.
    """

    path: Path
    fingerprint: str
    resume: bool = False

    def open(self) -> list[Line]:
        """Return the trials to go on after, in order, none without `resume`; the file then holds these and no others.

        Raises:
            ConfigError: It is of another search, or cannot be read or written.
        """
        try:
            lines = self._read() if self.resume and self.path.exists() else []
            if lines:
                temporary = self.path.with_name(f".{self.path.name}.part")
                temporary.write_text(self._text([{"search": self.fingerprint}, *lines]), encoding="utf-8")
                temporary.replace(self.path)
            else:
                self.path.unlink(missing_ok=True)
        except OSError as error:
            raise self._unusable(error) from error
        return lines

    def add(self, line: Line) -> None:
        """Note a trial; it is on the disk when this returns.

        Raises:
            ConfigError: It cannot be written.
        """
        try:
            with self.path.open("a", encoding="utf-8") as file:
                head = [] if file.tell() else [{"search": self.fingerprint}]
                file.write(self._text([*head, line]))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise self._unusable(error) from error

    def count(self) -> int:
        """Return how many whole trials are there, of whatever search."""
        try:
            return max(0, len(_whole_lines(self.path)) - 1) if self.path.is_file() else 0
        except OSError:
            return 0

    def _read(self) -> list[Line]:
        head, *lines = _whole_lines(self.path) or [{"search": self.fingerprint}]
        if head.get("search") != self.fingerprint:
            raise ConfigError(
                f"{self.path} belongs to a search with other settings or data; run again without --resume to start "
                "again."
            )
        return lines

    @staticmethod
    def _text(lines: list[Line]) -> str:
        return "".join(json.dumps(line) + "\n" for line in lines)

    def _unusable(self, error: OSError) -> ConfigError:
        return ConfigError(f"{self.path}: the search's trials cannot be noted: {error.strerror or error}.")


def _whole_lines(path: Path) -> list[Line]:
    found: list[Line] = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True):
        try:
            value = json.loads(line)
        except ValueError:
            break
        if not line.endswith("\n") or not isinstance(value, dict):
            break
        found.append(value)
    return found
