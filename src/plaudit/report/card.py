"""The model card: README.md in a model's folder, for whoever finds it later (Mitchell et al. 2019, "Model Cards").

Whatever comes from the data, from a folder's name or from a report.json is escaped (`report.markdown`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from plaudit.report.markdown import block, code, plain
from plaudit.report.verdict import Said, headline, opened_line, verdict
from plaudit.wording import counted

if TYPE_CHECKING:
    from plaudit.report.facts import AuditFacts, Figure, Measured, ReportFacts

CARD = "README.md"
_SLICES = {"characters": "length in characters"}
_MOST_CLASSES = 8  # named with their texts

_TEMPLATE = """\
# {title}

A text classifier made by Plaudit {version}: it reads a text and answers {answers}
{classes}. In this folder:

```python
import plaudit

model = plaudit.load(".")
model.predict(["a text", "another"])
```

or `plaudit predict . "a text"`. `report.html` shows the same, with plots and examples.

## The verdict

{headline}

{verdict}

## Data

{data}

What a quick check of every text found:

{audit}

## How good it is

{heading}
{figures}

{meaning}{optimistic}The test texts were opened {openings}, after
everything was decided. The interval (Wilson) takes texts as independent; it says nothing about texts of another kind.

{story}{slices}
## When to rely on it

{calibration}{rule}

## The model

{summary}

{built}

## Again

`run.toml` holds every setting, the seed and the versions. In this folder
`plaudit train --config run.toml --output NEW` gives these weights again. `model.json`
lists every file that scoring needs, with its SHA-256.
"""

_OPENED = re.compile(
    r"The test texts were opened (?:once|[0-9]+ times(?:, the first time)?)(?=,? after$)", re.MULTILINE
)
_RULE = "Decision rule: "
_NO_RULE = "none; {default} is answered."
_COLUMNS = ("", "texts", "accuracy", "95 % interval", "log loss")
_SETS_MEANING = """\
Accuracy is the share of texts whose whole set of labels is right. Macro-F1 is the mean of the classes' F1, micro-F1
that of all labels together; a label is given when its probability is above 0.5.

