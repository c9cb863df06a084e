"""The metrics that have a name: what `plaudit tune` compares trials by, and what installed packages add."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from numbers import Real
from typing import TYPE_CHECKING, Final

from plaudit.errors import ConfigError, PluginError
from plaudit.evaluation.figures import BEFORE, FIGURES, FigureKind, figure_key
from plaudit.plugins import asking, load_plugin, plugin_names, plugin_package

if TYPE_CHECKING:
    from plaudit.evaluation.scoring import Answers

_LOG = logging.getLogger(__name__)
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

    def __post_init__(self) -> None:
        if not callable(self.read) or self.sign not in (1, -1):
            raise ValueError(f"Metric {self.name!r}: expected a function to read it, and the sign 1 or -1")


def _reader(figure: FigureKind) -> Callable[[Answers], float]:
    """Return what reads a figure, NaN where the answers do not have it."""

    def read(answers: Answers) -> float:
        key = figure_key(figure.name, of_sets=answers.multi_label)
        value = getattr(answers.measure(resamples=0), key, None)
        return float("nan") if value is None else float(value)

    return read


METRICS = {each.name: Metric(each.name, _reader(each), each.meaning or each.words, each.sign) for each in FIGURES}


def find_metric(name: str) -> Metric:
    """Return the metric of that name, or that had it before, built in or of an installed package.

    Raises:
        ConfigError: There is none.
        PluginError: The package that adds it cannot be imported.
    """
    found = METRICS.get(BEFORE.get(name, name)) or load_plugin(_GROUP, name, Metric)
    if found is None:
        raise ConfigError(f"--metric {name}: expected one of {', '.join((*METRICS, *plugin_names(_GROUP)))}.")
    if name not in (found.name, *BEFORE):
        raise PluginError(
            f"the plugin {plugin_package(_GROUP, name)}: its metric {name!r} calls itself {found.name!r}."
        )
    return found


def figure_of(metric: Metric, answers: Answers) -> float:
    """Return what a metric says of some answers, NaN where they do not define it.

    Raises:
        PluginError: It is a plugin's, and failed, or returned something else.
    """
    package = None if metric.name in METRICS else plugin_package(_GROUP, metric.name)
    with asking(package, f"the metric {metric.name}"):
        value = metric.read(answers if package is None else answers.copied())
        if isinstance(value, bool) or not isinstance(value, Real) or math.isinf(value):
            raise TypeError(f"expected a number, or NaN, got {value!r}")
        return float(value)


def plugin_figures(answers: Answers) -> dict[Metric, float]:
    """Return what the metrics of installed packages say of some answers, NaN where one fails; empty without such.

    A failure is logged and no error: a model that took an hour is not lost for another package's fault.
    """
    found: dict[Metric, float] = {}
    for name in plugin_names(_GROUP):
        if name in METRICS:
            continue
        try:
            metric = find_metric(name)
            found[metric] = float("nan")
            found[metric] = figure_of(metric, answers)
        except PluginError as fault:
            _warn_once(f"the metric {name} is left out: {fault}")
    return found


@cache
def _warn_once(line: str) -> None:
    """Log a warning that every measuring of a run would repeat."""
    _LOG.warning("%s", line)
