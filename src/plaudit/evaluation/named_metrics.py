"""The metrics that have a name: what `plaudit tune` compares trials by, and what installed packages add."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from plaudit.errors import ConfigError
from plaudit.evaluation.metrics import Metrics
from plaudit.evaluation.multilabel import MultiLabelMetrics
from plaudit.evaluation.scoring import Answers

_GROUP: Final = "plaudit.metrics"


@dataclass(frozen=True)
class Metric:
    """One figure of a classifier's answers to labelled texts.

    Attributes:
        name: What `--metric` takes, and metrics.json calls it.
        read: Computes it from the answers to N texts, one or more; NaN where these texts do not define it.
        words: What it is, for a person.
        sign: 1 where more is better, -1 where less is.
    """

    name: str
    read: Callable[[Answers], float]
    words: str
    sign: int = 1


def _figures(answers: Answers) -> Metrics | MultiLabelMetrics:
    return answers.measure(resamples=0)


def _f1(answers: Answers) -> float:
    figures = _figures(answers)
    return figures.f1 if isinstance(figures, Metrics) else figures.f1_micro


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("accuracy", lambda answers: _figures(answers).accuracy, "share of right answers"),
        Metric("f1", _f1, "of two classes the second's, of more their mean, of sets all labels together (micro)"),
        Metric("f1_macro", lambda answers: _figures(answers).f1_macro, "mean of the classes' F1"),
        Metric("log_loss", lambda answers: _figures(answers).loss, "mean log loss in nats", sign=-1),
    )
}


_BEFORE = {"macro_f1": "f1_macro"}  # names that metrics had, which are still read


def find_metric(name: str) -> Metric:
    """Return the metric of that name, or that had it before, built in or of an installed package.

    Raises:
        ConfigError: There is none.
        PluginError: The package that adds it cannot be imported.
    """
    from plaudit.plugins import load_plugin, plugin_names

    found = METRICS.get(_BEFORE.get(name, name)) or load_plugin(_GROUP, name, Metric)
    if found is None:
        raise ConfigError(f"--metric {name}: expected one of {', '.join((*METRICS, *plugin_names(_GROUP)))}.")
    return found


def plugin_figures(answers: Answers) -> dict[str, float]:
    """Return what the metrics of installed packages say of some answers, by name; empty without such packages.

    Raises:
        PluginError: A package cannot be imported.
    """
    from plaudit.plugins import load_plugins

    found = load_plugins(_GROUP, Metric, besides=METRICS)
    return {metric.name: float(metric.read(answers)) for metric in found.values()}
