"""The model card says what whoever finds the folder needs."""

from pathlib import Path
from typing import Any

import plaudit
from plaudit.app.train import Outcome
from plaudit.report import model_card


def card(**changes: Any) -> str:
    figures = {
        "n": 1_200, "accuracy": 0.87654, "accuracy_interval_95": [0.86, 0.89], "loss": 0.3, "f1": 0.8, "roc_auc": 0.95,
    }  # fmt: skip
    content: dict[str, Any] = {
        "title": "tickets",
        "folder": "tickets",
        "version": "9.9",
        "classes": ("billing", "bug"),
        "data": "- 10 texts",
        "metrics": {"validation": figures, "test": figures},
        "openings": 1,
        "story": "It went well.",
        "has_epochs": True,
        "summary": "a table",
        "recipe": "network",
        "settings": {"hidden": (16,), "loss": "cross_entropy"},
        "provenance": {"embedding": {"source": "vectors", "licence": "MIT"}},
    }
    return model_card(**(content | changes))


def test_the_card_holds_the_figures_with_their_interval() -> None:
    assert "| test | 1,200 | 0.8765 | 0.8600 to 0.8900 | 0.3000 | 0.8000 | 0.9500 |" in card()
    assert "opened once" in card()
    assert "opened 3 times" in card(openings=3)


def test_the_card_says_where_the_embedding_comes_from() -> None:
    assert "Embedding: source: vectors; licence: MIT" in card()
    assert "Embedding: no provenance recorded" in card(provenance={"embedding": {}})
    assert "Embedding" not in card(provenance={})


def test_the_card_names_recipe_and_settings() -> None:
    assert 'Recipe: network; `hidden = [16], loss = "cross_entropy"`' in card()


def test_only_epochs_make_the_validation_figure_kinder() -> None:
    assert "The validation texts chose the epoch" in card()
    assert "chose the epoch" not in card(has_epochs=False)


def test_an_area_that_is_not_known_is_left_empty() -> None:
    figures = {"n": 1, "accuracy": 1.0, "accuracy_interval_95": [0.2, 1.0], "loss": 0.1, "f1": 1.0, "roc_auc": None}
    assert card(metrics={"test": figures}).count("| test |") == 1
    assert "| 1.0000 |  |" in card(metrics={"test": figures})
    assert "| validation |" not in card(metrics={"test": figures})


def test_class_names_of_any_kind_stay_on_their_line() -> None:
    assert "one of\n`a b`, `` c`d ``." in card(classes=("a\nb", "c`d"))


def test_a_folder_of_any_name_is_quoted() -> None:
    assert 'plaudit.load("it\'s \\"mine\\"")' in card(folder='it\'s "mine"')
    assert "plaudit predict 'my model' " in card(folder="my model")


def test_braces_in_names_are_left_alone() -> None:
    assert "`{version}`" in card(classes=("{version}", "b"))


def test_the_card_of_a_run_matches_its_record(sample_outcome: Outcome, sample_model: Path) -> None:
    text = (sample_model / "README.md").read_text(encoding="utf-8")
    assert f"made by Plaudit {plaudit.__version__}" in text
    assert f"| test | {sample_outcome.test.n} | {sample_outcome.test.accuracy:.4f} |" in text
    assert f"- test {sample_outcome.test.n} texts (neg " in text
    assert "Best epoch" in text
    assert str(sample_outcome.model.summary()) in text
    assert 'plaudit.load("model")' in text
