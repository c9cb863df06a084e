"""`--recipe auto`: which recipe a run takes, from the settings that were given, the data, and what is installed.

The decision to question: what would train for more than ten minutes is named and not taken, however much better it may
be; a person who asked for nothing in particular waits for nothing in particular.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace

import numpy  # noqa: F401 - before pyarrow: where memory is short, OpenBLAS ends the process, and Arrow raises

from plaudit.app.advise.advice import this_machine
from plaudit.config import RunConfig
from plaudit.data import Dataset
from plaudit.embeddings.minilm_package import WEIGHTS_PACKAGE
from plaudit.models.advice import Machine, advise, estimated_seconds, look_at
from plaudit.models.recipes import class_of, settings_of, takes

AUTO = "auto"
_TUTORIAL = ("imdb", "sample")  # which stay the tutorial's, with its network
_ORDER = ("ngram", "network", "encoder", "best", "distilled")  # whose the settings may be that were given
_QUICK_S, _LONGEST_S = 20.0, 600.0


@dataclass(frozen=True)
class Plan:
    """What is trained.

    Attributes:
        runs: One run, or several of which the one with the lowest validation log loss is kept.
        reason: Why, in a line.
    """

    runs: tuple[RunConfig, ...]
    reason: str


def is_tutorial(source: str) -> bool:
    """Say whether data are those of the tutorial, whose network is trained where no recipe is named."""
    return source in _TUTORIAL


def settle(run: RunConfig) -> Plan | None:
    """Take the recipe that has the settings which were given; None where n-grams have them, so that the data decide."""
    given = set(settings_of(run)) - {"seed"}
    if run.data.unlabelled is None and takes("ngram", given):
        return None
    for recipe in _ORDER:
        if takes(recipe, given) and (run.data.unlabelled is None or class_of(recipe).uses_unlabelled):
            reason = f"Recipe: {recipe}, which has the settings that were given."
            return Plan((replace(run, model=replace(run.model, recipe=recipe)),), reason)
    return None


def choose(run: RunConfig, train: Dataset, machine: Machine | None = None) -> Plan:
    """Choose from the training texts.

    Args:
        run: The run, its recipe open.
        train: The training texts, labelled.
        machine: What it would run on; None asks.
    """
    machine = machine or this_machine()
    facts = look_at(train)
    advice = advise(facts, machine)
    given = set(settings_of(run)) - {"seed"}

    def with_recipe(recipe: str, *, trainable: bool | None = run.model.trainable) -> RunConfig:
        return replace(run, model=replace(run.model, recipe=recipe, trainable=trainable))

    ngram, recipe, seconds = with_recipe("ngram"), advice.choice.recipe, advice.choice.seconds
    if run.data.streaming:
        return Plan((ngram,), "Recipe: ngram (auto), which keeps on disk what grows with the texts.")
    can_read = machine.has_torch and facts.is_english and importlib.util.find_spec(WEIGHTS_PACKAGE) is not None
    if recipe != "ngram" and takes(recipe, given) and can_read and seconds is not None and seconds <= _LONGEST_S:
        return Plan((with_recipe(recipe),), f"Recipe: {recipe} (auto). {advice.choice.reason}")
    if can_read and takes("best", given | {"trainable"}):
        both = [estimated_seconds(facts, machine, name) for name in ("ngram", "best --frozen")]
        if all(each is not None for each in both) and sum(each or 0.0 for each in both) <= _QUICK_S:
            return Plan(
                (ngram, with_recipe("best", trainable=False)),
                "Recipe: ngram and best --frozen (auto), both quick here: the lower validation log loss is kept.",
            )
    slower = "" if recipe == "ngram" else f" {recipe} may be better and takes longer: plaudit advise."
    language = "" if facts.is_english else " The texts do not look English, which the encoder on hand reads."
    what = f"{facts.n_texts:,} texts of {facts.median_words:,} words"
    return Plan((ngram,), f"Recipe: ngram (auto), chosen for {what}.{language}{slower}")
