"""`plaudit compare`: two models or more on the same texts, which none of them has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from plaudit.app.errors_as_lines import errors_as_lines, plain
from plaudit.app.options import AsJson, TestPart, reads_data
from plaudit.app.terminal import make_console, print_json, print_table, scoring_shown
from plaudit.config import DataSpec
from plaudit.errors import ConfigError, DataError, ModelError
from plaudit.wording import counted

if TYPE_CHECKING:
    from plaudit.app.run.own_run import Chosen
    from plaudit.evaluation import Answers, Interval
    from plaudit.evaluation.paired import Comparison
    from plaudit.models import Classifier


@errors_as_lines
@reads_data
@scoring_shown()
def compare(
    models: Annotated[list[Path], typer.Argument(help="Two models' folders or more, of the same classes.")],
    data: TestPart,
    as_json: AsJson = False,
    every_row: Annotated[bool, typer.Option("--all", help="Include rows that a model was trained on.")] = False,
    *,
    spec: DataSpec,
) -> None:
    """Compare two models or more on labelled texts, pair by pair, and print how they differ.

    Raises:
        ConfigError: There are fewer than two, or two are the same folder.
        ModelError: A model cannot be read, or the classes differ.
        DataError: The data cannot be read, or two models kept different texts of it for testing.
    """
    from plaudit.evaluation import count_opening
    from plaudit.evaluation.paired import compare_answers

    if len(models) < 2:
        raise ConfigError("compare: expected two models or more, and then the data.")
    texts, answers = answer_same_texts(models, data, every_row=every_row, spec=spec)
    found = [compare_answers(a, b) for a, b in combinations(answers, 2)]
    unanswered = [each.n_unanswered for each in answers]
    openings = [count_opening(folder, texts.counted, command="compare") for folder in models]
    names = _names(models)
    if len(models) > 2:
        _tell_several(names, answers, found, texts, unanswered, openings, as_json=as_json)
    elif as_json:
        a_and_b = dict(zip("ab", map(str, models), strict=True))
        sentence = found[0].sentence(*names)
        more = {"sentence": sentence, "unanswered": unanswered, "openings": openings, "data": texts.what}
        print_json({**a_and_b, **found[0].to_dict(), **more})
    else:
        _print(found[0], texts, names, answers, openings)


def answer_same_texts(
    folders: Sequence[Path], data: str, *, every_row: bool, spec: DataSpec
) -> tuple[Chosen, list[Answers]]:
    """Return labelled texts that none of one or more models was trained on, and each model's answers to them.

    Raises:
        ConfigError: Two are the same folder.
        ModelError: A model cannot be read, or the classes differ.
        DataError: The data cannot be read, or two models kept different texts of it for testing.
    """
    from plaudit.app.run.own_run import choose_texts
    from plaudit.evaluation import answer
    from plaudit.models import load

    for a, b in combinations(folders, 2):
        if a.resolve() == b.resolve():
            raise ConfigError(f"{a} and {b} are the same model.")
    classifiers = [load(folder) for folder in folders]
    for folder, classifier in zip(folders[1:], classifiers[1:], strict=True):
        _check_classes(classifiers[0], classifier, folders[0], folder)
    chosen = [
        choose_texts(
            folder, data,
            classes=classifier.class_names, multi_label=classifier.multi_label_, every_row=every_row, spec=spec,
        )
        for folder, classifier in zip(folders, classifiers, strict=True)
    ]  # fmt: skip
    texts = _common(chosen, folders, data)
    texts = _about_seen(texts, folders, every_row=every_row)
    return texts, [answer(classifier, texts.dataset) for classifier in classifiers]


def _about_seen(texts: Chosen, folders: Sequence[Path], *, every_row: bool) -> Chosen:
    """Leave out the texts that one of the models was trained on, or chosen by; of every row say how many they are.

    Raises:
        DataError: Those are all.
    """
    import numpy as np

    from plaudit.app.run.met import Met

    seen = np.zeros(len(texts.dataset), np.bool_)
    for folder in folders:
        if (met := Met.read(folder)) is not None:
            seen |= met.is_seen(texts.dataset)
    n_seen = int(seen.sum())
    if not n_seen:
        return texts
    if every_row:
        return replace(
            texts,
            what=f"{texts.what}, {n_seen:,} of which a model was trained or chosen on: the figures are optimistic",
        )
    if seen.all():
        raise DataError(
            f"{texts.what}: a model was trained on each of the {len(seen):,} texts; name other data, or take every row "
            "with --all."
        )
    what = f"{texts.what}, without {n_seen:,} that a model was trained or chosen on"
    kept = texts.dataset.take(np.flatnonzero(~seen))
    return replace(texts, dataset=kept, what=what, seen=None, opened=texts.counted)


def _check_classes(a: Classifier, b: Classifier, model_a: Path, model_b: Path) -> None:
    if a.multi_label_ != b.multi_label_:
        several, one = (model_a, model_b) if a.multi_label_ else (model_b, model_a)
        raise ModelError(f"{several} answers with sets of labels and {one} with one label a text.")
    lacking = [(name, model_b) for name in a.class_names if name not in b.class_names]
    lacking += [(name, model_a) for name in b.class_names if name not in a.class_names]
    if lacking:
        raise ModelError(
            f"{lacking[0][1]} has no class {lacking[0][0]!r}, which the other has; expected the same "
            "classes. Train both on the same labels (--merge-labels in both, if two look alike)."
        )


def _common(chosen: Sequence[Chosen], folders: Sequence[Path], data: str) -> Chosen:
    """Return the texts that no model was trained on: those that one kept for testing, if any did.

    Raises:
        DataError: Two kept different ones.
    """
    from plaudit.evaluation import fingerprint

    own = [(each, folder) for each, folder in zip(chosen, folders, strict=True) if each.is_own]
    first = fingerprint(own[0][0].dataset) if own else ""
    for each, folder in own[1:]:
        if fingerprint(each.dataset) != first:
            raise DataError(
                f"{data}: {own[0][1]} and {folder} hold out different test texts of it, so each was trained on some "
                "of the other's test texts: train both with the same --seed and --test, name other data, or take "
                "every row with --all."
            )
    return own[0][0] if own else chosen[0]


def _names(folders: Sequence[Path]) -> list[str]:
    """Return the folders' names, or the paths where two names are the same."""
    names = [folder.resolve().name for folder in folders]
    return names if len(set(names)) == len(names) else list(map(str, folders))


