"""Try one set of settings after the other until the time is over, beginning with the defaults of each recipe.

Optuna's TPE proposes (Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization"); what is tried next depends
on the seed, the number of the trial and the figures so far, so that a search goes on after a kill as if there had been
none; on the clock only through what it cuts off. Knows training and validation texts
only, and prints nothing. The decision to question: a network whose val_loss is worse than three quarters of the earlier
ones' at the same epoch is given up, although the metric may be another; from the fourth epoch on, and never in the
first trials.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.config import DataConfig
from plaudit.data import Dataset
from plaudit.embeddings import EmbeddingTable
from plaudit.errors import ConfigError, PlauditError, require
from plaudit.evaluation import answer
from plaudit.evaluation.named_metrics import figure_of, find_metric
from plaudit.models.recipes import build, searched_defaults
from plaudit.plugins import fault_of_plugin
from plaudit.registry import Space, find_recipe
from plaudit.text.token_memory import keep_tokens, remembering_tokens
from plaudit.training import EpochResult, History, Monitor
from plaudit.tuning.journal import Line, TrialJournal
from plaudit.tuning.space import run_config
from plaudit.tuning.trials import Result, Trial

if TYPE_CHECKING:
    import optuna

Clock = Callable[[], float]
_HOPELESS = 10  # trials that fail before any has succeeded: what they have in common is then at fault
_WORST = -100.0  # below any metric: a log loss is at most 36, the logarithm of float64's least step
_KEPT = 75.0  # per cent: the median would end runs with small steps, which are behind at first, and often end in front
_CUT_OFF = "stopped: the time was up"
_UNPRUNED_TRIALS, _UNPRUNED_EPOCHS, _LEAST_TO_COMPARE = 5, 4, 3


@dataclass(frozen=True)
class Task:
    """What is searched, on what, and for how long.

    Attributes:
        train: What every trial learns from.
        validation: What every trial is stopped early and measured by.
        spaces: Of each recipe, the settings that are searched.
        metric: A name that `find_metric` knows.
        time_s: When it is over, no further trial begins, and one with epochs ends at its next step.
        seed: Of the sampler, and of every trial.
        max_size_bytes: Larger models are counted as worse than any that fits; None for any size.
        embeddings: Loaded tables by the names in the network's space; shared by all trials.
    """

    train: Dataset
    validation: Dataset
    spaces: Mapping[str, Space]
    metric: str
    time_s: float
    seed: int = 0
    max_size_bytes: int | None = None
    embeddings: Mapping[str, EmbeddingTable] = field(default_factory=dict)


@dataclass(frozen=True)
class SearchResult:
    """What came of a search.

    Attributes:
        trials: In their order; a trial that Ctrl-C cut off is not among them.
        is_interrupted: Whether Ctrl-C ended it.
    """

    trials: list[Trial]
    is_interrupted: bool


def search(
    task: Task,
    *,
    on_trial: Callable[[Trial], None],
    monitors: Sequence[Monitor] = (),
    clock: Clock = time.perf_counter,
    journal: TrialJournal | None = None,
) -> SearchResult:
    """Try settings until the time is over, Ctrl-C is pressed, or the first ten trials have all failed.

    There is at least one trial. Each recipe's defaults come first. Trials that a journal holds count, and so does the
    time that they took.

    Args:
        task: What to search.
        on_trial: Called after each trial.
        monitors: Who watches the epochs of every trial.
        clock: Tells the time in seconds.
        journal: Where each trial is noted, except one that the time cut off.

    Raises:
        MissingExtraError: Optuna is not installed.
        ConfigError: The journal is of another search, or cannot be written.
    """
    require("optuna", extra="tune", purpose="Searching settings")
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        direction="maximize",
        pruner=optuna.pruners.PercentilePruner(
            _KEPT, _UNPRUNED_TRIALS, _UNPRUNED_EPOCHS, n_min_trials=_LEAST_TO_COMPARE
        ),
    )
    kept = [] if journal is None else journal.open()
    trials = [_take_over(study, task, line) for line in kept]
    for trial in trials:
        on_trial(trial)
    for number, (recipe, space) in enumerate(task.spaces.items()):
        if number < len(trials):
            continue
        defaults = searched_defaults(recipe)
        codes = {f"{recipe}.{name}": space[name].encode(value) for name, value in defaults.items()}
        study.enqueue_trial({"recipe": number, **codes})
    bench = _Bench(task, monitors, clock, spent_s=kept[-1]["spent_s"] if kept else 0.0)
    try:
        with remembering_tokens():
            keep_tokens(task.train.texts)  # not those that are scored, which is timed
            while not trials or not bench.is_over():
                trials.append(bench.run(study, len(trials) + 1))
                if journal is not None and trials[-1].reason != _CUT_OFF:
                    journal.add(bench.line(study, trials[-1]))
                on_trial(trials[-1])
                if len(trials) == _HOPELESS and not any(trial.result for trial in trials):
                    break
    except KeyboardInterrupt:
        return SearchResult(trials, is_interrupted=True)
    return SearchResult(trials, is_interrupted=False)


def _take_over(study: optuna.Study, task: Task, line: Line) -> Trial:
    """Tell the study of a trial that a journal holds, and return it."""
    import optuna

    known = {name: optuna.distributions.json_to_distribution(each) for name, each in line["distributions"].items()}
    study.add_trial(
        optuna.trial.create_trial(
            state=optuna.trial.TrialState[line["state"]],
            value=line["value"],
            params=line["params"],
            distributions=known,
            intermediate_values={int(step): value for step, value in line["reported"].items()},
        )
    )
    recipe = tuple(task.spaces)[line["params"]["recipe"]]
    space, fixed = task.spaces[recipe], optuna.trial.FixedTrial(line["params"])
    settings = {name: kind.suggest(fixed, f"{recipe}.{name}") for name, kind in space.items()}
    result = None if line["result"] is None else Result(**line["result"])
    return Trial(line["trial"], recipe, settings, searched_defaults(recipe), result, line["reason"])


class _Bench:
    """Where trials are run, one after the other: each uses all cores by itself."""

    def __init__(self, task: Task, monitors: Sequence[Monitor], clock: Clock, *, spent_s: float) -> None:
        """Start the clock, of which some seconds are spent already."""
        self._task, self._monitors, self._clock = task, monitors, clock
        self._deadline = clock() + task.time_s - spent_s
        self._labels, self._watched = task.train.label_column(), task.validation.label_column()

    def is_over(self) -> bool:
        """Say whether the time is over."""
        return self._clock() >= self._deadline

    def line(self, study: optuna.Study, trial: Trial) -> Line:
        """Return what a journal holds of the study's last trial."""
        import optuna

        told = study.trials[-1]
        kinds = {name: optuna.distributions.distribution_to_json(each) for name, each in told.distributions.items()}
        return {
            "trial": trial.number,
            "result": None if trial.result is None else asdict(trial.result),
            "reason": trial.reason,
            "state": told.state.name,
            "value": told.value,
            "params": told.params,
            "distributions": kinds,
            "reported": told.intermediate_values,
            "spent_s": self._task.time_s - (self._deadline - self._clock()),
        }

    def run(self, study: optuna.Study, number: int) -> Trial:
        """Try what the study asks for, and tell it what came of it."""
        import optuna

        seed = int(np.random.SeedSequence((self._task.seed, number)).generate_state(1)[0])
        study.sampler = optuna.samplers.TPESampler(seed=seed)  # one a trial has no state that a kill could lose
        asked, recipes = study.ask(), tuple(self._task.spaces)
        recipe = recipes[asked.suggest_categorical("recipe", range(len(recipes)))]
        space = self._task.spaces[recipe]
        settings = {name: kind.suggest(asked, f"{recipe}.{name}") for name, kind in space.items()}
        result, reason, state = None, None, optuna.trial.TrialState.FAIL
        watch = _Watch(asked, self, is_compared=find_recipe(recipe).compares_epochs)
        try:
            result = self._measure(recipe, settings, watch)
        except _GivenUpError as given_up:
            reason = str(given_up)
            state = optuna.trial.TrialState.PRUNED if given_up.is_behind else state
        except PlauditError as error:
            reason = str(error)
        except MemoryError:
            reason = "not enough memory"
        except Exception as error:  # of a plugin's recipe: this trial's reason, and no other's
            if (reason := fault_of_plugin(error)) is None:
                raise
        if result is None:
            study.tell(asked, state=state)
        else:
            study.tell(asked, self._value(result))
        return Trial(number, recipe, settings, searched_defaults(recipe), result, reason)

    def _measure(self, recipe: str, settings: dict[str, Any], watch: Monitor) -> Result:
        """Train, save and score one model."""
        task = self._task
        model = build(run_config(DataConfig(), seed=task.seed, recipe=recipe, settings=settings))
        if "embedding" in settings:
            model.set_params(embedding=task.embeddings[settings["embedding"]])
        started = self._clock()
        model.fit(
            task.train.texts,
            self._labels,
            validation=(task.validation.texts, self._watched),
            monitors=[watch, *self._monitors],
        )
        trained = self._clock()
        figure = figure_of(find_metric(task.metric), answer(model, task.validation))
        if math.isnan(figure):
            raise ConfigError(f"--metric {task.metric}: the validation texts do not define it.")
        scored = self._clock()
        with tempfile.TemporaryDirectory(prefix="plaudit-") as place:
            model.save(Path(place) / "model")
            size = sum(path.stat().st_size for path in Path(place).rglob("*") if path.is_file())
        microseconds = (scored - trained) / len(task.validation) * 1e6
        return Result(figure, size, microseconds, trained - started)

    def _value(self, result: Result) -> float:
        """Return what the sampler maximises: a model that is too large is the better the smaller it is."""
        most = self._task.max_size_bytes
        if most is not None and result.size_bytes > most:
            return _WORST - math.log(result.size_bytes / most)
        return find_metric(self._task.metric).sign * result.figure


