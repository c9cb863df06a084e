"""`--recipe auto`: which recipe a run takes, from the settings that were given, the data, and what is installed.

What is advised (`models.advice`) is taken, unless settings were given that it has not. The decision to question: where
a frozen encoder is tried beside n-grams, these are kept only if they are clearly better (`fitting.fit_better`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy  # noqa: F401 - before pyarrow: where memory is short, OpenBLAS ends the process, and Arrow raises

from plaudit.app.advise import this_machine
from plaudit.config import RunConfig
from plaudit.embeddings.named_encoders import NAMED_ENCODERS
from plaudit.models.advice import DataFacts, Machine, Option, advise
from plaudit.models.recipes import class_of, settings_of, takes
from plaudit.text.languages import language_name

AUTO = "auto"
_TUTORIAL = ("imdb", "sample")  # which stay the tutorial's, with its network
_ORDER = ("ngram", "network", "encoder", "best", "distilled")  # whose the settings may be that were given


@dataclass(frozen=True)
class RecipePlan:
    """What is trained.

    Attributes:
        runs: One run, or several: a further one takes its place unless its validation log loss is clearly higher.
        reason: Why, in a line.
    """

    runs: tuple[RunConfig, ...]
    reason: str


def is_tutorial(source: str) -> bool:
    """Say whether data are those of the tutorial, whose network is trained where no recipe is named."""
    return source in _TUTORIAL


def settle(run: RunConfig) -> RecipePlan | None:
    """Take the recipe that has the settings which were given; None where n-grams have them, so that the data decide."""
    given = set(settings_of(run)) - {"seed"}
    if run.data.unlabelled is None and takes("ngram", given):
        return None
    for recipe in _ORDER:
        if takes(recipe, given) and (run.data.unlabelled is None or class_of(recipe).uses_unlabelled):
            reason = f"Recipe: {recipe}, which has the settings that were given."
            return RecipePlan((replace(run, model=replace(run.model, recipe=recipe)),), reason)
    return None


def choose(run: RunConfig, facts: DataFacts, machine: Machine | None = None) -> RecipePlan:
    """Choose by what the training texts are.

    Args:
        run: The run, its recipe open.
        facts: Of the training texts.
        machine: What it would run on; None asks.
    """
    advice = advise(facts, machine or this_machine())
    given = set(settings_of(run)) - {"seed"}

    def with_recipe(option: Option) -> RunConfig:
        recipe, _, frozen = option.recipe.partition(" ")
        trainable = False if frozen else run.model.trainable
        return replace(run, model=replace(run.model, recipe=recipe, trainable=trainable))

    ngram = replace(run, model=replace(run.model, recipe="ngram"))
    if run.data.streaming:
        return RecipePlan((ngram,), "Recipe: ngram (auto), which keeps on disk what grows with the texts.")
    choice, beside = advice.choice, advice.beside
    if choice.recipe != "ngram" and takes(choice.recipe, given):
        return RecipePlan((with_recipe(choice),), f"Recipe: {choice.recipe} (auto). {choice.reason}")
    if beside is not None and takes("best", given | {"trainable"}):
        return RecipePlan(
            (ngram, with_recipe(beside)),
            f"Recipe: ngram and {beside.recipe} (auto), both quick here: n-grams alone are kept if clearly better.",
        )
    what = f"{facts.n_texts:,} texts of {facts.median_words:,} words"
    slower = "".join(
        f" {other.recipe} may be better and takes longer: plaudit advise." for other in advice.alternatives[:1]
    )
    return RecipePlan((ngram,), f"Recipe: ngram (auto), chosen for {what}.{slower}")


def language_line(run: RunConfig, facts: DataFacts) -> str | None:
    """Say that what a run starts from was made for another language than its texts are in; None where it was not.

    Args:
        run: Its recipe chosen.
        facts: Of the training texts.
    """
    if facts.is_english or facts.language is None:
        return None
    kind, settings = class_of(run.model.recipe), settings_of(run)
    start = None
    if "encoder" in kind._parameter_names():
        name = settings.get("encoder") or kind.default_params()["encoder"]
        named = NAMED_ENCODERS.get(str(name))
        start = f"encoder {name}" if named is not None and named.languages == "English" else None
    elif "embedding" in kind._parameter_names():
        name = settings.get("embedding") or kind.default_params()["embedding"]
        start = f"embedding {name}" if name == "minilm" else None
    if start is None:
        return None
    remedy = "--encoder multilingual-e5-small" if start.startswith("encoder") else "--embedding random"
    return (
        f"note: the texts look {language_name(facts.language)}, and the {start} was made from English: it may help "
        f"little. --recipe ngram or {remedy} suit other languages (--language says which one it is)."
    )