def _tell_several(
    names: Sequence[str],
    answers: Sequence[Answers],
    found: Sequence[Comparison],
    texts: Chosen,
    unanswered: Sequence[int],
    openings: Sequence[int],
    *,
    as_json: bool,
) -> None:
    """Print three models or more: the figures of each, and each pair with p values corrected for their number."""
    from plaudit.evaluation.paired import holm

    pairs, corrected = list(combinations(names, 2)), holm([each.p_value for each in found])
    rows = zip(pairs, found, corrected, strict=True)
    said = [each.sentence(a, b, corrected=p) for (a, b), each, p in rows]
    accuracies = [each.accuracy_interval for each in answers]
    if as_json:
        models = [
            {
                "name": name,
                "accuracy": float(each.right.mean()),
                "accuracy_interval_95": interval.to_list(),
                "loss": float(each.losses.mean()),
                "unanswered": n,
                "openings": opened,
            }
            for name, each, interval, n, opened in zip(names, answers, accuracies, unanswered, openings, strict=True)
        ]
        told = [
            {"a": a, "b": b, **each.to_dict(), "p_value_corrected": p, "sentence": sentence}
            for (a, b), each, p, sentence in zip(pairs, found, corrected, said, strict=True)
        ]
        print_json({"n": found[0].n, "data": texts.what, "models": models, "pairs": told})
        return
    console = make_console()
    console.print(f"{texts.what}  ({counted(found[0].n, 'text')})", markup=False)
    print_table(console, _table_of_several(names, answers, accuracies))
    console.print(f"\nEach of the {len(pairs)} pairs, p corrected for their number (Holm's method):")
    for sentence in said:
        console.print(f"  {plain(sentence)}", markup=False)
    if max(openings) > 1:
        console.print(
            f"\nThese texts have now been opened up to {max(openings)} times for a model: choosing by them makes the "
            "best figure optimistic, more so with more models."
        )


def _of_answered(answers: Answers) -> str:
    """Return the share that is right of the texts that were answered."""
    return f"{answers.right.sum() / answers.n_answered:.4f}" if answers.n_answered else "–"


def _table_of_several(names: Sequence[str], answers: Sequence[Answers], accuracies: Sequence[Interval]) -> Table:
    """Return a row a model."""
    table = Table(box=None, padding=(0, 2))
    for heading in ("", "accuracy", "95 % interval", "loss", "no answer"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, each, interval in zip(names, answers, accuracies, strict=True):
        span = f"{interval.low:.4f} to {interval.high:.4f}"
        n = each.n_unanswered
        figures = f"{each.right.mean():.4f}", span, f"{each.losses.mean():.4f}", f"{n:,}" if n else ""
        table.add_row(escape(plain(name)), *figures)
    return table


def _print(
    found: Comparison, texts: Chosen, names: Sequence[str], answers: Sequence[Answers], openings: Sequence[int]
) -> None:
    a, b = map(plain, names)
    console = make_console()
    console.print(f"{texts.what}  ({counted(found.n, 'text')})", markup=False)
    rows = (
        ("accuracy", found.accuracy, found.accuracy_difference, found.accuracy_interval),
        ("loss", found.loss, found.loss_difference, found.loss_interval),
    )
    table = Table(box=None, padding=(0, 2))
    for heading in ("", "A", "B", "A minus B", "95 % interval"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, figures, difference, interval in rows:
        span = "too few texts" if interval is None else f"{interval.low:+.4f} to {interval.high:+.4f}"
        table.add_row(name, *(f"{figure:.4f}" for figure in figures), f"{difference:+.4f}", span)
    console.print(f"  A: {a}\n  B: {b}", markup=False)
    print_table(console, table)
    counts = Table(title="texts", title_style="dim", title_justify="left", box=None, padding=(0, 2))
    for heading in ("", "B right", "B wrong"):
        counts.add_column(heading, justify="right" if heading else "left")
    counts.add_row("A right", f"{found.both_right:,}", f"{found.only_a_right:,}")
    counts.add_row("A wrong", f"{found.only_b_right:,}", f"{found.neither_right:,}")
    print_table(console, counts)
    for name, each in zip("AB", answers, strict=True):
        if n := each.n_unanswered:
            console.print(
                f"{name} gave no answer to {counted(n, 'text, which counts', 'texts, which count')} as wrong here; "
                f"evaluate and gate give the accuracy of the {each.n_answered:,} answered ({_of_answered(each)}).",
                markup=False,
            )
    console.print(f"\n{found.sentence(a, b)}", markup=False)
    if max(openings) > 1:
        console.print(
            f"These texts have now been opened {counted(openings[0], 'time')} for A and "
            f"{counted(openings[1], 'time')} for B: choosing by them makes the better figure optimistic."
        )
