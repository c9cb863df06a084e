"""`plaudit drift`: are later texts still like those that a model was tested on, and its answers too?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plaudit.app.errors_as_lines import errors_as_lines, plain
from plaudit.app.options import AsJson, Model, reads_data
from plaudit.app.terminal import make_console, print_json, print_table, scoring_shown
from plaudit.config import DataSpec
from plaudit.errors import DataError, ModelError

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.table import Table

    from plaudit.evaluation.drift import Drift
    from plaudit.evaluation.profile import Profile
    from plaudit.models import Classifier

_FOUND = 1  # the exit code of --check
_SHOWN, _SHOWN_CHARACTERS = 5, 50


@dataclass(frozen=True)
class Strange:
    """A text that is little like the training texts: where it stands, how like, and how it begins."""

    where: str
    likeness: float
    text: str


@errors_as_lines
@reads_data
@scoring_shown()
def drift(
    model: Model,
    data: Annotated[str, typer.Argument(help="Later texts: a file, a folder or a glob; labels are not read.")],
    against: Annotated[
        str | None,
        typer.Option(help="Compare with the texts of this file. [the model's test texts]"),
    ] = None,
    level: Annotated[
        float, typer.Option(help="How often there may be a false alarm, all comparisons together.")
    ] = 0.05,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 if there is drift.")] = False,
    as_json: AsJson = False,
    *,
    spec: DataSpec,
) -> None:
    """Compare, print what differs, and the texts that differ most.

    Raises:
        PlauditError: The model or the texts cannot be read, or the model keeps no profile.
        typer.Exit: With 1, there is drift and `check` is given.
    """
    from plaudit.evaluation.drift import check_level, find_drift
    from plaudit.evaluation.profile import Profile
    from plaudit.models import load

    check_level(level)
    classifier = load(model)
    if against is None:
        before = Profile.read(model)
        if before is None:
            raise ModelError(
                f"{model}: it keeps no profile of its test texts, as `plaudit train` writes it; "
                "name texts like those it was trained on: --against FILE."
            )
    else:
        before, *_ = _profile(classifier, model, against, spec, language=None)
    now, strange, n_seen = _profile(classifier, model, data, spec, language=before.language)
    found = find_drift(before, now, level=level)
    if as_json:
        print_json({**_as_values(found, strange), "n_seen": n_seen})
    else:
        console = make_console()
        what = "the model's test texts" if against is None else plain(against)
        console.print(f"{plain(data)}  ({found.n:,} texts) beside {what} ({found.n_before:,})", markup=False)
        print_table(console, _table(found))
        if n_seen:
            console.print(
                f"note: the model was trained or chosen on {n_seen:,} of these texts: they are more like its training "
                "texts, and its answers to them surer, than those of later texts.",
                markup=False,
            )
        console.print(plain(found.sentence()), markup=False)
        if found.found and strange and strange[0].likeness < 0:
            console.print("\nLeast like the training texts:")
            for each in strange:
                console.print(f"  {plain(each.where)} ({each.likeness:.1f}): {plain(each.text)}", markup=False)
        if found.found:
            console.print(f"Next: label some of them, and plaudit evaluate {model} FILE", markup=False, style="dim")
    if check and found.found:
        raise typer.Exit(_FOUND)


def _profile(
    classifier: Classifier, model: Path, source: str, spec: DataSpec, *, language: str | None
) -> tuple[Profile, list[Strange], int]:
    """Return the profile of a source's texts, those least like the training texts, and how many the model has met."""
    from plaudit.app.run.met import Met
    from plaudit.data import Dataset
    from plaudit.evaluation.profile import Gathered
    from plaudit.report.drawing import shorten
    from plaudit.text.token_memory import keep_tokens, remembering_tokens

    gathered, strange = Gathered(classifier, language=language), list[Strange]()
    met, n_seen = Met.read(model), 0
    for texts, places in _read(model, source, spec):
        with remembering_tokens():  # the model, its scope and the profile ask for the same ones
            keep_tokens(texts)
            likeness = gathered.add(texts)
        n_seen += 0 if met is None else int(met.is_seen(Dataset(texts, None, (), source)).sum())
        if likeness is None:
            continue
        for i in likeness.argsort(kind="stable")[:_SHOWN].tolist():
            strange.append(Strange(places[i], float(likeness[i]), shorten(texts[i].as_py(), _SHOWN_CHARACTERS)))
        strange = sorted(strange, key=lambda each: each.likeness)[:_SHOWN]
    if not len(gathered):
        raise DataError(f"{source}: no texts.")
    return gathered.profile(), strange, n_seen


def _read(model: Path, source: str, spec: DataSpec) -> Iterator[tuple[pa.LargeStringArray, list[str]]]:
    """Yield the texts of a source, some at a time, and where each stands; a row without a text is left out.

    Raises:
        DataError: The source cannot be read; a row is broken, and the user did not ask to skip such rows.
    """
    import pyarrow.compute as pc

    from plaudit.data.intake import Intake
    from plaudit.data.readers.sources import find_sources, not_empty
    from plaudit.models.remembered import remembered_spec

    remembered = remembered_spec(model)
    for each in not_empty(find_sources(source, spec.format)):
        intake = Intake(each, spec, is_label_needed=False, remembered=remembered)
        try:
            for taken in intake:
                if taken.faults and not spec.skip_invalid:
                    row = min(taken.faults)
                    raise DataError(
                        f"{intake.where(taken.rows, row)}: {taken.faults[row].removesuffix('.')}. "
                        "To leave such rows out: --skip-invalid."
                    )
                rows = pc.indices_nonzero(taken.texts.is_valid()).to_pylist()
                kept = [row for row in rows if row not in taken.faults]
                yield taken.texts.take(kept), [intake.where(taken.rows, row) for row in kept]
        finally:
            intake.close()


def _table(found: Drift) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("", "before", "now", "distance", "p", ""):
        table.add_column(name, justify="right" if name else "left")
    for each in found.shifts:
        p = f"{each.p_value:.3f}" if each.p_value >= 0.001 else "< 0.001"
        figures = plain(each.before), plain(each.now), f"{each.distance:.2f}", p
        table.add_row(plain(each.name), *figures, "drift" if each.is_drift else "")
    return table


def _as_values(found: Drift, strange: list[Strange]) -> dict[str, object]:
    return {
        "drift": bool(found.found),
        "sentence": found.sentence(),
        "n": found.n,
        "n_before": found.n_before,
        "level": found.level,
        "shifts": [
            {
                "name": each.name, "drift": each.is_drift, "distance": each.distance, "least_distance": each.least,
                "p_value": each.p_value, "before": each.before, "now": each.now,
            }
            for each in found.shifts
        ],
        "least_like_training": [
            {"where": each.where, "likeness": each.likeness, "text": each.text} for each in strange
        ],
    }  # fmt: skip
