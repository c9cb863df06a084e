"""The model card says what whoever finds the folder needs."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import plaudit
from plaudit.app.train.run import Outcome
from plaudit.report import ReportFacts, model_card
from plaudit.report.facts import Figure


@pytest.fixture
def facts(sample_facts: ReportFacts) -> ReportFacts:
    figures = sample_facts.test.measured.figures | {
        "accuracy": Figure(0.87654, 0.86, 0.89), "log_loss": Figure(0.3), "roc_auc": Figure(0.95),
    }  # fmt: skip
    classes = tuple(replace(each, f1=Figure(0.8)) for each in sample_facts.test.measured.classes)
    measured = replace(sample_facts.test.measured, n=1_200, figures=figures, classes=classes)
    return replace(sample_facts, test=replace(sample_facts.test, measured=measured))


def card(facts: ReportFacts, *, folder: str = "tickets", openings: int = 1) -> str:
    return model_card(facts, title=folder, openings=openings)


def with_run(facts: ReportFacts, **changes: Any) -> ReportFacts:
    return replace(facts, run=replace(facts.run, **changes))


def test_the_card_holds_the_figures_with_their_interval(facts: ReportFacts) -> None:
    assert "| test | 1,200 | 0.8765 | 0.8600 to 0.8900 | 0.3000 | 0.8000 | 0.9500 |" in card(facts)
    assert "opened once" in card(facts)
    assert "opened 3 times" in card(facts, openings=3)


def test_the_card_says_what_the_page_says(facts: ReportFacts) -> None:
    text = card(facts)
    assert "It answers about 88 of 100 texts like these right." in text
    assert "- Against a guess: Always answering “neg”" in text
    assert "| by stars | texts | accuracy | 95 % interval |" in text
    assert "Where the data lie, `plaudit audit sample` looks for more." in text
    assert not any(each.text in text for each in facts.explained.mistakes)  # a card is handed on


def test_the_card_says_where_the_embedding_comes_from(facts: ReportFacts) -> None:
    assert "Embedding: source: here" in card(with_run(facts, provenance=("Embedding: source: here",)))
    assert "Embedding" not in card(with_run(facts, provenance=(), summary=""))


def test_the_card_names_recipe_and_settings(facts: ReportFacts) -> None:
    run = with_run(facts, settings={"hidden": "[16]", "loss": '"cross_entropy"'})
    assert 'Recipe: network; `hidden = [16], loss = "cross_entropy"`' in card(run)


def test_only_epochs_make_the_validation_figure_kinder(facts: ReportFacts) -> None:
    assert "The validation texts chose the epoch" in card(facts)
    assert "chose the epoch" not in card(replace(facts, curves=None))


def test_an_area_that_is_not_known_is_a_dash(facts: ReportFacts) -> None:
    measured = facts.test.measured
    figures = {name: value for name, value in measured.figures.items() if name != "roc_auc"}
    without = replace(facts, test=replace(facts.test, measured=replace(measured, figures=figures)))
    assert "| 0.8000 | – |" in card(without)


def test_class_names_of_any_kind_stay_on_their_line(facts: ReportFacts) -> None:
    assert "one of\n`a b`, `` c`d ``." in card(replace(facts, classes=("a\nb", "c`d")))


def test_what_the_card_says_works_in_its_own_folder(facts: ReportFacts) -> None:
    said = card(facts, folder='it\'s "mine"')
    for line in ('plaudit.load(".")', 'plaudit predict . "a text"', "plaudit train --config run.toml --output NEW"):
        assert line in said


def test_braces_in_names_are_left_alone(facts: ReportFacts) -> None:
    assert "`{version}`" in card(replace(facts, classes=("{version}", "b")))


def test_the_card_of_a_run_matches_its_record(sample_outcome: Outcome, sample_model: Path) -> None:
    text = (sample_model / "README.md").read_text(encoding="utf-8")
    assert f"made by Plaudit {plaudit.__version__}" in text
    assert f"| test | {sample_outcome.test.metrics.n} | {sample_outcome.test.metrics.accuracy:.4f} |" in text
    assert f"- test {sample_outcome.test.metrics.n} texts (neg " in text
    assert "Best epoch" in text
    assert str(sample_outcome.model.summary()) in text
    assert 'plaudit.load(".")' in text
