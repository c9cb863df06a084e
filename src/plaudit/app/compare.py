"""`plaudit compare`: two models on the same texts, none of which either has seen."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from plaudit.app.plain import plain
from plaudit.app.scoring_bar import scoring_shown
from plaudit.app.terminal import make_console, print_json, print_table
from plaudit.app.test_part import Chosen, choose_texts
from plaudit.config import DataSpec
from plaudit.errors import ConfigError, DataError, ModelError
from plaudit.evaluation import answer, count_opening, fingerprint
from plaudit.evaluation.paired import Comparison, compare_answers
from plaudit.models import Classifier, load


@scoring_shown()
def compare(
    model_a: Path,
    model_b: Path,
    data: str,
    *,
    as_json: bool,
    every_row: bool,
    spec: DataSpec,
) -> None:
    """Compare two models on labelled texts, and print how they differ.

    Args:
        model_a: A folder.
        model_b: Another.
        data: A data set's name or a path.
        as_json: Print one JSON object.
        every_row: Also rows that a model was trained on.
        spec: How `data` are read.

    Raises:
        ConfigError: Both are the same folder.
        ModelError: A model cannot be read, or their classes differ.
        DataError: The data cannot be read, or each model kept other texts of it for testing.
    """
    if model_a.resolve() == model_b.resolve():
        raise ConfigError(f"compare: {model_a} and {model_b} are the same model.")
    a, b = load(model_a), load(model_b)
    _check_classes(a, b, model_a, model_b)
    chosen = [
        choose_texts(
            folder,
            data,
            classes=classifier.class_names,
            multi_label=classifier.multi_label_,
            every_row=every_row,
            spec=spec,
        )
        for folder, classifier in ((model_a, a), (model_b, b))
    ]
    texts = _common(chosen, (model_a, model_b), data)
    answers = answer(a, texts.dataset), answer(b, texts.dataset)
    found = compare_answers(*answers)
    unanswered = [each.n_unanswered for each in answers]
    openings = [count_opening(folder, texts.dataset, command="compare") for folder in (model_a, model_b)]
    if as_json:
        models = {"a": str(model_a), "b": str(model_b)}
        sentence = found.sentence(*_names(model_a, model_b))
        more = {"sentence": sentence, "unanswered": unanswered, "openings": openings, "data": texts.what}
        print_json({**models, **found.to_dict(), **more})
        return
    _print(found, texts, model_a, model_b, unanswered, openings)


def _check_classes(a: Classifier, b: Classifier, model_a: Path, model_b: Path) -> None:
    if a.multi_label_ != b.multi_label_:
        several, one = (model_a, model_b) if a.multi_label_ else (model_b, model_a)
        raise ModelError(f"compare: {several} answers with sets of labels and {one} with one label a text.")
    lacking = [(name, model_b) for name in a.class_names if name not in b.class_names]
    lacking += [(name, model_a) for name in b.class_names if name not in a.class_names]
    if lacking:
        raise ModelError(
            f"compare: {lacking[0][1]} has no class {lacking[0][0]!r}, which the other has; expected the same classes."
        )


def _common(chosen: list[Chosen], folders: tuple[Path, Path], data: str) -> Chosen:
    """Return the texts that neither model was trained on: those that one kept for testing, if either did.

    Raises:
        DataError: Each kept others.
    """
    own = [each for each in chosen if each.is_own] or chosen
    if len({fingerprint(each.dataset) for each in own}) > 1:
        raise DataError(
            f"{data}: {folders[0]} and {folders[1]} kept different texts of it for testing, so that each was trained "
            "on test texts of the other: train both with the same --seed and --test, name other data, or take every "
            "row with --all."
        )
    return own[0]


def _names(a: Path, b: Path) -> tuple[str, str]:
    """Return the folders' names, or the paths where the names are the same."""
    names = a.resolve().name, b.resolve().name
    return names if names[0] != names[1] else (str(a), str(b))


def _print(
    found: Comparison, texts: Chosen, model_a: Path, model_b: Path, unanswered: list[int], openings: list[int]
) -> None:
    a, b = (plain(name) for name in _names(model_a, model_b))
    console = make_console()
    console.print(f"{texts.what}  ({found.n:,} texts)", markup=False)
    rows = (
        ("accuracy", found.accuracy, found.accuracy_difference, found.accuracy_interval),
        ("loss", found.loss, found.loss_difference, found.loss_interval),
    )
    table = Table(box=None, padding=(0, 2))
    for heading in ("", "A", "B", "A minus B", "95 % interval"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, figures, difference, interval in rows:
        span = f"{interval.low:+.4f} to {interval.high:+.4f}"
        table.add_row(name, *(f"{figure:.4f}" for figure in figures), f"{difference:+.4f}", span)
    console.print(f"  A: {a}\n  B: {b}", markup=False)
    print_table(console, table)
    counts = Table(title="texts", title_style="dim", title_justify="left", box=None, padding=(0, 2))
    for heading in ("", "B right", "B wrong"):
        counts.add_column(heading, justify="right" if heading else "left")
    counts.add_row("A right", f"{found.both_right:,}", f"{found.only_a_right:,}")
    counts.add_row("A wrong", f"{found.only_b_right:,}", f"{found.neither_right:,}")
    print_table(console, counts)
    for name, n in zip("AB", unanswered, strict=True):
        if n:
            console.print(f"{name} gave no answer to {n:,} texts, which count as not right.")
    console.print(f"\n{found.sentence(a, b)}", markup=False)
    if max(openings) > 1:
        console.print(
            f"These texts have now been opened {openings[0]} times for A and {openings[1]} times for B: choosing by "
            "them makes the better figure optimistic."
        )
