"""From a run's settings to the classifier that they ask for.

Which class a recipe is stands in `plaudit.registry`. What it can be set, and to what by default, its constructor says.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from plaudit.config import ModelConfig, RunConfig, TrainingConfig
from plaudit.errors import ConfigError, PluginError
from plaudit.models.base import Classifier
from plaudit.registry import BUILT_IN, find_recipe
from plaudit.setting_values import kind_in_words

_OF_THE_RUN = ("recipe", "refit", "final", "further")  # settings that no constructor takes
SETTINGS = tuple(f.name for kind in (ModelConfig, TrainingConfig) for f in fields(kind) if f.name not in _OF_THE_RUN)


def build(config: RunConfig) -> Classifier:
    """Return the classifier of a run, not yet fitted; a setting that is None is left to its constructor.

    The seed goes to whatever has one; a recipe without random steps is no fault.

    Raises:
        ConfigError: There is no such recipe, or a setting was given that this recipe has not.
    """
    recipe = config.model.recipe
    record = find_recipe(recipe)
    kind: type[Classifier] = record.load_class()
    if record.package != "plaudit":
        record.load_explainer()  # which nothing else looks at before the report
        searched_defaults(recipe)  # nor at this before a search
    given = settings_of(config)
    known = _arguments(kind)
    if "seed" not in known:
        del given["seed"]
    for name in given:
        if name not in known:
            has = ", ".join(_option(setting) for setting in sorted(known, key=_place))
            raise ConfigError(f"{_option(name)} {_owners(name, recipe)}; {recipe} has {has}.")
    for name in config.model.further or {}:
        _check_type(name, given[name], kind)
    if config.data.unlabelled is not None and not kind.uses_unlabelled:
        raise ConfigError(f"--unlabelled: --recipe {recipe} learns from labelled texts only.")
    if config.data.streaming and not kind.streams:
        able = " and ".join(name for name in BUILT_IN if class_of(name).streams)
        raise ConfigError(f"--streaming: --recipe {recipe} keeps its texts in memory; {able} can stream.")
    return kind(**given)


def searched_defaults(recipe: str) -> dict[str, Any]:
    """Return what holds for the settings of a recipe's search space where they are not given.

    Raises:
        PluginError: A plugin's space names what is no setting of its classifier.
    """
    found = find_recipe(recipe)
    defaults = found.load_class().default_params()
    if odd := [name for name in found.space if name not in defaults]:
        raise PluginError(f"the plugin {found.package}: {odd[0]!r} in the space of {recipe} is no setting of it.")
    return {name: defaults[name] for name in found.space}


def further_decided(config: RunConfig, params: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a run's further settings, with all others that a plugin's classifier has; what TOML cannot hold is left.

    Args:
        config: The run.
        params: The fitted classifier's `decided_params`.
    """
    recipe: str = config.model.recipe
    further: dict[str, Any] = config.model.further or {}
    if find_recipe(recipe).package == "plaudit":
        return further or None
    found = {
        name: value for name, value in params.items() if name not in SETTINGS and _can_be_given(name, value, recipe)
    }
    return (found | further) or None


def _can_be_given(name: str, value: object, recipe: str) -> bool:
    """Say whether run.toml can hold a value, and its reader takes it for that setting."""
    import tomli_w

    try:
        _check_type(name, value, class_of(recipe))
        tomli_w.dumps({name: value})
    except (ConfigError, TypeError, ValueError):
        return False
    return True


def _check_type(name: str, value: object, kind: type[Classifier]) -> None:
    """Refuse a further setting that is not what the recipe's constructor is annotated with, where that is plain.

    Raises:
        ConfigError: It is something else.
    """
    try:
        annotation = typing.get_type_hints(kind.__init__).get(name)
    except Exception:  # names that are imported for type checkers alone
        return
    is_union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    kinds = set(typing.get_args(annotation)) - {type(None)} if is_union else {annotation}
    if kinds <= {bool, int, float, str} and type(value) not in kinds and not (float in kinds and type(value) is int):
        expected = " or ".join(kind_in_words(each) for each in sorted(kinds, key=str))
        raise ConfigError(f"--set {name}={value}: expected {expected}{' in quotes' if str in kinds else ''}.")


def has_epochs(recipe: str) -> bool:
    """Say whether a recipe trains in epochs, which can be drawn."""
    return "epochs" in _arguments(class_of(recipe))


def takes(recipe: str, settings: set[str]) -> bool:
    """Say whether a recipe has all of some settings."""
    return settings <= _arguments(class_of(recipe))


def refits(config: RunConfig) -> bool:
    """Say whether a run trains again on all but the test texts: where it is asked to, or there is no epoch to choose.

    A recipe that a teacher teaches is not trained twice unasked, for that asks the teacher too.
    """
    if config.training.refit is not None:
        return config.training.refit
    recipe = config.model.recipe
    is_frozen = find_recipe(recipe).frozen_by(settings_of(config)) is not None
    return is_frozen or not (has_epochs(recipe) or class_of(recipe).uses_unlabelled)


def can_resume(recipe: str) -> bool:
    """Say whether a run of a recipe that was cut off can go on from what it saved."""
    return class_of(recipe).resumes


def settings_of(config: RunConfig) -> dict[str, Any]:
    """Return the settings that are not left open, by name; those of the run itself (recipe, refit, final) are none.

    Raises:
        ConfigError: One that has an option of its own is among the further ones.
    """
    settings, further = vars(config.model) | vars(config.training), config.model.further or {}
    if named := [name for name in further if name in settings]:
        raise ConfigError(f"--set {named[0]}: it has an option of its own, {_option(named[0])}.")
    return {name: settings[name] for name in SETTINGS if settings[name] is not None} | further


def class_of(recipe: str) -> type[Classifier]:
    """Return the class of a recipe, imported when asked for."""
    found: type[Classifier] = find_recipe(recipe).load_class()
    return found


def _arguments(kind: type[Classifier]) -> set[str]:
    return set(inspect.signature(kind).parameters)


def _option(name: str) -> str:
    return "--" + name.replace("_", "-") if name in SETTINGS else f"--set {name}=…"


def _place(name: str) -> tuple[int, str]:
    return (SETTINGS.index(name) if name in SETTINGS else len(SETTINGS)), name


def _owners(name: str, recipe: str) -> str:
    owners = [other for other in BUILT_IN if name in _arguments(class_of(other))]
    return f"belongs to --recipe {' and '.join(owners)}" if owners else f"is no setting of --recipe {recipe}"
