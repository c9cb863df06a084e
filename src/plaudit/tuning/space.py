"""Which settings of a recipe are searched, and the run of `plaudit train` that a trial is.

The bounds stand in the recipe's record (`plaudit.registry`). What a setting is by default its classifier says
(`models.recipes.searched_defaults`): each recipe's first trial is its defaults.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from plaudit.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from plaudit.registry import Choice, Space, find_recipe


def make_spaces(recipes: Sequence[str], embeddings: Sequence[str]) -> dict[str, Space]:
    """Return the spaces of some recipes, in that order; those with an embedding choose among `embeddings`."""
    spaces = {recipe: find_recipe(recipe).space for recipe in recipes}
    return {
        recipe: {**space, "embedding": Choice(tuple(embeddings))} if "embedding" in space else space
        for recipe, space in spaces.items()
    }


def run_config(data: DataConfig, *, seed: int, recipe: str, settings: Mapping[str, Any]) -> RunConfig:
    """Return the run of `plaudit train` that a trial is."""
    tables: list[dict[str, Any]] = []
    left = dict(settings)
    for kind in (ModelConfig, TrainingConfig):
        known = {field.name for field in fields(kind)}
        tables.append({name: left.pop(name) for name in list(left) if name in known})
    model, training = tables
    of_model = ModelConfig(recipe=recipe, **model, further=left or None)
    return RunConfig(data, of_model, TrainingConfig(seed=seed, refit=False, **training))
