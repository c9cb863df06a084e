"""Which settings of a recipe are searched, and between which bounds.

What a setting is by default only the recipe's constructor says; here it is read from there, because each recipe's first
trial is its defaults. The decision to question: options are handed to the sampler as their numbers, so that they may be
of any type.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, get_args

from plaudit.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from plaudit.models.loading import import_class
from plaudit.models.ngram_settings import NgramSettings
from plaudit.models.recipes import RECIPES
from plaudit.setting_values import Objective, Weighting

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class Choice:
    """One of some options, without an order."""

    options: tuple[Any, ...]  # Any: whatever the setting takes

    def suggest(self, trial: optuna.Trial, name: str) -> Any:
        """Return an option that the sampler takes."""
        return self.options[trial.suggest_categorical(name, range(len(self.options)))]

    def encode(self, value: object) -> int:
        """Return the number of an option; of a value that is none, the first's."""
        return self.options.index(value) if value in self.options else 0


@dataclass(frozen=True)
class Range:
    """A number from `low` to `high`, both included; whole if both are, else of three digits, for people to read.

    Attributes:
        low: The least.
        high: The greatest.
        log: Whether the sampler takes each decade as likely, rather than each number.
    """

    low: float
    high: float
    log: bool = False

    def suggest(self, trial: optuna.Trial, name: str) -> int | float:
        """Return a number that the sampler takes."""
        is_whole = isinstance(self.low, int) and isinstance(self.high, int)
        if is_whole:
            return int(trial.suggest_int(name, int(self.low), int(self.high), log=self.log))
        return float(f"{trial.suggest_float(name, self.low, self.high, log=self.log):.3g}")

    def encode(self, value: float) -> float:
        """Return the number itself."""
        return value


Space = Mapping[str, Choice | Range]
_LEARNING_RATES = Range(1e-4, 3e-2, log=True)  # the tutorial's 1e-3 and a decade and a half around it
SPACES: dict[str, Space] = {
    "ngram": {
        "n_max": Range(1, 4),
        "min_texts": Range(1, 32, log=True),
        "chars": Choice((False, True)),
        "weighting": Choice(get_args(Weighting)),
        "objective": Choice(get_args(Objective)),
        "regularisation": Range(0.003, 3.0, log=True),
    },
    "network": {
        "embedding": Choice(("minilm",)),
        "combiner": Choice((None, "sqrtn", "mean", "sum")),
        "hidden": Choice(((16,), (), (32,), (64,), (128,))),
        "learning_rate": _LEARNING_RATES,
        "dropout": Range(0.0, 0.6),
    },
    "encoder": {
        "max_tokens": Choice((128, 64, 90, 256)),
        "epochs": Choice((None, 1, 2, 3)),
        "learning_rate": Range(1e-5, 3e-4, log=True),
        "layer_decay": Range(0.7, 1.0),
        "label_smoothing": Range(0.0, 0.2),
    },
}


def make_spaces(recipes: Sequence[str], embeddings: Sequence[str]) -> dict[str, Space]:
    """Return the spaces of some recipes, in that order; networks choose among `embeddings`."""
    spaces = {recipe: SPACES[recipe] for recipe in recipes}
    if "network" in spaces:
        spaces["network"] = {**spaces["network"], "embedding": Choice(tuple(embeddings))}
    return spaces


def default_settings(recipe: str, space: Space) -> dict[str, Any]:
    """Return what holds for the searched settings where they are not given."""
    if recipe == "ngram":  # whose constructor leaves them open
        return {name: getattr(NgramSettings(), name) for name in space}
    arguments = inspect.signature(import_class(RECIPES[recipe])).parameters
    return {name: arguments[name].default for name in space}


def run_config(data: DataConfig, *, seed: int, recipe: str, settings: Mapping[str, Any]) -> RunConfig:
    """Return the run of `plaudit train` that a trial is."""
    of_model = {field.name for field in fields(ModelConfig)}
    model = {name: value for name, value in settings.items() if name in of_model}
    training = {name: value for name, value in settings.items() if name not in of_model}
    return RunConfig(data, ModelConfig(recipe=recipe, **model), TrainingConfig(seed=seed, **training))  # type: ignore[arg-type]  # a name of SPACES
