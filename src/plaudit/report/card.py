"""The model card: README.md in a model's folder, for whoever finds it later (Mitchell et al. 2019, "Model Cards")."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

_CARD = """\
# {title}

A text classifier made by Plaudit {version}: it reads a text and answers {answers}
{classes}.

```python
import plaudit

model = plaudit.load({quoted})
model.predict(["a text", "another"])
```

or `plaudit predict {folder} "a text"`.

## Data

{data}

## How good it is

{heading}
{figures}

{meaning}{kinder}The test texts were opened {openings}, after
everything was decided. The interval (Wilson) takes texts as independent; it says nothing about texts of another kind.

{story}
## When to rely on it

{calibration}{rule}

## The model

```
{summary}
```

{built}

## Again

`run.toml` holds every setting, the seed and the versions: `plaudit train --config run.toml --output NEW` gives these
weights again. `model.json` lists every file that scoring needs, with its SHA-256.
"""

_RULE = "Decision rule: "
_NO_RULE = "none; {default} is answered."
_UNKNOWN = "no provenance recorded"
_HEADING = ("| | texts | accuracy | 95 % interval | loss | F1 | ROC-AUC |", "|---|---|---|---|---|---|---|")
_SETS_HEADING = (
    "| | texts | accuracy | 95 % interval | loss | macro-F1 | micro-F1 | ROC-AUC |",
    "|---|---|---|---|---|---|---|---|",
)
_SETS_MEANING = """\
Accuracy is the share of texts whose whole set of labels is right. Macro-F1 is the mean of the classes' F1, micro-F1
that of all labels together; a label is given when its probability is above 0.5.

"""


def model_card(
    *,
    title: str,
    folder: str,
    version: str,
    classes: tuple[str, ...],
    multi_label: bool = False,
    data: str,
    metrics: Mapping[str, Mapping[str, Any]],
    openings: int,
    story: str,
    has_epochs: bool,
    summary: str,
    recipe: str,
    settings: Mapping[str, object],
    provenance: Mapping[str, Mapping[str, str]],
    calibration: Mapping[str, float] | None = None,
) -> str:
    """Return the card as Markdown.

    Args:
        title: What the model is called.
        folder: Its folder's name.
        version: Of Plaudit.
        classes: The labels.
        multi_label: Whether the model answers with a set of labels.
        data: What it learned from and was measured on, a paragraph.
        metrics: "validation" and "test" as metrics.json holds them; a missing one is left out.
        openings: How often the test texts have been looked at.
        story: What the curves say, in words, and what else is to be known of the fit; may be empty.
        has_epochs: Whether the validation texts chose an epoch.
        summary: What was built and how big it is, in plain text.
        recipe: What it was made by.
        settings: Its settings by name, JSON values or tuples of them.
        provenance: Where what it was built upon comes from, by what that is ("embedding").
        calibration: As metrics.json holds it; None leaves it out.
    """
    said = ", ".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in settings.items())
    origins = (
        f"{name.capitalize()}: " + ("; ".join(f"{key}: {value}" for key, value in facts.items()) or _UNKNOWN)
        for name, facts in provenance.items()
    )
    rows = [_row(part, metrics[part]) for part in ("validation", "test") if part in metrics]
    return _CARD.format(
        title=title,
        folder=shlex.quote(folder),
        quoted=json.dumps(folder, ensure_ascii=False),
        version=version,
        answers="with a set of labels, none to all of" if multi_label else "one of",
        heading="\n".join(_SETS_HEADING if multi_label else _HEADING),
        meaning=_SETS_MEANING if multi_label else "",
        classes=", ".join(map(_code, classes)),
        data=data,
        figures="\n".join(rows),
        openings="once" if openings == 1 else f"{openings} times",
        kinder="The validation texts chose the epoch, so their figure is the kinder one. " if has_epochs else "",
        story=f"\n{story}\n" if story else "",
        calibration="" if calibration is None else _calibration(calibration, metrics.get("test", {})) + "\n\n",
        rule=_RULE + _default_rule(multi_label=multi_label),
        summary=summary,
        built="\n\n".join([f"Recipe: {recipe}; {_code(said)}", *origins]),
    )


def with_rule(card: str, rule: str | None, *, multi_label: bool) -> str:
    """Return a card with another decision rule in it, None for none; one that has no line for it, as it stands."""
    line = _RULE + (f"{rule} The figures above are without it." if rule else _default_rule(multi_label=multi_label))
    return "\n".join(line if old.startswith(_RULE) else old for old in card.split("\n"))


def _default_rule(*, multi_label: bool) -> str:
    return _NO_RULE.format(default="every label above 0.5" if multi_label else "the likeliest class")


def _calibration(figures: Mapping[str, float], test: Mapping[str, Any]) -> str:
    error = test.get("calibration_error")
    on_test = "" if error is None else f" On the test texts it is {error:.4f}."
    before, after = figures["calibration_error_before"], figures["calibration_error"]
    error_is = "Expected calibration error, the mean distance from probability to the share that is right:"
    if figures["temperature"] == 1:
        return (
            "Logits are not scaled: no temperature lowers the log loss of the validation texts.\n"
            f"{error_is} {after:.4f} there.{on_test}"
        )
    return (
        f"Logits are divided by a temperature of {figures['temperature']:.4f}, chosen on the validation texts: log\n"
        f"loss {figures['loss_before']:.4f} before, {figures['loss']:.4f} after. {error_is}\n"
        f"{before:.4f} before, {after:.4f} after (`reliability.svg`).{on_test}"
    )


def _code(name: str) -> str:
    """Return `name` as code, on one line, whatever it holds (CommonMark 6.1: longer fences hold backticks)."""
    words = " ".join(name.split())
    return f"`` {words} ``" if "`" in words else f"`{words}`"


def _row(part: str, figures: Mapping[str, Any]) -> str:
    low, high = figures["accuracy_interval_95"]
    auc = "" if figures["roc_auc"] is None else f"{figures['roc_auc']:.4f}"
    several = [figures[f"f1_{mean}"] for mean in ("macro", "micro")] if "f1_micro" in figures else [figures["f1"]]
    f1 = " | ".join(f"{value:.4f}" for value in several)
    return (
        f"| {part} | {figures['n']:,} | {figures['accuracy']:.4f} | {low:.4f} to {high:.4f} "
        f"| {figures['loss']:.4f} | {f1} | {auc} |"
    )
