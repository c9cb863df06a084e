"""What a run keeps beside its output until it is whole: `.OUT.plaudit/`, a part for each source and a journal of it.

Scored batches are appended to the part; then the journal gets a line that says how many, and how long the part is now.
Whatever a kill, a full disk or a power cut leaves, the part is cut to what the last whole line of its journal says, and
the run goes on from there. This module knows nothing of rows. The decision to question: a line is written every half
second, with both files flushed to the disk, and not for each batch, so that a slow disk does not hold up fast scoring.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from plaudit.budget import read_document
from plaudit.errors import ConfigError, DataError

JOURNAL_S = 0.5  # what a kill can cost
_JOB, _LOCK, _WHOLE = "job.json", "lock", "whole"


@dataclass(frozen=True)
class Progress:
    """How far a source is scored.

    Attributes:
        batches: That are scored.
        bytes: Of the part.
        rows: In these batches.
        unanswered: Rows without an answer.
        unscored: Of these, rows without a text.
        is_done: Whether the source is at its end.
        mix: How many rows have each answer.
        reason: Why the first row without a text has none.
    """

    batches: int = 0
    bytes: int = 0
    rows: int = 0
    unanswered: int = 0
    unscored: int = 0
    is_done: bool = False
    mix: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""

    def plus(
        self,
        size: int,
        *,
        rows: int = 0,
        unanswered: int = 0,
        unscored: int = 0,
        mix: Mapping[str, int] | None = None,
        reason: str = "",
    ) -> Progress:
        """Return the progress after one more batch."""
        return Progress(
            self.batches + 1,
            self.bytes + size,
            self.rows + rows,
            self.unanswered + unanswered,
            self.unscored + unscored,
            mix=add_counts(self.mix, mix or {}),
            reason=self.reason or reason,
        )


def add_counts(a: Mapping[str, int], b: Mapping[str, int]) -> dict[str, int]:
    """Return the sum of two counts of the same things."""
    return {name: a.get(name, 0) + b.get(name, 0) for name in dict.fromkeys((*a, *b))}


class Part:
    """The scored rows of one source, as bytes that only grow.

    Attributes:
        path: The file of these bytes.
        progress: How far they go.
    """

    def __init__(self, folder: Path, number: int) -> None:
        """Find out how far an earlier run came."""
        self.path = folder / f"{number:06}.part"
        self._journal = folder / f"{number:06}.journal"
        self.progress = self._read()
        self._files: list[IO[bytes]] = []

    @contextlib.contextmanager
    def growing(self, head: bytes) -> Iterator[None]:
        """Allow `append` and `finish`; what is past the journal's last line is cut off; `head` begins a new part."""
        is_new = not self.progress.batches
        with self.path.open("wb" if is_new else "r+b") as part, self._journal.open("wb" if is_new else "r+b") as lines:
            if is_new:
                part.write(head)
                self.progress = Progress(bytes=len(head))
            else:
                part.truncate(self.progress.bytes)
                part.seek(0, os.SEEK_END)
                lines.seek(self._journal_bytes)
                lines.truncate()
            self._files, self._noted = [part, lines], time.monotonic()
            try:
                yield
            except KeyboardInterrupt:
                self._note()
                raise
            except OSError:  # a full disk: only what the journal says is there
                self.progress = self._read()
                raise

    def append(self, data: bytes, progress: Progress) -> None:
        """Write a batch's bytes, then, every now and then, the journal's line about all that is written."""
        self._files[0].write(data)
        self.progress = progress
        if progress.is_done or time.monotonic() - self._noted >= JOURNAL_S:
            self._note()

    def finish(self) -> None:
        """Say that the source is at its end."""
        self.append(b"", replace(self.progress, is_done=True))

    def _note(self) -> None:
        part, lines = self._files
        _to_disk(part)
        lines.write(json.dumps(asdict(self.progress)).encode() + b"\n")
        _to_disk(lines)
        self._noted = time.monotonic()

    def adopt(self, path: Path, progress: Progress) -> None:
        """Take a whole part that was written elsewhere, in place of whatever is here."""
        path.replace(self.path)
        temporary = path.with_suffix(".journal")
        temporary.write_text(json.dumps(asdict(replace(progress, is_done=True))) + "\n", encoding="utf-8")
        temporary.replace(self._journal)
        self.progress = replace(progress, is_done=True)

    def _read(self) -> Progress:
        self._journal_bytes = 0
        found = Progress()
        with contextlib.suppress(OSError, ValueError, TypeError):
            for line in self._journal.read_bytes().splitlines(keepends=True):
                if not line.endswith(b"\n"):
                    break
                found = Progress(**json.loads(line))
                self._journal_bytes += len(line)
        size = self.path.stat().st_size if self.path.exists() else None
        if size is None:
            return found if found.is_done else Progress()
        return found if size >= found.bytes else Progress()


