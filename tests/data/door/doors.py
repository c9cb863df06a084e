"""The six doors: every command that reads texts, in this process, and what it made of them.

`train` is the real command up to its first step of training; the others are whole. What was read is taken at the place
where the command goes on with it.
"""

import json
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from door_case import Case, Label, Row
from served import Served
from typer.testing import CliRunner

from plaudit.app.cli import app
from plaudit.app.run.own_run import choose_texts
from plaudit.app.run.parts import load_parts
from plaudit.audit import load_corpus
from plaudit.data import Dataset
from plaudit.data.label_findings import LabelWarning
from plaudit.models import NgramClassifier

DOORS = ("train", "streaming", "evaluate", "audit", "predict", "server")
_LABEL_FLAGS = ("--label-column", "--label-separator")  # of no use to who only scores
_LABEL_SWITCHES = ("--skip-invalid", "--merge-labels")
_PARAMETERS = {
    "--text-column": "text_column",
    "--delimiter": "delimiter",
    "--encoding": "encoding",
    "--format": "format",
}
_FORMATS = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}
_PARAMETER = re.compile(r"\b(text_column|encoding|delimiter)\b")


class _EnoughError(Exception):
    """The command has read its texts."""


@dataclass(frozen=True)
class Found:
    """What a door made of a case.

    Attributes:
        rows: Texts and labels in order (of `train` in any order); None where it refused, or has no labels.
        texts: What was scored, in order; None where it refused, or does not score.
        reasons: Of rows that were not scored.
        n_rows: How many rows came back.
        said: All that was printed.
        code: The exit code, or the HTTP status.
    """

    said: str
    code: int
    rows: list[Row] | None = None
    texts: list[str] | None = None
    reasons: list[str] = field(default_factory=list)
    n_rows: int = 0

    @property
    def is_refusal(self) -> bool:
        return self.code not in (0, 3, 200)


def rows_of(dataset: Dataset) -> list[Row]:
    """Return a data set's texts with their labels."""
    return list(zip(dataset.texts.to_pylist(), dataset.label_names(), strict=True))


