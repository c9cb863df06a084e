"""Take doubtful rows out of the training texts alone: `plaudit train --clean` and `--clean-file`.

Validation and test texts stay as they are, and nothing is learned from them about which rows to take out: a test that
lost its hard rows flatters. The rows are those that `plaudit audit --write-clean` takes out of the same division. Only
it also takes out leaks, where the test is a file of its own: here the test is not opened before the end.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from plaudit.audit import choose_rows, corpus_of, review, usual_drops
from plaudit.audit.corpus import Corpus, CorpusPart
from plaudit.data import Dataset, read_file
from plaudit.data.columns import PART_COLUMN
from plaudit.data.part_marks import MARKS
from plaudit.data.split import held_rows
from plaudit.errors import DataError, require

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.config import DataConfig

_FIFTH = 0.2
_TUTORIAL_VALIDATION = 10_000


def clean_training(train: Dataset, config: DataConfig, *, seed: int) -> tuple[Dataset, list[str]]:
    """Return the training texts without those that `config` takes out, and sentences on what went.

    Raises:
        DataError: The file of reviewed rows cannot be read or names none of these texts, or a class would be lost.
        MissingExtraError: Label noise is looked for, and cleanlab is not installed (extra ``audit``).
    """
    notes: list[str] = []
    before = train
    if config.clean_file is not None:
        listed = _listed_rows(train, config.clean_file)
        train = train.take(np.flatnonzero(~listed))
        notes.append(
            f"{int(listed.sum()):,} of {len(before):,} training texts were removed, as {config.clean_file} lists "
            "them (--clean-file); validation and test texts were not."
        )
    if config.clean:
        require("cleanlab", extra="audit", purpose="train --clean")
        n = len(train)
        corpus = corpus_of({"train": train})
        found = review(corpus, look_at_words=False, seed=seed)
        cleaning = choose_rows(corpus, found.duplicates, found.findings, usual_drops(corpus))
        train = train.take(cleaning.kept)
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in cleaning.counts().items()) or "none is doubtful"
        why = f" (label noise was not checked: {found.without_noise})" if found.without_noise else ""
        notes.append(
            f"{n - len(train):,} of {n:,} training texts were removed as doubtful or repeated: {kinds} (--clean){why}; "
            "validation and test texts were not checked."
        )
    counts_before, counts = before.class_counts(), train.class_counts()
    if lost := [name for name, count in counts_before.items() if count and not counts[name]]:
        raise DataError(f"{train.name}: cleaning leaves no training text of class {lost[0]!r}; review the rows first.")
    return train, notes


def _listed_rows(train: Dataset, path: str) -> NDArray[np.bool_]:
    """Return which training rows a reviewed list names, by text, and by label where it has a column given_label."""
    listed = read_file(Path(path), require_labels=False)
    texts = listed.texts.to_pylist()
    has_label = "given_label" in listed.extra.column_names
    labels: list[object] = listed.extra["given_label"].to_pylist() if has_label else [None] * len(texts)
    wanted = {
        (text, frozenset(label.split(", ")) if isinstance(label, str) else None)
        for text, label in zip(texts, labels, strict=True)
    }
    own = [frozenset(names) if isinstance(names, tuple) else frozenset((names,)) for names in train.label_names()]
    rows = np.array(
        [(text, label) in wanted or (text, None) in wanted
         for text, label in zip(train.texts.to_pylist(), own, strict=True)],
        np.bool_,
    )  # fmt: skip
    if len(texts) and not rows.any():
        raise DataError(
            f"--clean-file {path}: none of its {len(texts):,} texts is among the training texts; expected a file with "
            "a column text, such as the .dropped.csv that `plaudit audit --write-clean` writes."
        )
    return rows


def divide_corpus(corpus: Corpus, *, seed: int, is_imdb: bool) -> Corpus:
    """Return a corpus in the parts that `plaudit train` would make of it: by marks, by parts of its own, or by seed.

    Rows without text or label stay in training, from which they can be taken out.
    """
    own = {part.name for part in corpus.parts}
    train = corpus.parts[0]
    marks = _marks(corpus, own, seed=seed, is_imdb=is_imdb)
    divided = [_rows_of(train, np.flatnonzero(marks == mark), mark) for mark in MARKS if (marks == mark).any()]
    parts = [*divided, *corpus.parts[1:]]
    parts.sort(key=lambda part: MARKS.index(part.name))
    sides = [corpus_rows(corpus, marks, part.name) for part in parts]
    rows = np.concatenate(sides)
    return Corpus(
        parts=tuple(parts),
        texts=corpus.texts.take(rows),
        classes=corpus.classes,
        labels=corpus.labels[rows],
        part_of=np.repeat(np.arange(len(parts), dtype=np.int8), [len(side) for side in sides]),
    )


def corpus_rows(corpus: Corpus, marks: NDArray[np.object_], name: str) -> NDArray[np.int64]:
    """Return the rows of a corpus that are a part, of the training part those so marked."""
    rows = [np.flatnonzero(marks == name)]
    for part, start in zip(corpus.parts[1:], corpus.starts[1:-1].tolist(), strict=True):
        if part.name == name:
            rows.append(np.arange(start, start + len(part)))
    return np.concatenate(rows).astype(np.int64)


def _marks(corpus: Corpus, own: set[str], *, seed: int, is_imdb: bool) -> NDArray[np.object_]:
    train, n = corpus.parts[0], corpus.n_train
    if PART_COLUMN in train.table.column_names:
        marks = np.array(train.table[PART_COLUMN].to_pylist(), dtype=object)
        return np.where(np.isin(marks, MARKS), marks, "train")
    marks = np.full(n, "train", dtype=object)
    usable = np.flatnonzero(corpus.has_label[:n] & np.array([bool(text.strip()) for text in train.texts.to_pylist()]))
    labels = corpus.labels[usable]
    data = Dataset(train.texts.take(usable), labels, corpus.classes, train.file)
    with contextlib.suppress(DataError):  # too few rows to divide: training refuses them, and says why
        if "test" not in own:
            marks[usable[held_rows(data, _FIFTH, seed=seed)]] = "test"
        if "validation" not in own:
            left = usable[marks[usable] == "train"]
            rest = replace(data, texts=train.texts.take(left), labels=corpus.labels[left])
            size = _TUTORIAL_VALIDATION if is_imdb and len(rest) > _TUTORIAL_VALIDATION else _FIFTH
            marks[left[held_rows(rest, size, seed=seed + 1)]] = "validation"
    return marks


def _rows_of(part: CorpusPart, rows: NDArray[np.int64], name: str) -> CorpusPart:
    return replace(
        part,
        name=name,
        places=[part.places[row] for row in rows.tolist()],
        texts=part.texts.take(rows),
        names=[part.names[row] for row in rows.tolist()],
        table=part.table.take(rows),
        faults={new: part.faults[row] for new, row in enumerate(rows.tolist()) if row in part.faults},
    )