class Work:
    """The folder of a run under way.

    Attributes:
        folder: `.OUT.plaudit`, beside the output.
        parts: One for each source.
        whole: What becomes the output: a file or a folder.
    """

    def __init__(self, target: Path, n_sources: int) -> None:
        self.target = target
        self.folder = target.with_name(f".{target.name}.plaudit")
        self.whole = self.folder / _WHOLE
        self._n_sources = n_sources
        self.parts: list[Part] = []

    @contextlib.contextmanager
    def open(self, record: dict[str, Any], *, resume: bool) -> Iterator[None]:
        """Make the folder, or go on with the one that is there; hold it until the block ends.

        Args:
            record: What a run that goes on must share with the one that was cut off, as JSON values.
            resume: Whether to go on.

        Raises:
            ConfigError: Another run holds it; it is of another job; or it is there and `resume` is false.
            DataError: It cannot be written.
        """
        try:
            self.folder.mkdir(exist_ok=True)
            lock = (self.folder / _LOCK).open("wb")
        except OSError as error:
            raise cannot_write(self.target, error) from error
        with lock:
            if not _is_locked_by_us(lock):
                raise ConfigError(f"{self.target}: another run is writing it (it holds {self.folder}).")
            self._begin(record, resume=resume)
            yield

    def _begin(self, record: dict[str, Any], *, resume: bool) -> None:
        job = self.folder / _JOB
        try:
            earlier = json.loads(read_document(job))
        except (OSError, ValueError):
            earlier = None
        record = json.loads(json.dumps(record))
        if isinstance(earlier, dict):
            n_rows = sum(part.progress.rows for part in self._read_parts())
            if resume and earlier != record:
                raise ConfigError(
                    f"--resume: {_difference(earlier, record)} since the run that left {self.folder}; "
                    "delete that folder to start again."
                )
            if not resume and n_rows and earlier.get("is_resumable"):
                raise ConfigError(
                    f"{self.target}: a run that was cut off left {n_rows:,} scored rows in {self.folder}: "
                    "--resume continues; to start again, delete that folder."
                )
        if earlier != record or not resume:
            self._empty()
            temporary = self.folder / f"{_JOB}.new"
            try:
                temporary.write_text(json.dumps(record), encoding="utf-8")
                temporary.replace(job)
            except OSError as error:
                self.remove()
                raise cannot_write(self.target, error) from error
        self.parts = self._read_parts()

    def is_published(self) -> bool:
        """Say whether an earlier run put the output in its place and was cut off before it removed the folder."""
        is_done = all(part.progress.is_done for part in self.parts)
        return is_done and not self.whole.exists() and not any(part.path.exists() for part in self.parts)

    def publish(self) -> None:
        """Put `whole` in the target's place, all at once, and remove the folder."""
        for part in self.parts:  # without them and without `whole`, a run that goes on sees that all is done
            part.path.unlink(missing_ok=True)
        os.replace(self.whole, self.target)  # noqa: PTH105 - the system call whose atomicity is meant
        self.remove()

    def remove(self) -> None:
        """Remove the folder, and with it what was scored."""
        (self.folder / _JOB).unlink(missing_ok=True)  # first: without it the rest is nothing to go on with
        shutil.rmtree(self.folder, ignore_errors=True)

    def n_rows(self) -> int:
        """Return how many scored rows are kept."""
        return sum(part.progress.rows for part in self.parts)

    def _read_parts(self) -> list[Part]:
        return [Part(self.folder, number) for number in range(self._n_sources)]

    def _empty(self) -> None:
        (self.folder / _JOB).unlink(missing_ok=True)
        for path in self.folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != _LOCK:
                path.unlink()


def cannot_write(target: Path, error: OSError, advice: str = "") -> DataError:
    """Return the error of a target that cannot be written."""
    return DataError(f"{target}: cannot be written: {error.strerror or error}.{advice}")


def _difference(earlier: dict[str, Any], record: dict[str, Any]) -> str:
    for key, said in (
        ("plaudit", "Plaudit's version has changed"),
        ("model", "the model has changed"),
        ("sources", "the input has changed"),
    ):
        if earlier.get(key) != record.get(key):
            return said
    return "an option has changed"


def _to_disk(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _is_locked_by_us(file: IO[bytes]) -> bool:
    """Take the lock that ends with this process, whatever ends it; where the system has none, say yes."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
