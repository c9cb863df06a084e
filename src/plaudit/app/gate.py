"""What `plaudit gate` does: a model's figures against what is required of them, for a pipeline that releases models.

The decision to question: a requirement is of the figure, and `--certain` of its whole interval. The first lets about
half of the models pass that are exactly as good as required; the second asks for more texts instead of more luck.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plaudit.app.compare import answer_same_texts
from plaudit.app.errors_as_lines import errors_as_lines, plain
from plaudit.app.options import AsJson, Model, TestPart, reads_data
from plaudit.app.terminal import figure_note, make_console, print_json, scoring_shown
from plaudit.config import DataSpec
from plaudit.errors import ConfigError
from plaudit.wording import counted

if TYPE_CHECKING:
    from plaudit.evaluation import Answers, Interval, Metrics, MultiLabelMetrics

_FAILED = 1
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt,
}  # fmt: skip
_REQUIREMENT = re.compile(r"\s*([a-z_0-9]+)(?::(.+?))?\s*(>=|<=|>|<)\s*([-+.\d eE]+?)\s*(%?)\s*")
_OF_A_CLASS = ("precision", "recall", "f1")
_OF_ANSWERED = {"accuracy", "balanced_accuracy", "f1_macro", "precision_macro", "recall_macro"}


@dataclass(frozen=True)
class Requirement:
    """What must hold.

    Attributes:
        said: As the user wrote it.
        figure: A key of metrics.json, or one of precision, recall, f1 where it is of a class.
        of_class: The class; None for a figure of all.
        sign: How the figure compares with the bound: >=, <=, > or <.
        bound: What it is compared with.
    """

    said: str
    figure: str
    of_class: str | None
    sign: str
    bound: float

    @classmethod
    def of(cls, said: str) -> Requirement:
        """Read one.

        Raises:
            ConfigError: It is none.
        """
        from plaudit.evaluation.figures import BEFORE, FIGURES
        from plaudit.plugins import plugin_names

        found = _REQUIREMENT.fullmatch(said)
        try:
            bound = float(found[4]) if found else math.nan
        except ValueError:
            bound = math.nan
        if found is None or math.isnan(bound):
            raise ConfigError(f"--require {said!r}: expected a figure, >= or <=, and a number, like 'accuracy>=0.9'.")
        name, of_class = found[1], found[2]
        names = (*(each.name for each in FIGURES), "coverage", *plugin_names("plaudit.metrics"))
        figures = {name: name for name in names} | BEFORE
        known = _OF_A_CLASS if of_class is not None else figures
        if name not in known:
            raise ConfigError(
                f"--require {said!r}: there is no figure {name!r}; expected one of "
                f"{', '.join(names)}, or of a class "
                f"{', '.join(f'{each}:CLASS' for each in _OF_A_CLASS)}."
            )
        figure = name if of_class is not None else figures[name]
        return cls(said.strip(), figure, of_class, found[3], bound / 100 if found[5] else bound)


@dataclass(frozen=True)
class Judged:
    """Whether a requirement holds: the figure (None where it cannot be measured), its interval, and the words."""

    said: str
    is_met: bool
    figure: float | None
    interval: Interval | None
    words: str


@errors_as_lines
@reads_data
@scoring_shown()
def gate(
    model: Model,
    data: TestPart,
    require: Annotated[
        list[str] | None,
        typer.Option(help="A requirement, such as 'accuracy>=0.9' or 'recall:urgent>=0.8'; repeat for more."),
    ] = None,
    no_worse_than: Annotated[
        Path | None, typer.Option(help="Another model's folder: fail if it is significantly better.")
    ] = None,
    certain: Annotated[
        bool,
        typer.Option("--certain", help="The whole 95 % interval must meet each requirement, not the figure alone."),
    ] = False,
    as_json: AsJson = False,
    every_row: Annotated[bool, typer.Option("--all", help="Include rows that a model was trained on.")] = False,
    *,
    spec: DataSpec,
) -> None:
    """Check a model, print what holds and what does not, and end with 1 if something does not.

    Raises:
        ConfigError: Nothing is required, or a requirement cannot be read.
        PlauditError: A model or the data cannot be read, or do not fit each other.
        typer.Exit: With 1, a requirement is not met.
    """
    from plaudit.evaluation import count_opening
    from plaudit.evaluation.thresholds import LEAST_COVERAGE

    if not require and no_worse_than is None:
        raise ConfigError("gate: nothing is required; give --require 'accuracy>=0.9' or --no-worse-than MODEL.")
    wanted = [Requirement.of(each) for each in require or []]
    folders = [model, *([no_worse_than] if no_worse_than is not None else [])]
    texts, answers = answer_same_texts(folders, data, every_row=every_row, spec=spec)
    metrics = answers[0].measure()
    findings = [_check(each, metrics, answers[0], certain=certain) for each in wanted]
    if no_worse_than is not None:
        findings.append(_compared(answers, model, no_worse_than))
    openings = [count_opening(folder, texts.counted, command="gate") for folder in folders]
    is_met = all(each.is_met for each in findings)
    if as_json:
        told = [
            {
                "required": each.said,
                "met": each.is_met,
                "figure": each.figure,
                "interval_95": None if each.interval is None else each.interval.to_list(),
                "sentence": each.words,
            }
            for each in findings
        ]
        opened = {"openings": openings[0]} | ({"openings_of_other": openings[1]} if len(openings) > 1 else {})
        of = {"n": metrics.n, "n_answered": answers[0].n_answered}
        print_json({"met": is_met, **of, "data": texts.what, "requirements": told, **opened})
    else:
        console = make_console()
        n, n_answered = counted(metrics.n, "text"), answers[0].n_answered
        said = n if n_answered == metrics.n else f"{n}, {n_answered:,} of them answered"
        console.print(f"{texts.what}  ({said})", markup=False)
        for each in findings:
            console.print(f"  {'met' if each.is_met else 'NOT MET'}: {plain(each.words)}", markup=False)
        if n_answered < LEAST_COVERAGE * metrics.n:
            console.print(
                f"Warning: the model's rule leaves most texts without an answer: {n_answered:,} of {n} are answered. "
                "Require a share of them too: --require 'coverage>=0.8'.",
                markup=False,
            )
        if max(openings) > 1:
            other = f", {counted(openings[1], 'time')} for {plain(str(no_worse_than))}" if len(openings) > 1 else ""
            console.print(
                f"These texts have now been opened {counted(openings[0], 'time')} for {plain(str(model))}{other}: "
                "a model that is changed until it passes makes the figures optimistic.",
                markup=False,
            )
    if not is_met:
        raise typer.Exit(_FAILED)


def _check(wanted: Requirement, metrics: Metrics | MultiLabelMetrics, answers: Answers, *, certain: bool) -> Judged:
    from plaudit.evaluation.figures import figure_key

    figure, interval = _figure(wanted, metrics, answers)
    if figure is None:
        return Judged(wanted.said, False, None, None, f"{wanted.said}: these texts cannot measure it.")
    holds = _COMPARED[wanted.sign]
    span = "" if interval is None else f" ({interval.low:.4f} to {interval.high:.4f})"
    worst = None if interval is None else interval.low if wanted.sign in (">", ">=") else interval.high
    is_sure = worst is not None and holds(worst, wanted.bound)
    is_met = holds(figure, wanted.bound) and (is_sure or not certain)
    words = f"{wanted.said}: it is {figure:.4f}{span}"
    note = "" if wanted.of_class else figure_note(answers, figure_key(wanted.figure, of_sets=answers.multi_label))
    words += f", {note}" if note else ""
    if wanted.of_class is not None or wanted.figure in _OF_ANSWERED:
        n = answers.n_answered
        words += "" if n == len(answers) else f", of the {counted(n, 'text')} answered ({100 * n / len(answers):.0f} %)"
    if holds(figure, wanted.bound) and not is_sure:
        words += "; the texts are too few to be sure of it"
    return Judged(wanted.said, is_met, figure, interval, f"{words}.")


def _figure(
    wanted: Requirement, metrics: Metrics | MultiLabelMetrics, answers: Answers
) -> tuple[float | None, Interval | None]:
    """Return a figure and its interval, None where there is none."""
    from plaudit.evaluation import Interval
    from plaudit.evaluation.figures import figure_key

    said = metrics.to_dict()
    if wanted.of_class is None:
        key = figure_key(wanted.figure, of_sets=answers.multi_label)
        further = {metric.name: value for metric, value in answers.further.items() if not math.isnan(value)}
        value = said.get(key, further.get(wanted.figure))
        interval = metrics.intervals.get(key)
        return (
            float(value) if isinstance(value, int | float) else None,
            interval if isinstance(interval, Interval) else None,
        )
    if wanted.of_class not in answers.classes:
        known = ", ".join(answers.classes[:8]) + (", …" if len(answers.classes) > 8 else "")
        raise ConfigError(f"--require {wanted.said!r}: the model has no class {wanted.of_class!r}, only {known}.")
    key = "f1_by_class" if wanted.figure == "f1" and not answers.multi_label else wanted.figure
    of_classes, intervals = said[key], metrics.intervals.get(key)
    assert isinstance(of_classes, dict)
    own = intervals[answers.classes.index(wanted.of_class)] if isinstance(intervals, tuple) else None
    return of_classes[wanted.of_class], own


def _compared(answers: Sequence[Answers], model: Path, other: Path) -> Judged:
    from plaudit.evaluation.paired import SIGNIFICANT, compare_answers

    found = compare_answers(*answers)
    is_worse = found.accuracy_difference < 0 and found.p_value < SIGNIFICANT
    names = [folder.resolve().name for folder in (model, other)]
    a, b = names if names[0] != names[1] else (str(model), str(other))
    said = f"no worse than {b}"
    sentence = found.sentence(a, b)
    return Judged(said, not is_worse, found.accuracy_difference, found.accuracy_interval, f"{said}: {sentence}")
