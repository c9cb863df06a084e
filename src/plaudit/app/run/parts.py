"""Decide which texts train, which watch, and which stay sealed until the end."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from plaudit.app.errors_as_lines import plain
from plaudit.config import DataConfig, DataSpec
from plaudit.data import (
    Dataset,
    Splits,
    has_parts,
    has_test_part,
    hold_out,
    imdb_at_hand,
    load_dataset,
    read_file,
)
from plaudit.data.dataset import MarkedSplits
from plaudit.data.label_findings import absent_findings
from plaudit.data.load import find_parts
from plaudit.data.named import find_named
from plaudit.data.readers import Source
from plaudit.data.readers.folder import read_text
from plaudit.data.readers.formats import has_known_suffix
from plaudit.data.spill import shared_rows
from plaudit.errors import ConfigError, DataError, FetchError
from plaudit.scratch import MEMORY, Scratch
from plaudit.wording import counted

_CELLS = re.compile(r"(label: column .*?)[\d,]+ values?\b")
_FIFTH = "0.2"
_TUTORIAL_VALIDATION = "10000"


@dataclass(frozen=True)
class Parts:
    """The texts of a run.

    Attributes:
        train: What the model learns from.
        validation: What early stopping watches.
        open_test: Loads what is measured once, at the end; until it is called, a data set's own test part has not
            been read.
        open_unlabelled: Loads further texts without labels, None where there are none; not read until it is called.
        config: The data settings with everything that was left open decided.
        notes: Sentences on how the parts came about that the model's owner should read.
        is_cleaned: Whether the test texts are of rows that `plaudit audit` cleaned: no figure of all rows helps there.
    """

    train: Dataset
    validation: Dataset
    open_test: Callable[[], Dataset]
    open_unlabelled: Callable[[], Dataset | None]
    config: DataConfig
    notes: tuple[str, ...] = ()
    is_cleaned: bool = False


def choose_source(config: DataConfig, say: Callable[[str], None], *, progress: bool) -> DataConfig:
    """Settle which data set a run without one takes: imdb when it is available or can be fetched, else the sample."""
    if config.source:
        return config
    if imdb_at_hand(config.data_dir):
        say("No data named: using imdb, which is available.")
        return replace(config, source="imdb")
    try:
        load_dataset("imdb", data_dir=config.data_dir, progress=progress)
    except FetchError as error:
        reason = str(error).partition(". ")[0]
        say(f"No data named: using the built-in sample, because imdb is not available ({reason}).")
        return replace(config, source="sample")
    say("No data named: using imdb, downloaded now.")
    return replace(config, source="imdb")


def load_parts(config: DataConfig, *, seed: int, progress: bool = False, scratch: Scratch | None = None) -> Parts:
    """Load a run's data, divide it, and clean the training texts if it says so; `config.source` must be set.

    Given a scratch, texts are kept there and not in memory; the division is the same.

    Raises:
        DataError: The data cannot be read or divided so, or cleaning loses a class.
        FetchError: A download failed.
        ConfigError: A size is neither a number, a share nor a file.
        MissingExtraError: The run cleans, and what that needs is not installed.
    """
    return clean(divide(config, seed=seed, progress=progress, scratch=scratch), config, seed=seed)


def divide(config: DataConfig, *, seed: int, progress: bool = False, scratch: Scratch | None = None) -> Parts:
    """Load a run's data and divide it as `load_parts` does, and clean nothing.

    Raises:
        DataError: The data cannot be read or divided so.
        FetchError: A download failed.
        ConfigError: A size is neither a number, a share nor a file.
    """
    reading, place = config.reading(), scratch or MEMORY
    load: Callable[..., Splits] = partial(
        load_dataset,
        config.source,
        spec=reading,
        progress=progress,
        scratch=place,
        group_by=None if place is MEMORY else config.group_by,
    )
    read: Callable[..., Dataset] = partial(read_file, spec=replace(reading, data_dir=None), scratch=place)
    if scratch is not None and (config.clean or config.clean_file or config.keep_together == "near"):
        raise ConfigError("--streaming: --clean, --clean-file and --group-near-duplicates need the texts in memory.")
    has_own = has_parts(config.source)  # else a file, whose rows may be marked: nothing is opened too early
    is_folder = has_own and find_named(config.source) is None  # its test part is read first, and scored at the end
    try:
        splits = load(parts=("train", "validation") if has_own and not is_folder else ("train", "validation", "test"))
    except DataError as error:
        parts = find_parts(Path(config.source).expanduser()) if is_folder else {}
        if "test" not in parts or not str(error).startswith(str(parts["test"])):
            raise
        raise DataError(
            f"{error} It is the test part of {config.source}; without it: plaudit train {parts['train']}."
        ) from error
    return _parts(config, splits, load, read, seed=seed)


def clean(parts: Parts, config: DataConfig, *, seed: int) -> Parts:
    """Take the rows out of the training texts that `config` takes out, of no others, and note what went."""
    if not (config.clean or config.clean_file):
        return parts
    from plaudit.app.run.cleaning import clean_training

    train, notes = clean_training(parts.train, config, seed=seed)
    return replace(parts, train=train, notes=(*parts.notes, *notes))


def _parts(
    config: DataConfig, splits: Splits, load: Callable[..., Splits], read: Callable[..., Dataset], *, seed: int
) -> Parts:
    train = splits.train
    notes: tuple[str, ...] = ()
    is_untouched = isinstance(splits, MarkedSplits) and config.test is None and splits.test is not None
    is_cleaned = isinstance(splits, MarkedSplits) and not is_untouched and (config.test is None or is_size(config.test))
    if is_untouched:
        notes = ("Training rows of this file were taken out by `plaudit audit`; its test rows are untouched.",)
    elif is_cleaned:
        notes = (
            "The test texts are taken from rows that `plaudit audit` cleaned: rows that look mislabelled are missing "
            "from them, so the test figures are optimistic. Train on the file as it was written, without --test.",
        )
    own = None if isinstance(splits, MarkedSplits) else splits.test
    open_test: Callable[[], Dataset] = partial(_own_test, load) if own is None else lambda: own
    open_unlabelled = partial(_unlabelled, config, load)
    if config.test is not None or not (splits.test is not None or has_test_part(config.source)):
        spec = config.test or _FIFTH
        train, test = _divide(train, spec, config, read, seed=seed, option="--test")
        notes += _read_otherwise(test, train, spec)
        config, open_test = replace(config, test=spec), lambda: test
    if config.validation is None and splits.validation is not None:
        return Parts(train, splits.validation, open_test, open_unlabelled, config, notes, is_cleaned)
    is_imdb = config.source == "imdb" and len(train) > int(_TUTORIAL_VALIDATION)
    spec = config.validation or (_FIFTH if config.group_by or not is_imdb else _TUTORIAL_VALIDATION)
    train, validation = _divide(train, spec, config, read, seed=seed + 1, option="--validation")
    notes += _read_otherwise(validation, train, spec)
    return Parts(train, validation, open_test, open_unlabelled, replace(config, validation=spec), notes, is_cleaned)


def _read_otherwise(part: Dataset, train: Dataset, spec: str) -> tuple[str, ...]:
    """Say how a file of its own was read where that is not how the training texts were."""
    known = set(train.origin.said) if train.origin is not None else set()
    said = () if part.origin is None or is_size(spec) else part.origin.said
    return tuple(f"{spec}: {line}" for line in said if line not in known)


def _own_test(load: Callable[..., Splits]) -> Dataset:
    test = load(parts=("test",)).test
    assert test is not None  # has_test_part said so
    return test


def _unlabelled(config: DataConfig, load: Callable[..., Splits]) -> Dataset | None:
    if config.unlabelled is None:
        return load(parts=("unlabelled",)).unlabelled if has_parts(config.source) else None
    path = Path(config.unlabelled).expanduser()
    if path.is_dir() and not any(has_known_suffix(each) for each in path.iterdir() if each.suffix != ".txt"):
        return _read_folder(path)
    spec = DataSpec(text_column=config.text_column, skip_invalid=config.skip_invalid)
    found = read_file(config.unlabelled, spec=spec, require_labels=False)
    return replace(found, labels=None, classes=())


def _read_folder(path: Path) -> Dataset:
    """Read every .txt file below a folder, in the order of their names, as a text."""
    names = sorted(path.rglob("*.txt"))
    if not names:
        raise DataError(f"{path}: no .txt files; expected one text a file.")
    texts = [read_text(Source(name, str(name), "text"), DataSpec())[0] for name in names]
    return Dataset(pa.array(texts, type=pa.large_string()), None, (), name=str(path))


def _divide(
    dataset: Dataset, spec: str, config: DataConfig, read: Callable[..., Dataset], *, seed: int, option: str
) -> tuple[Dataset, Dataset]:
    size = _parse_size(spec)
    if size is None:
        if not Path(spec).expanduser().exists():
            raise ConfigError(f"{option} {spec}: expected a number of texts, a share like 0.2, or a file that exists.")
        memory = None if dataset.origin is None else dataset.origin.spec.alike()
        return dataset, read(spec, classes=dataset.classes, multi_label=dataset.multi_label, remembered=memory)
    if isinstance(size, float) and not 0 < size < 1:
        raise ConfigError(f"{option} {spec}: a share lies between 0 and 1.")
    together = None
    if config.keep_together == "near":
        from plaudit.audit.duplicates import find_duplicates

        together = find_duplicates(dataset.texts).near
    train, held = hold_out(
        dataset, size,
        seed=seed, group_by=config.group_by, keep_equal=config.keep_together != "none", together=together,
    )  # fmt: skip
    return train, held


def is_size(spec: str) -> bool:
    """Say whether a part is given as a number of texts or a share of them, not as a file."""
    return _parse_size(spec) is not None


def _parse_size(spec: str) -> int | float | None:
    for kind in (int, float):
        try:
            return kind(spec)
        except ValueError:
            continue
    return None


def describe_origin(dataset: Dataset) -> list[str]:
    """Say in lines how a data set was read, and what is odd about its labels."""
    if dataset.origin is None:
        return []
    said = dataset.origin.said
    if dataset.multi_label:  # the cells that differ are sets of labels
        said = tuple(_CELLS.sub(rf"\g<1>{len(dataset.classes):,} labels", line, count=1) for line in said)
    return [*said, *(f"note: {finding.message}" for finding in dataset.origin.findings)]


def describe_absent(**parts: Dataset | None) -> list[str]:
    """Say in lines which classes a part has no text of, and what follows from it."""
    there = {name: part.class_counts() for name, part in parts.items() if part is not None and part.labels is not None}
    return [f"note: {plain(finding.message)}" for finding in absent_findings(there)]


def describe_part(name: str, part: Dataset, train: Dataset | None = None) -> list[str]:
    """Say in lines how many texts a part has, of which classes, and how many of them are also in `train`.

    Multi-label: also how many labels a text has.
    """
    counts = ", ".join(f"{plain(label)} {count:,}" for label, count in list(part.class_counts().items())[:8])
    more = f", … {len(part.classes)} classes" if len(part.classes) > 8 else ""
    sets = f"; {describe_sets(part)}" if part.multi_label else ""
    lines = [
        f"{name:<10} {len(part):>7,} {'text' if len(part) == 1 else 'texts'}"
        + (f" ({counts}{more}){sets}" if counts else "")
    ]
    if train is not None and (shared := count_shared_texts(train, part)):
        lines.append(
            f"note: {counted(shared, f'{name} text is', f'{name} texts are')} also among the training texts (equal "
            f"except for case and punctuation): the {name} figures are optimistic."
        )
    return lines


def count_shared_texts(train: Dataset, part: Dataset) -> int:
    """Return how many texts of `part` are also in `train`, equal except for case and punctuation."""
    return int(shared_rows(train, part).sum())


def join_texts(parts: Sequence[Dataset]) -> Dataset:
    """Return labelled parts of the same classes as one data set, without their further columns."""
    texts = pa.concat_arrays([part.texts for part in parts])
    labels = np.concatenate([part.labels for part in parts if part.labels is not None])
    return Dataset(texts, labels, parts[0].classes, parts[0].name)


def describe_sets(part: Dataset) -> str:
    """Say how many labels the texts of a multi-label part have."""
    sizes = np.zeros(0, np.int64) if part.labels is None else part.labels.sum(axis=1)
    if not len(sizes):
        return "no texts"
    without, several = int((sizes == 0).sum()), int((sizes > 1).sum())
    return f"{sizes.mean():.2f} labels a text, at most {sizes.max()}; {several:,} texts have several, {without:,} none"
