"""What is declared of settings; and what run.toml and model.json said before that is read as it was."""

import inspect
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from plaudit.app.options import settings_table
from plaudit.config import RunConfig
from plaudit.models.arguments import from_json, to_json
from plaudit.models.recipes import build
from plaudit.registry import BUILT_IN, declared, find_recipe

BEFORE = Path(__file__).parent / "settings"
OF_THE_RUN = {"recipe", "refit"}


def as_toml_has_it(value: Any) -> Any:  # Any: a setting's value
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("recipe", BUILT_IN)
def test_a_run_is_read_and_written_as_it_was(recipe: str, tmp_path: Path) -> None:
    before = tomllib.loads((BEFORE / f"{recipe}.toml").read_text())
    config = RunConfig.from_toml(BEFORE / f"{recipe}.toml")
    params = build(config).get_params()
    recorded = {**before["model"], **before["training"]}
    for name, value in recorded.items():
        if name not in OF_THE_RUN and name in params:
            assert as_toml_has_it(params[name]) == value, name
    assert recorded.keys() - OF_THE_RUN <= params.keys() | {"seed"}
    again = tomllib.loads(config.to_toml(versions=before["versions"]))
    assert again == {**before, "data": {**before["data"], "keep_together": "none"}} or again == before


@pytest.mark.parametrize("recipe", BUILT_IN)
def test_a_manifests_parameters_are_read_and_written_as_they_were(recipe: str) -> None:
    before = json.loads((BEFORE / "parameters.json").read_text())[recipe]
    kind = find_recipe(recipe).load_class()
    model = kind(**from_json(before, list(inspect.signature(kind).parameters), "here"))
    model._check_params()
    written = to_json(model.get_params())
    assert {name: written[name] for name in before} == before


def test_the_table_of_settings_is_what_is_declared() -> None:
    page = Path(__file__).parents[1] / "docs" / "settings.md"
    assert page.read_text(encoding="utf-8").endswith(f"\n\n{settings_table()}"), (
        "make the table again, as the page says"
    )


@pytest.mark.parametrize("recipe", BUILT_IN)
def test_a_constructor_takes_what_is_declared(recipe: str) -> None:
    kind = find_recipe(recipe).load_class()
    names = [name for name, known in declared().items() if recipe in known.defaults]
    assert set(names) == set(kind._parameter_names()) - {"validation_fraction"}
    assert {name: declared()[name].defaults[recipe] for name in names}.items() <= kind().get_params().items()