"""


def model_card(facts: ReportFacts, *, title: str, openings: int) -> str:
    """Return the card as Markdown: the facts of the report without its texts.

    Args:
        facts: What it says.
        title: What the model is called.
        openings: How often the test texts have been looked at.
    """
    multi_label, run = facts.multi_label, facts.run
    settings = ", ".join(f"{name} = {value}" for name, value in run.settings.items())
    rows = [_row(name, each, facts) for name, each in (("validation", facts.validation), ("test", facts.test.measured))]
    if facts.test.unseen is not None:
        rows.append(_row("test, texts not seen in training", facts.test.unseen, facts))
    if facts.test.crossed is not None:
        rows.append(_row("cross-validated, all texts", facts.test.crossed, facts))
    trained = [f"Trained on {plain(run.date)} (UTC)."] if run.date else []
    lines = [_item(each) for each in verdict(facts, openings=openings)]
    return _TEMPLATE.format(
        title=plain(title) or "A model",
        version=plain(run.plaudit_version),
        answers="with a set of labels, none to all of" if multi_label else "one of",
        heading=_heading(facts),
        meaning=_SETS_MEANING if multi_label else "",
        classes=", ".join(map(code, facts.classes)),
        headline=plain(headline(facts)),
        verdict="\n".join(lines),
        data="\n".join(f"- {plain(line)}" for line in _data_lines(facts)),
        audit=_audit(facts.audit),
        figures="\n".join(rows),
        openings=_times(openings),
        optimistic="The validation texts chose the epoch, so their figure is optimistic. " if facts.curves else "",
        story=f"\n{plain(run.story)}\n" if run.story else "",
        slices=_slices(facts),
        calibration=_calibration(facts) + "\n\n",
        rule=_RULE + _default_rule(multi_label=multi_label),
        summary=block(run.summary),
        built="\n\n".join([f"Recipe: {plain(run.recipe)}; {code(settings)}", *map(plain, run.provenance), *trained]),
    )


def with_rule(card: str, rule: str | None, *, multi_label: bool) -> str:
    """Return a card with another decision rule in it, None for none; one that has no line for it, as it stands."""
    line = _RULE + (
        f"{plain(rule)} The figures above are without it." if rule else _default_rule(multi_label=multi_label)
    )
    return "\n".join(line if old.startswith(_RULE) else old for old in card.split("\n"))


def with_openings(card: str, facts: ReportFacts, openings: int) -> str:
    """Return a card that says how often the test texts have been opened by now; what else it says stays."""
    opened = opened_line(facts, openings)
    card = _OPENED.sub(f"The test texts were opened {_times(openings)}", card)
    return "\n".join(
        _item(opened) if line.startswith(f"- {plain(opened.topic)}: ") else line for line in card.split("\n")
    )


def _item(said: Said) -> str:
    return f"- {plain(said.topic)}: {plain(said.text)}"


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n} times, the first time"


def _default_rule(*, multi_label: bool) -> str:
    return _NO_RULE.format(default="every label above 0.5" if multi_label else "the most probable class")


def _data_lines(facts: ReportFacts) -> Iterator[str]:
    """Yield a line a part, and one more for what is odd: texts that it shares with training, classes with too few."""
    for part in facts.parts:
        counts = [f"{name} {n:,}" for name, n in zip(facts.classes, part.counts, strict=True)]
        more = f", … {len(counts)} classes" if len(counts) > _MOST_CLASSES else ""
        sets = f"; {part.sets}" if part.sets else ""
        yield f"{part.name} {counted(part.n, 'text')} ({', '.join(counts[:_MOST_CLASSES])}{more}){sets}"
        if part.shared:
            yield (
                f"note: {counted(part.shared, f'{part.name} text is', f'{part.name} texts are')} also among the "
                f"training texts (equal except for case and punctuation): the {part.name} figures are optimistic."
            )


def _audit(audit: AuditFacts) -> str:
    lines = [
        f"- {plain(f'{each.gravity}: {each.title}, {counts}: {each.advice}')}"
        for each in audit.findings
        if (counts := ", ".join(f"{part} {n:,}" for part, n in zip(audit.parts, each.counts, strict=True) if n))
    ]
    lines += [f"- {plain(f'{each.gravity}: {each.part}, {each.title}: {each.detail}')}" for each in audit.remarks]
    return "\n".join([*lines, "", f"Where the data lie, {code(audit.command)} looks for more."]).lstrip("\n")


def _slices(facts: ReportFacts) -> str:
    tables = []
    for division in facts.test.divisions:
        rows = [
            f"| {plain(each.name)} | {each.n:,} | {each.accuracy.value:.4f} | {_interval(each.accuracy) or 'too few'} |"
            for each in division.slices
        ]
        heading = f"| by {plain(_SLICES.get(division.by, division.by))} | texts | accuracy | 95 % interval |"
        tables.append("\n".join([heading, "|---|---|---|---|", *rows]))
    return "".join(f"\n{table}\n" for table in tables)


def _calibration(facts: ReportFacts) -> str:
    figures = facts.calibration
    on_test = f" On the test texts it is {facts.test.measured.figures['calibration_error'].value:.4f}."
    error_is = "Expected calibration error, the mean distance from probability to the share that is right:"
    if facts.why_unscaled is not None:
        return f"{facts.why_unscaled}.\n{error_is} {figures.calibration_error:.4f} there.{on_test}"
    how = f"are divided by a temperature of {figures.temperature:.4f}"
    if figures.classes_scaled:
        how = f"are scaled by class, {figures.classes_scaled} of {len(facts.classes)} classes by themselves"
    return (
        f"Logits {how}, chosen on the validation texts: log\n"
        f"loss {figures.loss_before:.4f} before, {figures.loss:.4f} after. {error_is}\n"
        f"{figures.calibration_error_before:.4f} before, {figures.calibration_error:.4f} after "
        f"(`reliability.svg`).{on_test}"
    )


def _heading(facts: ReportFacts) -> str:
    f1 = ("macro-F1", "micro-F1") if facts.multi_label else ("macro-F1",)
    if not facts.multi_label and len(facts.classes) == 2:
        f1 = (f"F1 of {plain(facts.classes[1])}",)
    columns = (*_COLUMNS, *f1, "ROC-AUC", *(plain(each.name) for each in facts.test.measured.further))
    return f"|{'|'.join(f' {name} ' if name else ' ' for name in columns)}|\n{'|---' * len(columns)}|"


def _row(part: str, measured: Measured, facts: ReportFacts) -> str:
    figures = measured.figures
    if facts.multi_label:
        several = [figures.get("f1_macro"), figures.get("f1_micro"), figures.get("roc_auc")]
    else:
        f1 = figures.get("f1_macro")
        if len(facts.classes) == 2:
            second = measured.classes[1]
            f1 = second.f1 if second.n or second.precision is not None else None
        several = [f1, figures.get("roc_auc")]
    more = " | ".join("–" if each is None else f"{each.value:.4f}" for each in several)
    accuracy, known = figures["accuracy"], {each.name: f"{each.value:.4f}" for each in measured.further}
    further = "".join(f" {known.get(each.name, '–')} |" for each in facts.test.measured.further)
    return (
        f"| {part} | {measured.n:,} | {accuracy.value:.4f} | {_interval(accuracy)} "
        f"| {figures['log_loss'].value:.4f} | {more} |{further}"
    )


def _interval(figure: Figure) -> str:
    return "" if figure.low is None or figure.high is None else f"{figure.low:.4f} to {figure.high:.4f}"
