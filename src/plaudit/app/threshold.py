"""`plaudit threshold`: choose a model's decision rule on its validation texts, show it, or take it back."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from plaudit.app.errors_as_lines import errors_as_lines, plain
from plaudit.app.options import AsJson, Model, reads_data
from plaudit.app.terminal import make_console, print_json, print_table, scoring_shown
from plaudit.budget import read_document
from plaudit.config import DataSpec
from plaudit.data.publish import publish_file
from plaudit.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from rich.console import Console

    from plaudit.evaluation import RuleChoice
    from plaudit.evaluation.threshold_table import Step
    from plaudit.models import Classifier
    from plaudit.models.rules import DecisionRule


@errors_as_lines
@reads_data
@scoring_shown()
def threshold(
    model: Model,
    data: Annotated[
        str | None, typer.Argument(help="Labelled texts to choose on. [the model's own validation texts]")
    ] = None,
    f1: Annotated[bool, typer.Option("--f1", help="The best F1; multi-label: a threshold for each label.")] = False,
    recall: Annotated[
        float | None, typer.Option(help="The best precision with at least this recall; multi-label: of each label.")
    ] = None,
    precision: Annotated[
        float | None, typer.Option(help="The best recall with at least this precision; multi-label: of each label.")
    ] = None,
    abstain: Annotated[
        float | None, typer.Option(help="Answer as many texts as possible with this accuracy, and no others.")
    ] = None,
    per_class: Annotated[
        bool, typer.Option("--per-class", help="With --abstain, --precision or --recall: a threshold for each class.")
    ] = False,
    costs: Annotated[
        str | None,
        typer.Option(
            help='Costs of mistakes, as JSON or a file: {"TRUE": {"ANSWERED": 10}}; of sets of labels {"missed": 5} or '
            '{"LABEL": {"wrong": 1, "missed": 5}}. [each 1]'
        ),
    ] = None,
    ordinal: Annotated[
        bool, typer.Option("--ordinal", help="Ordered classes: the answer with the smallest expected error.")
    ] = False,
    unlike: Annotated[
        float | None,
        typer.Option(
            help="No answer to texts unlike the training texts; the share of normal texts wrongly refused (0.01)."
        ),
    ] = None,
    of: Annotated[
        str | None, typer.Option("--class", help="The class of --f1, --recall or --precision. [the second of two]")
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Save the rule in the model. [only show its effect]")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Restore the rule before the last change.")] = False,
    reset: Annotated[
        bool, typer.Option("--reset", help="Remove the rule: always answer the most probable class.")
    ] = False,
    as_json: AsJson = False,
    *,
    spec: DataSpec,
) -> None:
    """Propose, write, show or take back a rule; the model changes with `apply`, `undo` and `reset` alone."""
    from plaudit.app.run.own_run import choosing_texts
    from plaudit.evaluation import choose_rule
    from plaudit.models import load

    goals = {
        "f1": f1, "recall": recall, "precision": precision, "abstain": abstain, "costs": costs, "of": of,
        "per_class": per_class, "unlike": unlike, "ordinal": ordinal,
    }  # fmt: skip
    given: dict[str, Any] = {name: value for name, value in goals.items() if value not in (None, False)}
    if (reset or undo) and (given or data is not None or apply or (reset and undo)):
        one = "--reset" if reset else "--undo"
        raise ConfigError(f"threshold: {one} changes the rule back, and accepts no other option and no data.")
    classifier = load(model)
    if not given:
        if data is not None or apply:
            raise ConfigError(
                "threshold: choose a goal: --f1, --recall, --precision, --abstain, --costs, --ordinal or --unlike."
            )
        if undo or reset:
            _take_back(model, classifier, undo=undo)
        _show(classifier, {}, as_json=as_json)
        return
    if "costs" in given:
        given["costs"] = _read_costs(given["costs"])
    if given.pop("ordinal", False):
        if "costs" in given:
            raise ConfigError("threshold: --ordinal sets the costs; leave out --costs.")
        given["costs"] = _costs_of_grades(model, classifier)
    names, multi_label = classifier.class_names, classifier.multi_label_
    chosen = choosing_texts(model, data, classes=names, multi_label=multi_label, spec=spec)
    choice = choose_rule(classifier, chosen.dataset, logits=chosen.logits, **given)
    before = classifier.rule_
    classifier.set_rule(choice.rule)
    if apply:
        remember_rule(model, before)
        _write(model, classifier)
    _show(classifier, {**_facts(choice, chosen.what), "applied": apply}, as_json=as_json, is_proposed=not apply)
    if not as_json:
        _print_reached(choice, chosen.what, is_applied=apply, multi_label=multi_label)


def _take_back(model: Path, classifier: Classifier, *, undo: bool) -> None:
    """Give the model the rule before the last change, or none."""
    before = classifier.rule_
    if undo:
        classifier.set_rule(last_rule(model, classifier))
    else:
        classifier.set_rule(None)
        if before is not None:
            remember_rule(model, before)
    _write(model, classifier)


def _costs_of_grades(model: Path, classifier: Classifier) -> dict[str, dict[str, float]]:
    """Return what a mistake costs where the classes are grades: how far off it is.

    Raises:
        ConfigError: They are none.
    """
    from plaudit.evaluation.ordinal import ordinal_costs

    if classifier.multi_label_:
        raise ConfigError("threshold: --ordinal: an answer is a set of labels, not one grade.")
    costs = ordinal_costs(classifier.class_names)
    if costs is None:
        raise ConfigError(f"threshold: --ordinal: {model}'s classes are not grades, each with one number.")
    return costs


def _write(model: Path, classifier: Classifier) -> None:
    from plaudit.models.artifact import write_rule

    rule = classifier.rule_
    write_rule(model, None if rule is None else rule.to_dict())
    _rewrite_card(model, classifier)


def _show(classifier: Classifier, facts: dict[str, Any], *, as_json: bool, is_proposed: bool = False) -> None:
    """Print the rule that the model has, or would have."""
    rule = classifier.rule_
    if as_json:
        version = {} if rule is None else {"rule_version": rule.version}
        print_json({"rule": None if rule is None else rule.to_dict(), **version, **facts})
        return
    usual = "every label above 0.5 is given" if classifier.multi_label_ else "the most probable class is answered"
    line = f"none; {usual}" if rule is None else rule.describe(classifier.class_names)
    if rule is not None and rule.is_needless and is_proposed:
        line = f"none; {line}"
    make_console().print(f"{'Proposed rule' if is_proposed else 'Decision rule'}: {plain(line)}.", markup=False)


def _facts(choice: RuleChoice, what: str) -> dict[str, Any]:
    reached = {
        name: {
            "value": figure.value,
            "interval_95": None if figure.interval is None else figure.interval.to_list(),
            "without_rule": figure.before,
        }
        for name, figure in choice.reached.items()
    }
    return {
        "of": choice.of,
        "data": what,
        "n": choice.n,
        "reached": reached,
        "notes": list(choice.notes),
        "thresholds": [step.to_dict() for step in choice.steps],
    }


def _print_reached(choice: RuleChoice, what: str, *, is_applied: bool, multi_label: bool) -> None:
    console: Console = make_console()
    of = "" if choice.of is None else f", of {plain(choice.of)!r}"
    console.print(f"\n{plain(what)}{of}", markup=False)
    width = max(map(len, choice.reached))
    for name, figure in choice.reached.items():
        bounds, value, before = figure.interval, *map(_number, (figure.value, figure.before))
        few = "no text" if figure.value is None else "too few texts for an interval"
        interval = few if bounds is None else f"95 % interval {bounds.low:.4f} to {bounds.high:.4f}"
        line = f"  {name:<{width}}  {value}  ({interval}; without the rule {before})"
        console.print(line, markup=False)
    if choice.steps:
        console.print(shares_line(choice.about, multi_label=multi_label), style="dim", markup=False)
        print_table(console, steps_table(choice.steps, choice.about, multi_label=multi_label))
    for note in choice.notes:
        console.print(f"note: {plain(note)}", markup=False)
    if choice.rule.is_needless and not is_applied:
        return
    if choice.is_chosen:
        console.print(
            "\nThe rule was chosen on these texts, so the figures are optimistic, more so with fewer texts or more "
            "thresholds."
        )
    console.print(
        "predict, evaluate and the server follow it from now on; --undo reverts it."
        if is_applied
        else "Nothing was changed: the same command with --apply writes it into the model."
    )


def _read_costs(given: str) -> Any:  # Any: JSON, which `choose_rule` checks
    """Return costs given as JSON, or as a file of it."""
    is_inline = given.lstrip().startswith("{")
    text = given
    if not is_inline:
        try:
            text = read_document(given)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not text in UTF-8"
            raise ConfigError(f"--costs {given[:200]}: neither JSON nor a file that can be read: {reason}.") from error
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        where = "--costs" if is_inline else given
        raise ConfigError(
            f'{where}: not JSON ({error}); expected {{"true class": {{"answered class": cost}}}}.'
        ) from error


def _rewrite_card(model: Path, classifier: Classifier) -> None:
    """Say the rule in the model card; a card that is not there, or not ours any more, is left as it is."""
    from plaudit.report import with_rule
    from plaudit.report.card import CARD

    path = model / CARD
    rule = None if classifier.rule_ is None else classifier.rule_.describe(classifier.class_names) + "."
    if not path.is_file():
        return
    with contextlib.suppress(OSError, ValueError):
        card = read_document(path)
        path.write_text(with_rule(card, rule, multi_label=classifier.multi_label_), encoding="utf-8")


def _number(figure: float | None) -> str:
    return "–" if figure is None else f"{figure:.4f}"


_WIDTH = 24  # characters that stand for all


def shares_line(about: str | None, *, multi_label: bool) -> str:
    """Say what the shares of `steps_table` are of; the arguments are its own."""
    if multi_label:
        means = "the same for each label; given: of all pairs of a text and a label the share that is given; accuracy: "
        return f"other thresholds, {means}of whole sets"
    if about is not None:
        return f"other thresholds; given: the share of the texts that are given {plain(about)!r}"
    return "other thresholds; coverage: the share of the texts that are answered; accuracy: of those answers"


def steps_table(steps: Sequence[Step], about: str | None, *, multi_label: bool) -> Table:
    """Return a line for each threshold, or for several of one effect, with a picture: a bar and a mark.

    Args:
        steps: The thresholds.
        about: The class that they decide about; None for a threshold below which there is no answer, and for sets.
        multi_label: Whether the same threshold is that of each label of a set.
    """
    is_given = multi_label or about is not None
    bar, mark = ("given", "precision") if is_given else ("coverage", "accuracy")
    table = Table(box=None)
    for heading in ("threshold", bar, "accuracy", *(("precision", "recall") if is_given else ())):
        table.add_column(heading, justify="right")
    table.add_column(f"{bar} ===, {mark} |")

    def effect(step: Step) -> tuple[Any, ...]:  # Any: figures
        return (step.coverage, step.accuracy, step.precision, step.recall, step.proposed)

    for figures, alike in groupby(steps, effect):
        first, *more = alike
        threshold = f"{first.threshold:.2f} to {more[-1].threshold:.2f}" if more else f"{first.threshold:.2f}"
        if first.proposed:
            threshold = f"the rule's {first.threshold:.4f}"
        shown = figures[:4] if is_given else figures[:2]
        table.add_row(threshold, *map(_number, shown), _picture(figures[0], figures[2 if is_given else 1]))
    return table


def _picture(bar: float, mark: float | None) -> str:
    line = list("=" * round(bar * _WIDTH) + " " * (_WIDTH + 1 - round(bar * _WIDTH)))
    if mark is not None:
        line[round(mark * _WIDTH)] = "|"
    return "".join(line).rstrip()


HISTORY = "rule_history.json"
_MOST = 50  # rules that are kept


def remember_rule(folder: Path, rule: DecisionRule | None) -> None:
    """Put the rule that a model has until now, None for none, at the end of its history."""
    entries = [*_read(folder), {"rule": None if rule is None else rule.to_dict()}][-_MOST:]
    publish_file(folder / HISTORY, (json.dumps(entries, indent=1) + "\n").encode())


def last_rule(folder: Path, classifier: Classifier) -> DecisionRule | None:
    """Return the rule before the last change, and take it from the history.

    Raises:
        ModelError: There is none to go back to, or the history is damaged.
    """
    from plaudit.models.rules import rule_from_manifest

    entries = _read(folder)
    if not entries:
        raise ModelError(f"{folder}: its rule was never changed by `plaudit threshold --apply`; nothing to undo.")
    last = entries.pop()
    where = str(folder / HISTORY)
    if not isinstance(last, dict):
        raise ModelError(f"{where}: damaged; remove it, and remove the rule with --reset.")
    rule = rule_from_manifest(
        last.get("rule"), len(classifier.classes_), multi_label=classifier.multi_label_, where=where
    )
    if entries:
        publish_file(folder / HISTORY, (json.dumps(entries, indent=1) + "\n").encode())
    else:
        (folder / HISTORY).unlink(missing_ok=True)
    return rule


def _read(folder: Path) -> list[Any]:  # Any: JSON
    path = folder / HISTORY
    if not path.is_file():
        return []
    try:
        found = json.loads(read_document(path))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(
            f"{path}: damaged or not JSON ({error}); remove it, and remove the rule with --reset."
        ) from error
    return found if isinstance(found, list) else []
