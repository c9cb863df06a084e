"""A figure is declared once, and everything that names figures has those of the table."""

import dataclasses

import numpy as np
import pytest

from plaudit.errors import ConfigError
from plaudit.evaluation import Answers
from plaudit.evaluation.figures import FIGURES, figures_of
from plaudit.evaluation.metrics import Metrics, measure
from plaudit.evaluation.multilabel import MultiLabelMetrics, measure_sets
from plaudit.evaluation.named_metrics import METRICS, find_metric
from plaudit.evaluation.ordinal import NAMES

SHARES = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7]])
SINGLE = Answers(np.array([0, 1, 1, 0]), SHARES, np.array([0, 0, 1, 1]), ("neg", "pos"), False)
SETS = Answers((SHARES > 0.6).astype(int), SHARES, (SHARES > 0.5).astype(int), ("neg", "pos"), True)


def test_both_kinds_of_metrics_have_the_figures_of_the_table_and_no_others() -> None:
    single = measure(SINGLE.labels, SHARES, SINGLE.classes, resamples=0).to_dict()
    sets = measure_sets(SETS.labels, SHARES, SETS.classes, resamples=0).to_dict()
    for kind, found, declared in (("one label", single, Metrics), ("sets", sets, MultiLabelMetrics)):
        keys = {each.name for each in figures_of(kind)}  # type: ignore[arg-type]
        assert keys <= found.keys()
        kinds = {field.name: field.type for field in dataclasses.fields(declared)}
        assert keys == {name for name, type_ in kinds.items() if type_ in ("float", "float | None")} - {"coverage"}


@pytest.mark.parametrize("answers", [SINGLE, SETS], ids=["one label", "sets"])
def test_every_figure_can_be_searched_by_and_lies_in_its_range(answers: Answers) -> None:
    figures = answers.measure(resamples=0)
    for each in FIGURES:
        found = find_metric(each.name).read(answers)
        assert np.isnan(found) or 0 <= found <= (np.inf if each.most is None else each.most)
        key = "f1_micro" if answers.multi_label and each.name == "f1" else each.name
        assert found == getattr(figures, key, found) or np.isnan(found)


def test_more_is_better_for_all_but_the_losses() -> None:
    assert {each.name for each in FIGURES if each.sign < 0} == {
        "log_loss",
        "brier",
        "calibration_error",
        "absolute_error",
    }
    best = Answers(SINGLE.labels, np.eye(2)[SINGLE.labels], SINGLE.labels, SINGLE.classes, False)
    for each in figures_of("one label"):
        if each.name != "calibration_error" and each.name not in NAMES:  # of four texts chance explains all of it
            metric = METRICS[each.name]
            assert metric.sign * (metric.read(best) - metric.read(SINGLE)) > 0


def test_what_metrics_json_calls_it_and_called_it_is_read_too() -> None:
    assert find_metric("loss").name == "log_loss"
    assert find_metric("macro_f1").name == "f1_macro"
    with pytest.raises(ConfigError, match="kappa"):
        find_metric("kappa")
