"""A model folder behind a name: loaded, warm, and replaced when another version stands there.

The new version is loaded and warmed up beside the old one; then one reference is replaced, so a request is answered
by the one or the other, never by half of each. What cannot be loaded is logged, and the old version goes on.

Files are read into memory, not mapped, so that a copy over a served folder in place (`cp`, `rsync --inplace`) costs an
error in the log and not the process; what changed while it was read is not taken.

The decision to question: the folder is looked at (`poll`), not subscribed to. A look is one system call a second, and
it works on every file system, network mounts and containers' volumes included.
"""

from __future__ import annotations

import hashlib
import logging
import time
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from plaudit.embeddings.storage import held_in_memory
from plaudit.errors import ConfigError, ModelError, PlauditError
from plaudit.models import load
from plaudit.models.artifact import MANIFEST, opening
from plaudit.models.remembered import remembered_spec
from plaudit.server.logs import describe_fault

if TYPE_CHECKING:
    from plaudit.config import DataSpec
    from plaudit.models import Classifier

_logger = logging.getLogger(__name__)
_WARM_UP = ["", "A first text, so that what is loaded at the first text is loaded.", "另一个 😀 texte"]
_MOST_WAIT_S = 60.0
_NUMBER_BYTES = 24  # of a probability in JSON, with what stands around it
_Seal = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Loaded:
    """A version of a model.

    Attributes:
        name: What requests call the model.
        classifier: Fitted.
        version: The first 12 digits of the SHA-256 of its manifest, which holds every file's own.
    """

    name: str
    classifier: Classifier
    version: str

    @cached_property
    def answer_bytes(self) -> int:
        """About how many bytes of JSON an answer to one text takes: each class's name and a number."""
        return sum(len(name) + _NUMBER_BYTES for name in self.classifier.class_names)

    @property
    def rule_version(self) -> str | None:
        """The identity of the decision rule that answers, None without one."""
        return None if self.classifier.rule_ is None else self.classifier.rule_.version


class ServedModel:
    """A model folder and the version of it that answers.

    Attributes:
        name: What requests call it.
        folder: Where it lies.
        current: What answers; None before the first version is loaded.
        remembered: How the data were read that it is made of.
    """

    def __init__(self, name: str, folder: Path, *, is_mapped: bool = False) -> None:
        """Load nothing yet; `is_mapped` maps files that must then never be changed in place."""
        self.name, self.folder, self._is_mapped = name, folder, is_mapped
        self.current: Loaded | None = None
        self.remembered: DataSpec | None = None
        self._seal: _Seal | None = None
        self._wait_s, self._next_try = 1.0, 0.0

    def load(self) -> Loaded:
        """Load what stands in the folder and let it answer from now on.

        Raises:
            PlauditError: It cannot be loaded; what answered before still does.
        """
        seal, stamps = _seal(self.folder), _stamps(self.folder)
        self.remembered = remembered_spec(self.folder)
        content = _read(self.folder)
        with opening(self.folder), nullcontext() if self._is_mapped else held_in_memory():
            classifier = load(self.folder)
            classifier.logits(_WARM_UP)
        if _read(self.folder) != content or _stamps(self.folder) != stamps:
            raise ModelError(f"{self.folder}: the model was changed while it was being read.")
        self._seal = seal
        self.current = Loaded(self.name, classifier, hashlib.sha256(content).hexdigest()[:12])
        _logger.info("model loaded", extra={"model": self.name, "version": self.current.version})
        return self.current

    def poll(self) -> bool | None:
        """Load the folder's model if it is another than the one that answers; never raises, whatever stands there.

        Returns:
            Whether another version was loaded; None when it could not be: then it is tried again, after 1, 2, 4 and at
            most 60 seconds, for a copy may still be under way.
        """
        seal = _seal(self.folder)
        if self.current is not None and (seal == self._seal or seal is None):
            return False  # no folder: in the instant between two renames, or taken away; what is loaded answers
        if time.monotonic() < self._next_try:
            return False
        try:
            self.load()
        except Exception as error:  # a folder of somebody else's: what it makes go wrong must not end the watching
            self._next_try = time.monotonic() + self._wait_s
            self._wait_s = min(2 * self._wait_s, _MOST_WAIT_S)
            reason = str(error) if isinstance(error, PlauditError | OSError | MemoryError) else describe_fault(error)
            extra = {"model": self.name, "reason": reason, "still_answers": self.current is not None}
            _logger.error("model not loaded", extra=extra)
            return None
        self._wait_s, self._next_try = 1.0, 0.0
        return True


def _seal(folder: Path) -> _Seal | None:
    """Return what changes when another manifest stands there; None if there is none."""
    try:
        facts = (folder / MANIFEST).stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino, facts.st_mtime_ns, facts.st_size


def _stamps(folder: Path) -> list[tuple[str, int, int, int]]:
    """Return what changes when any file in the folder does; of one that goes while it is looked at, nothing."""
    found = []
    for path in sorted(folder.rglob("*")):
        try:
            facts = path.stat()
        except OSError:
            continue
        found.append((str(path), facts.st_ino, facts.st_mtime_ns, facts.st_size))
    return found


def _read(folder: Path) -> bytes:
    path = folder / MANIFEST
    try:
        return path.read_bytes() if path.is_file() else b""  # a pipe would be waited for
    except OSError:
        return b""  # loading says better what is missing


def name_models(given: list[str]) -> dict[str, Path]:
    """Return folders by the names that requests call them, in order, from ``FOLDER`` or ``NAME=FOLDER`` each.

    Raises:
        ConfigError: Two have one name, or a name cannot stand in a URL's path.
    """
    named: dict[str, Path] = {}
    for words in given:
        name, mark, place = words.partition("=")
        if not mark or Path(words).exists():
            name, place = Path(words).resolve().name, words
        if not name or any(not (c.isalnum() or c in "-_.") for c in name) or name in (".", ".."):
            raise ConfigError(
                f"{words}: a model's name is letters, digits and - _ ., got {name!r}; "
                f"give one: NAME={place or 'FOLDER'}."
            )
        if name in named:
            raise ConfigError(f"two models are named {name!r}; give one another name: NAME={place}.")
        named[name] = Path(place)
    return named