class Doors:
    """All doors, with small models that they share.

    Args:
        folder: For models and output.
        server: Which has some model; None where there is none.
    """

    def __init__(self, folder: Path, server: Served | None) -> None:
        self._folder, self._server = folder, server
        self._models: dict[tuple[tuple[str, ...], bool], Path] = {}
        self._n = 0

    @property
    def serves_nothing(self) -> bool:
        """Whether there is no server."""
        return self._server is None

    def open(self, door: str, case: Case, place: Path) -> Found:
        """Put a case, whose files lie at `place`, through a door."""
        if door == "server":
            return self._post(case, place)
        source, out = _source(case, place), self._out()
        if door in ("train", "streaming"):
            words = ["train", source, "--recipe", "ngram", "-o", str(out), *case.flags]
            return self._train([*words, "--streaming"] if door == "streaming" else words)
        if door == "audit":
            return self._audit(["audit", source, "--no-noise", "-o", str(out), *case.flags])
        if door == "evaluate":
            return self._evaluate(["evaluate", str(self.model(case)), source, *case.flags])
        return self._predict(
            case, ["predict", str(self.model(case)), "-i", source, "-o", f"{out}.jsonl", *_scoring_flags(case)], out
        )

    def model(self, case: Case) -> Path:
        """Return the folder of a model with the classes of a case."""
        rows = case.evaluated or case.rows or case.audited or [("", "good"), ("", "bad")]
        labels = [label for _, label in rows if label is not None]
        is_multi = any(isinstance(label, tuple) for label in labels)
        names = {name for label in labels for name in ([label] if isinstance(label, str) else label)}
        classes = tuple(sorted(names | ({"good", "bad"} if len(names) < 2 else set())))
        if (classes, is_multi) not in self._models:
            path = self._out()
            texts = [f"word{i} film" for i in range(len(classes)) for _ in range(2)]
            targets: list[Any] = [(name,) if is_multi else name for name in classes for _ in range(2)]
            with warnings.catch_warnings(action="ignore", category=LabelWarning):  # the labels are odd on purpose
                NgramClassifier(n_max=1, min_texts=1).fit(texts, targets).save(path)
            self._models[classes, is_multi] = path
        return self._models[classes, is_multi]

    def _out(self) -> Path:
        self._n += 1
        return self._folder / str(self._n)

    def _train(self, words: Sequence[str]) -> Found:
        read: list[Row] = []

        def load(*args: Any, **options: Any) -> Any:
            parts = load_parts(*args, **options)
            for part in (parts.train, parts.validation, parts.open_test()):
                read.extend(rows_of(part))
            return parts

        with (
            mock.patch("plaudit.app.train.run.load_parts", load),
            mock.patch("plaudit.app.train.run.fit", side_effect=_EnoughError),
        ):
            said, code = _run(words)
        return Found(said, code, rows=read if code == 0 else None)

    def _evaluate(self, words: Sequence[str]) -> Found:
        read: list[Row] = []

        def choose(*args: Any, **options: Any) -> Any:
            chosen = choose_texts(*args, **options)
            read.extend(rows_of(chosen.dataset))
            return chosen

        with mock.patch("plaudit.app.run.own_run.choose_texts", choose):
            said, code = _run(words)
        return Found(said, code, rows=read if code == 0 else None)

    def _audit(self, words: Sequence[str]) -> Found:
        read: list[Row] = []

        def load(*args: Any, **options: Any) -> Any:
            corpus = load_corpus(*args, **options)
            for part in corpus.parts:
                names: list[Label] = [
                    None if each is None else tuple(each) if part.multi_label else each[0] for each in part.names
                ]
                read.extend(zip(part.texts.to_pylist(), names, strict=True))
            return corpus

        with mock.patch("plaudit.audit.load_corpus", load):
            said, code = _run(words)
        return Found(said, code, rows=read if code == 0 else None)

    def _predict(self, case: Case, words: Sequence[str], out: Path) -> Found:
        with _scored_texts() as texts:
            said, code = _run(words)
        target = out.with_suffix(".jsonl")
        if not target.exists():
            return Found(said, code)
        answers = [json.loads(line) for line in target.read_text(encoding="utf-8").split("\n") if line]
        reasons = [each["reason"] for each in answers if each["reason"] is not None]
        return Found(said, code, texts=texts, reasons=reasons, n_rows=len(answers))

    def _post(self, case: Case, place: Path) -> Found:
        assert self._server is not None
        path = place / case.source
        told = list(zip(case.flags[::2], case.flags[1::2], strict=False))
        suffix = re.sub(r"\.(gz|bz2|xz|zst|zip)$", "", path.name.lower())
        parameters = [("format", _FORMATS.get(Path(suffix).suffix, "csv"))]
        parameters += [("header", str(word == "--header").lower()) for word in case.flags if word.endswith("header")]
        parameters += [(_PARAMETERS[name], value) for name, value in told if name in _PARAMETERS]
        with _scored_texts() as texts:
            answer = self._server.post("/predict/file", parameters, path.read_bytes())
        if answer.status != 200:
            return Found(_PARAMETER.sub(_as_flag, answer.error), answer.status)
        return Found("", 200, texts=texts, n_rows=int(answer.headers["x-rows"]))


def _source(case: Case, place: Path) -> str:
    """Return what the command is given: a path, or a database's address with the file's whole path in it."""
    engine, mark, rest = case.source.partition(":///")
    return f"{engine}{mark}{place}/{rest}" if mark else str(place / case.source)


def _as_flag(parameter: re.Match[str]) -> str:
    """Return a request's parameter as the flag that the cases name."""
    return "--" + parameter[0].replace("_", "-")


def _scoring_flags(case: Case) -> list[str]:
    """Return the flags of a case that are for texts."""
    flags: list[str] = []
    words = iter(case.flags)
    for word in words:
        if word in _LABEL_FLAGS:
            next(words)
        elif word not in _LABEL_SWITCHES:
            flags.append(word)
    return flags


def _run(words: Sequence[str]) -> tuple[str, int]:
    """Return what a command printed, and its exit code; a refusal is checked to be one line."""
    result = CliRunner().invoke(app, list(words))
    if isinstance(result.exception, _EnoughError):
        return result.output, 0
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    if result.exit_code == 2:
        *_, last = result.stderr.splitlines()  # before it may stand how the data were read
        assert last.startswith("plaudit: "), result.output
        assert result.stderr.count("plaudit: ") == 1, result.stderr
    return result.output, result.exit_code


@contextmanager
def _scored_texts() -> Iterator[list[str]]:
    """Collect the texts that a model is asked about."""
    asked: list[str] = []
    real = NgramClassifier.logits

    def logits(self: NgramClassifier, texts: Any) -> Any:  # Any: what it takes
        asked.extend(texts.to_pylist())
        return real(self, texts)

    with mock.patch.object(NgramClassifier, "logits", logits):
        yield asked
