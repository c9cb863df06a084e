"""Try one set of settings after the other until the time is over, beginning with the defaults of each recipe.

Optuna's TPE proposes (Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization"); what is tried next depends
on the seed and the figures so far, on the clock only through what it cuts off. Knows training and validation texts
only, and prints nothing. The decision to question: a network whose val_loss is worse than three quarters of the earlier
ones' at the same epoch is given up, although the metric may be another; from the fourth epoch on, and never in the
first trials.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plaudit.config import DataConfig
from plaudit.data import Dataset
from plaudit.embeddings import EmbeddingTable
from plaudit.errors import PlauditError, require
from plaudit.evaluation import answer
from plaudit.evaluation.named_metrics import find_metric
from plaudit.models.recipes import build
from plaudit.registry import Space, find_recipe
from plaudit.text.token_memory import keep_tokens, remembering_tokens
from plaudit.training import EpochResult, History, Monitor
from plaudit.tuning.space import default_settings, run_config
from plaudit.tuning.trials import Result, Trial

if TYPE_CHECKING:
    import optuna

Clock = Callable[[], float]
_HOPELESS = 10  # trials that fail before any has succeeded: what they have in common is then at fault
_WORST = -100.0  # below any metric: a log loss is at most 36, the logarithm of float64's least step
_KEPT = 75.0  # per cent: the median would end runs with small steps, which are behind at first, and often end in front
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
class Finding:
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
) -> Finding:
    """Try settings until the time is over, Ctrl-C is pressed, or the first ten trials have all failed.

    There is at least one trial. Each recipe's defaults come first.

    Args:
        task: What to search.
        on_trial: Called after each trial.
        monitors: Who watches the epochs of every trial.
        clock: Tells the time in seconds.

    Raises:
        MissingExtraError: Optuna is not installed.
    """
    require("optuna", extra="tune", purpose="Searching settings")
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=task.seed),
        pruner=optuna.pruners.PercentilePruner(
            _KEPT, _UNPRUNED_TRIALS, _UNPRUNED_EPOCHS, n_min_trials=_LEAST_TO_COMPARE
        ),
    )
    for number, (recipe, space) in enumerate(task.spaces.items()):
        defaults = default_settings(recipe, space)
        codes = {f"{recipe}.{name}": space[name].encode(value) for name, value in defaults.items()}
        study.enqueue_trial({"recipe": number, **codes})
    bench, trials = _Bench(task, monitors, clock), list[Trial]()
    try:
        with remembering_tokens():
            keep_tokens(task.train.texts)  # not those that are scored, which is timed
            while not trials or not bench.is_over():
                trials.append(bench.run(study, len(trials) + 1))
                on_trial(trials[-1])
                if len(trials) == _HOPELESS and not any(trial.result for trial in trials):
                    break
    except KeyboardInterrupt:
        return Finding(trials, is_interrupted=True)
    return Finding(trials, is_interrupted=False)


class _Bench:
    """Where trials are run, one after the other: each uses all cores by itself."""

    def __init__(self, task: Task, monitors: Sequence[Monitor], clock: Clock) -> None:
        """Start the clock."""
        self._task, self._monitors, self._clock = task, monitors, clock
        self._deadline = clock() + task.time_s
        self._labels, self._watched = task.train.label_column(), task.validation.label_column()

    def is_over(self) -> bool:
        """Say whether the time is over."""
        return self._clock() >= self._deadline

    def run(self, study: optuna.Study, number: int) -> Trial:
        """Try what the study asks for, and tell it what came of it."""
        import optuna

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
        if result is None:
            study.tell(asked, state=state)
        else:
            study.tell(asked, self._value(result))
        return Trial(number, recipe, settings, default_settings(recipe, space), result, reason)

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
        figure = find_metric(task.metric).read(answer(model, task.validation))
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
            raise _GivenUpError("cut off: the time was over", is_behind=False)

    def after_epoch(self, epoch: int, result: EpochResult, *, is_best: bool) -> None:
        """End the trial when its val_loss is among the worst quarter."""
        if not self._is_compared or result.val_loss is None or not math.isfinite(result.val_loss):
            return  # a run that diverges is told by the classifier
        self._asked.report(-result.val_loss, epoch)
        if self._asked.should_prune():
            reason = f"given up after epoch {epoch}: val_loss {result.val_loss:.4f} was behind"
            raise _GivenUpError(reason, is_behind=True)

    def end(self) -> None:
        """Do nothing."""
