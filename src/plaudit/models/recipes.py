"""From a run's settings to the classifier that they ask for.

A recipe is a name for a class. What it can be set, and to what by default, its constructor says; nothing is repeated
here, so a new recipe is one line of `RECIPES`.
"""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Any

from plaudit.config import ModelConfig, RunConfig, TrainingConfig
from plaudit.errors import ConfigError
from plaudit.models.base import Classifier
from plaudit.models.loading import import_class

# recipe -> (module, class), imported when asked for
RECIPES: dict[str, tuple[str, str]] = {
    "network": ("plaudit.models.network", "NetworkClassifier"),
    "ngram": ("plaudit.models.ngram", "NgramClassifier"),
    "encoder": ("plaudit.models.encoder", "EncoderClassifier"),
    "best": ("plaudit.models.blend", "BlendClassifier"),
    "distilled": ("plaudit.models.distilled", "DistilledClassifier"),
}
_OF_THE_RUN = ("recipe", "refit")  # settings that no constructor takes
SETTINGS = tuple(f.name for kind in (ModelConfig, TrainingConfig) for f in fields(kind) if f.name not in _OF_THE_RUN)


def build(config: RunConfig) -> Classifier:
    """Return the classifier of a run, not yet fitted; a setting that is None is left to its constructor.

    The seed goes to whatever has one; a recipe without random steps is no fault.

    Raises:
        ConfigError: There is no such recipe, or a setting was given that this recipe has not.
    """
    recipe = config.model.recipe
    if recipe not in RECIPES:
        raise ConfigError(f"--recipe {recipe}: this Plaudit has {', '.join(RECIPES)}.")
    kind = import_class(RECIPES[recipe])
    given = settings_of(config)
    known = _arguments(kind)
    if "seed" not in known:
        del given["seed"]
    for name in given:
        if name not in known:
            has = ", ".join(_option(setting) for setting in SETTINGS if setting in known)
            raise ConfigError(f"{_option(name)} {_owners(name, recipe)}; {recipe} has {has}.")
    if config.data.unlabelled is not None and not kind.uses_unlabelled:
        raise ConfigError(f"--unlabelled: --recipe {recipe} learns from labelled texts only.")
    if config.data.streaming and not kind.streams:
        able = " and ".join(name for name, home in RECIPES.items() if import_class(home).streams)
        raise ConfigError(f"--streaming: --recipe {recipe} keeps its texts in memory; {able} can stream.")
    return kind(**given)


def has_epochs(recipe: str) -> bool:
    """Say whether a recipe of `RECIPES` trains in epochs, which can be drawn."""
    return "epochs" in _arguments(import_class(RECIPES[recipe]))


def can_resume(recipe: str) -> bool:
    """Say whether a run of a recipe of `RECIPES` that was cut off can go on from what it saved."""
    return import_class(RECIPES[recipe]).resumes


def settings_of(config: RunConfig) -> dict[str, Any]:
    """Return the settings that are not left open, by name; those of the run itself (recipe, refit) are none."""
    settings = vars(config.model) | vars(config.training)
    return {name: settings[name] for name in SETTINGS if settings[name] is not None}


def _arguments(kind: type[Classifier]) -> set[str]:
    return set(inspect.signature(kind).parameters)


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _owners(name: str, recipe: str) -> str:
    owners = [other for other, home in RECIPES.items() if name in _arguments(import_class(home))]
    return f"belongs to --recipe {' and '.join(owners)}" if owners else f"is no setting of --recipe {recipe}"
