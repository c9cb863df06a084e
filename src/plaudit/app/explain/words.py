"""What `plaudit explain` does without texts: the words that weigh most over a data set, for each class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.markup import escape

from plaudit.app.plain import plain
from plaudit.app.run.own_run import OwnRun
from plaudit.app.run.scored_texts import Chosen
from plaudit.app.terminal import make_console, print_json, print_table
from plaudit.config import DataSpec
from plaudit.data import has_parts, load_dataset, read_file
from plaudit.errors import ConfigError
from plaudit.models.remembered import remembered_spec

if TYPE_CHECKING:
    from plaudit.explanation import ClassWords

_SLOW_TEXTS = 200  # of a model that takes seconds a text


def explain_data(
    model: Path,
    data: str | None,
    *,
    top: int,
    limit: int | None,
    label: str | None,
    as_json: bool,
    spec: DataSpec,
) -> None:
    """Print for each class the words with the greatest sum of shares."""
    from plaudit.explanation import top_words
    from plaudit.explanation.shares import explains_slowly
    from plaudit.models import load

    classifier = load(model)
    chosen = _choose(model, data, spec)
    most = limit or (_SLOW_TEXTS if explains_slowly(classifier) else None)
    dataset, n = chosen.dataset, len(chosen.dataset)
    if most is not None and n > most:
        dataset = dataset.take(np.linspace(0, n - 1, most).astype(np.int64))
    found = top_words(classifier, dataset.texts, n=top, label=label)
    what = chosen.what if len(dataset) == n else f"{chosen.what}, {len(dataset):,} of {n:,} texts, evenly spaced"
    if as_json:
        print_json(_record(found, what, len(dataset)))
        return
    _print(found, what, has_two=len(classifier.classes_) == 2 and not classifier.multi_label_)


def _choose(model: Path, data: str | None, spec: DataSpec) -> Chosen:
    """Return the validation texts of the model's own run, or the texts of other data except for a test part."""
    run = OwnRun.of(model, data_dir=spec.data_dir)
    if data is None and run is None:
        raise ConfigError(f"{model}: its run.toml is missing or unreadable; name texts, a file (-i) or --data DATA.")
    if run is not None and (data is None or run.is_of(data)):
        part = run.part("validation", instead="name texts, or a file (-i)")
        return Chosen(part, f"{run.config.data.source}: the validation texts of this model")
    assert data is not None
    remembered = remembered_spec(model)
    if not has_parts(data):
        dataset = read_file(data, spec=spec, require_labels=False, remembered=remembered)
        return Chosen(dataset, f"{data}: every row")
    splits = load_dataset(data, spec=spec, parts=("train", "validation"), remembered=remembered)
    if splits.validation is not None:
        return Chosen(splits.validation, f"{data}: its validation part")
    return Chosen(splits.train, f"{data}: its training part")


def _record(found: list[ClassWords], what: str, n: int) -> dict[str, Any]:
    classes = [
        {
            "label": one.label,
            "texts": one.n_texts,
            "words": [{"word": w.word, "share": w.share, "count": w.count, "total": w.total} for w in one.words],
        }
        for one in found
    ]
    return {"data": what, "texts": n, "classes": classes}


def _print(found: list[ClassWords], what: str, *, has_two: bool) -> None:
    from rich.table import Table

    console = make_console()
    console.print(f"Words that weigh most: {plain(what)}", markup=False, style="bold")
    for one in found:
        counted = "" if has_two else " (where the model gives it)"
        console.print(f"\n{plain(str(one.label))}: {one.n_texts:,} texts{counted}", markup=False)
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for heading in ("word", "sum", "mean share", "times"):
            table.add_column(heading, justify="left" if heading == "word" else "right")
        for word in one.words:
            cells = (plain(word.word), f"{word.total:.1f}", f"{word.share:.3f}", f"{word.count:,}")
            table.add_row(*map(escape, cells))
        print_table(console, table)
    if not found:
        console.print("The model gives none of these texts a label.")
