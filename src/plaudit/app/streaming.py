"""`plaudit train --streaming`: a run's data, read once in batches and kept on disk, divided as they are in memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from plaudit.batch.raw_rows import raw_tables
from plaudit.batch.sources import Source, find_sources, not_empty
from plaudit.data import DATASET_NAMES, Dataset, Splits, load_dataset
from plaudit.data.columns import choose_columns
from plaudit.data.files import check_last_field, read_texts
from plaudit.data.formats.raw import RawTable
from plaudit.data.imdb_members import is_root
from plaudit.data.load import find_parts
from plaudit.data.spill import Spill, SpilledDataset, spill
from plaudit.errors import DataError
from plaudit.scratch import Scratch


def stream_dataset(
    source: str,
    scratch: Scratch,
    *,
    text_column: str | None,
    label_column: str | None,
    label_separator: str | None,
    group_by: str | None,
    data_dir: str | None,
    progress: bool,
    parts: Sequence[str],
) -> Splits:
    """Read a data set's parts to disk; the arguments are those of `load_dataset`, or of a run's data.

    A named data set fits into memory and passes through it. `source` may also be a folder of files, or a glob.

    Raises:
        DataError: As `load_dataset`.
    """
    path = Path(source).expanduser()
    is_known = source in DATASET_NAMES or data_dir is not None or (path.is_dir() and is_root(path))
    if is_known or not (path.exists() or _is_glob(source)):
        loaded = load_dataset(source, data_dir=data_dir, progress=progress, parts=parts)
        kept = {name: part for name, part in vars(loaded).items() if part is not None}
        return Splits(**{name: spill(part, scratch) for name, part in kept.items()})

    def read(place: str, train: Dataset | None = None) -> SpilledDataset:
        return stream_file(
            place, scratch,
            text_column=text_column, label_column=label_column, label_separator=label_separator, group_by=group_by,
            classes=None if train is None else train.classes, multi_label=train is not None and train.multi_label,
        )  # fmt: skip

    found = find_parts(path) if path.is_dir() else {}
    if "train" not in found:
        return Splits(read(str(path)))
    train = read(str(found.pop("train")))
    return Splits(train, **{part: read(str(found[part]), train) for part in found if part in parts})


def stream_file(
    spec: str,
    scratch: Scratch,
    *,
    text_column: str | None,
    label_column: str | None,
    label_separator: str | None,
    group_by: str | None = None,
    classes: tuple[str, ...] | None = None,
    multi_label: bool = False,
) -> SpilledDataset:
    """Read labelled texts to disk, once, in batches: what `read_file` reads, a folder of such files, or a glob.

    Args:
        spec: The file or files.
        scratch: Where the texts go.
        text_column: As `read_file`'s; so are the next two.
        label_column: See there.
        label_separator: See there.
        group_by: A column to keep.
        classes: As `read_file`'s.
        multi_label: As `read_file`'s.

    Raises:
        DataError: As `read_file`, and when the disk is full.
    """
    if label_separator is not None and not label_separator.strip(" "):
        raise DataError(f"{spec}: --label-separator {label_separator!r}: expected a mark such as a comma.")
    rows = Spill(scratch, classes=classes, multi_label=multi_label, label_separator=label_separator)
    for source in _sources(spec):
        chosen = None
        for raw in raw_tables(source):
            if chosen is None:
                names = list(raw.columns)
                chosen = choose_columns(
                    names, text=text_column, label=label_column, is_label_needed=True, where=source.name
                )
                if group_by is not None and group_by not in names:
                    further = ", ".join(name for name in names if name not in (chosen.text, chosen.label)) or "none"
                    raise DataError(f"{source.name}: no column {group_by!r} to group by; the others are: {further}.")
            if raw.splits_last_field and chosen.text != list(raw.columns)[-1]:
                check_last_field(raw)
            assert chosen.label is not None
            whole = RawTable(raw.path, {**_missing(raw, chosen.text), **raw.columns}, raw.unit, raw.places)
            texts = read_texts(whole, chosen.text, may_be_blank=False)
            rows.add(raw, texts, _values(raw, chosen.label), [] if group_by is None else _values(raw, group_by))
    assert chosen is not None
    return rows.finish(name=spec, text_name=chosen.text, label_name=chosen.label or "label", group_by=group_by)


def _is_glob(spec: str) -> bool:
    return any(mark in spec for mark in "*?[")


def _sources(spec: str) -> list[Source]:
    path = Path(spec).expanduser()
    has_folders = path.is_dir() and any(each.is_dir() and each.name[0] != "." for each in path.iterdir())
    return not_empty(find_sources(str(path), "folder" if has_folders else None))


def _values(raw: RawTable, name: str) -> list[object]:
    """Return a column's values; of a key that no record of this table has, nothing."""
    values = raw.columns.get(name)
    if values is None:
        return [None] * len(raw)
    return values if isinstance(values, list) else values.to_pylist()


def _missing(raw: RawTable, name: str) -> dict[str, list[object]]:
    return {} if name in raw.columns else {name: [None] * len(raw)}