class _GivenUpError(Exception):
    """A trial that is not worth, or has no time for, more epochs."""

    def __init__(self, reason: str, *, is_behind: bool) -> None:
        super().__init__(reason)
        self.is_behind = is_behind


class _Watch:
    """A monitor that ends a trial when the time is over, or when it is behind earlier ones."""

    def __init__(self, asked: optuna.Trial, bench: _Bench, *, is_compared: bool) -> None:
        self._asked, self._bench, self._is_compared = asked, bench, is_compared

    def begin(self, *, epochs: int, steps: int, done: History) -> None:
        """Do nothing."""

    def after_step(self, step: int, loss: float, accuracy: float) -> None:
        """End the trial when the time is over."""
        if self._bench.is_over():
            raise _GivenUpError(_CUT_OFF, is_behind=False)

    def after_epoch(self, epoch: int, result: EpochResult, *, is_best: bool) -> None:
        """End the trial when its val_loss is among the worst quarter."""
        if not self._is_compared or result.val_loss is None or not math.isfinite(result.val_loss):
            return  # a run that diverges is told by the classifier
        self._asked.report(-result.val_loss, epoch)
        if self._asked.should_prune():
            reason = f"stopped after epoch {epoch}: val_loss {result.val_loss:.4f} was behind"
            raise _GivenUpError(reason, is_behind=True)

    def end(self) -> None:
        """Do nothing."""
