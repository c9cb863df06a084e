"""Which n-gram model suits a data set: a few are fitted to parts of some of its texts and asked about the others.

What is best depends on the texts: characters where texts are short, or a language has many endings; characters that
count less where texts are long, or words alone; a stronger penalty where labels are uncertain. So each shape is tried
at the middle of its penalties, the worst are given up after a fold or two, and the best one's penalty is moved as long
as that helps. At most a quarter of the texts is used, so that the search costs about what three fits do; where there
are few, all of them, and it is over in seconds.

The decision to question: accuracy decides, of sets of labels that of whole sets, and log loss, after a temperature,
among those that are as accurate within half a standard error; within one and a half where texts are few, for there
accuracy is the noisier of the two (docs/log.md). Where texts are long and many, words alone are left only
for what is better by a whole one: long n-grams gain most from the further texts, and cost least (docs/log.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.data.dataset import normalise_texts, number_texts
from plaudit.data.grouping import keep_together
from plaudit.models.ngram_fitting import as_logits
from plaudit.models.ngram_settings import NgramSettings
from plaudit.models.out_of_fold import NgramFolds, deal_folds
from plaudit.text.token_memory import take_texts
from plaudit.training.losses import right
from plaudit.training.temperature import fit_temperature, log_loss
from plaudit.wording import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHARE, _LEAST_TEXTS, _MOST_TEXTS = 0.25, 1_500, 6_000
_MOST_BYTES = 3 * 2**20  # of them
_FEWEST = 30  # texts; of fewer nothing can be learned about settings
_FOLDS, _FOLDS_OF_FEW, _FEW = 3, 5, 500
_DRAW = 7  # what a random generator is for, mixed into its seed
_MANY = 20_000
_STEP = math.sqrt(10)  # from a penalty to the next
_LEAST, _MOST = 0.01, 100.0  # penalties; `ngram` holds weights against the least
_SLACK, _SLACK_OF_WORDS, _SLACK_OF_FEW = 0.5, 1.0, 1.5  # standard errors of the accuracy
_CHARACTERS = NgramSettings(
    n_max=2, min_texts=1, chars=True, weighting="mixed", objective="squared_hinge", regularisation=3.0
)
# Shapes that were best somewhere (docs/log.md), each with a penalty in the middle of what was best.
SHAPES = (NgramSettings(n_max=4, regularisation=0.05), _CHARACTERS, replace(_CHARACTERS, chars_weight=0.5))


@dataclass(frozen=True)
class Tried:
    """A trial on texts that it was not fitted to.

    Attributes:
        settings: What was tried.
        accuracy: Share of right answers; multi-label of right sets.
        loss: Log loss, its temperature chosen.
    """

    settings: NgramSettings
    accuracy: float
    loss: float


@dataclass(frozen=True)
class SettingsChoice:
    """What was chosen, and from what.

    Attributes:
        best: The trial that was taken.
        tried: All trials, in order.
        n_texts: How many texts they were made on; 0 where there were too few to choose.
    """

    best: Tried
    tried: tuple[Tried, ...] = ()
    n_texts: int = 0

    def __str__(self) -> str:
        if not self.n_texts:
            return f"Settings: {self.best.settings}; too few texts to choose others"
        return (
            f"Settings chosen on {counted(self.n_texts, 'text')} from {len(self.tried)} settings: {self.best.settings}"
        )


def choose(
    texts: pa.LargeStringArray,
    answers: NDArray[np.float64],
    weight: NDArray[np.float64],
    given: dict[str, Any],
    *,
    multi_label: bool,
    seed: int,
) -> SettingsChoice:
    """Choose the settings that are not given, the regularisation among them.

    Args:
        texts: N texts.
        answers: float64 [N, K], how sure each logit's answer is yes.
        weight: float64 [N, K], each text's share in the loss.
        given: Settings that are not to be chosen, by name.
        multi_label: Whether the logits are questions of their own.
        seed: Of which texts are taken, of the division into folds, and of the solver.

    Raises:
        DataError: No word is in `min_texts` of the texts that are taken.
    """
    shapes = _shapes(given, len(texts))
    taken, is_cut = _some(texts, seed)
    some = take_texts(texts, taken)
    alike = number_texts(normalise_texts(some))
    if alike.max(initial=-1) + 1 < _FEWEST:
        return SettingsChoice(Tried(shapes[min(1, len(shapes) - 1)], math.nan, math.nan))
    search = _Search(some, alike, answers[taken], weight[taken], multi_label=multi_label, seed=seed, for_words=is_cut)
    first = best = search.race(shapes)
    for factor in (1 / _STEP, _STEP):
        while _LEAST <= (further := float(f"{best.settings.regularisation * factor:.3g}")) <= _MOST:
            settings = replace(best.settings, regularisation=further)
            if settings in (each.settings for each in search.tried):
                break
            search.challenge(best, settings)
            if search.best() is best:
                break
            best = search.best()
        if best is not first:
            break
    return SettingsChoice(best, tuple(search.tried), len(taken))


def _shapes(given: dict[str, Any], n_texts: int) -> list[NgramSettings]:
    """Return the shapes to try, with what is given in its place; each once."""
    found = []
    for shape in SHAPES:
        if shape.chars != given.get("chars", shape.chars):
            continue
        # of n-grams that one text has, naive Bayes makes too much
        is_small = n_texts <= _MANY and given.get("weighting") != "bayes"
        least = shape.min_texts if is_small else NgramSettings.min_texts
        settings = replace(shape, **{"min_texts": least, **given})
        if settings.objective != shape.objective:
            settings = replace(settings, regularisation=3.0 if settings.objective == "squared_hinge" else 0.2)
        if settings not in found:
            found.append(settings)
    return found


def _some(texts: pa.LargeStringArray, seed: int) -> tuple[NDArray[np.int64], bool]:
    """Return which texts are taken, int64, ascending, and whether some are left out because they are long."""
    most = min(max(int(_SHARE * len(texts)), _LEAST_TEXTS), _MOST_TEXTS, len(texts))
    order = np.random.default_rng([seed, _DRAW]).permutation(len(texts))[:most]
    lengths = pc.binary_length(texts.take(pa.array(order))).to_numpy(zero_copy_only=False)
    within = max(int(np.searchsorted(np.cumsum(lengths), _MOST_BYTES, side="right")), min(most, _FEWEST))
    return np.sort(order[:within]), within < most


def _labels(answers: NDArray[np.float64], *, multi_label: bool) -> NDArray[np.int64]:
    """Return what N texts are answered with: class numbers, int64 [N]; multi-label an indicator [N, C]."""
    if not multi_label and answers.shape[1] > 1:
        likeliest: NDArray[np.int64] = answers.argmax(axis=1)
        return likeliest
    labels = (answers > 0.5).astype(np.int64)
    return labels if multi_label else labels[:, 0]


class _Search:
    """Trials on the same texts and folds; equal texts are in one.

    Attributes:
        tried: Those that all folds were asked about, in order.
    """

    def __init__(
        self,
        texts: pa.LargeStringArray,
        alike: NDArray[np.int64],
        answers: NDArray[np.float64],
        weight: NDArray[np.float64],
        *,
        multi_label: bool,
        seed: int,
        for_words: bool,
    ) -> None:
        self.tried: list[Tried] = []
        self._texts, self._answers, self._weight = texts, answers, weight
        self._multi_label, self._seed, self._for_words = multi_label, seed, for_words
        self._labels = strata = _labels(answers, multi_label=multi_label)
        if multi_label:
            strata = np.unique(strata, axis=0, return_inverse=True)[1].reshape(-1)  # equal sets, equal number
        self._n_folds = _FOLDS_OF_FEW if len(texts) < _FEW else _FOLDS
        folds = keep_together(deal_folds(np.arange(len(texts)), strata, self._n_folds, seed=seed), alike)
        self._folds = np.unique(folds, return_inverse=True)[1].reshape(-1)  # of few different texts, one may be empty
        self._n_folds = int(self._folds.max()) + 1
        self._known: dict[tuple[int, int, bool], NgramFolds] = {}
        self._answered: dict[NgramSettings, NDArray[np.float64]] = {}
        self._judged: dict[tuple[NgramSettings, int], Tried] = {}

    def race(self, shapes: list[NgramSettings]) -> Tried:
        """Ask all shapes about a fold, the better ones about the next, and two about the others; return the best."""
        for fold in range(self._n_folds):
            for settings in shapes:
                self._ask(settings, fold)
            by_accuracy = sorted(shapes, key=lambda each: -self._judge(each, fold + 1).accuracy)
            shapes = by_accuracy[: max(len(shapes) - 1, 2)]
            if self._for_words and all(each.chars for each in shapes):
                shapes += [each for each in by_accuracy if not each.chars][:1]
        self.tried += [self._judge(settings, self._n_folds) for settings in shapes]
        return self.best()

    def challenge(self, best: Tried, settings: NgramSettings) -> None:
        """Ask settings about all folds, unless they are clearly worse than the best after some."""
        for fold in range(self._n_folds):
            self._ask(settings, fold)
            found, before = self._judge(settings, fold + 1), self._judge(best.settings, fold + 1)
            if found.accuracy < before.accuracy - self._error(found.accuracy, fold + 1) and found.loss > before.loss:
                return
        self.tried.append(found)

    def best(self) -> Tried:
        """Return the trial that is taken so far."""
        most = max(each.accuracy for each in self.tried)
        error = self._error(most, self._n_folds)
        slack = _SLACK_OF_FEW if len(self._texts) < _LEAST_TEXTS and not self._for_words else _SLACK
        good = [each for each in self.tried if each.accuracy >= most - slack * error]
        if self._for_words:
            words = [
                each
                for each in self.tried
                if not each.settings.chars and each.accuracy >= most - _SLACK_OF_WORDS * error
            ]
            good = words or good
        return min(good, key=lambda each: each.loss)

    def _error(self, accuracy: float, n_folds: int) -> float:
        """Return the standard error of an accuracy on the first folds."""
        return math.sqrt(max(accuracy * (1 - accuracy), 1e-9) / max(int((self._folds < n_folds).sum()), 1))

    def _ask(self, settings: NgramSettings, fold: int) -> None:
        """Fit settings to all folds but one, and ask about that one."""
        vocabulary = (settings.n_max, settings.min_texts, settings.chars)
        if vocabulary not in self._known:
            self._known[vocabulary] = NgramFolds.of(self._texts, settings)
        held = self._folds == fold
        z = self._answered.setdefault(settings, np.zeros_like(self._answers))
        z[held] = self._known[vocabulary].fold_logits(
            self._answers, self._weight, ~held, held, settings, seed=self._seed
        )

    def _judge(self, settings: NgramSettings, n_folds: int) -> Tried:
        """Return what settings answered to the first folds; each is measured once, for many classes cost most here."""
        if (settings, n_folds) in self._judged:
            return self._judged[settings, n_folds]
        asked = self._folds < n_folds
        logits, labels = as_logits(self._answered[settings][asked], multi_label=self._multi_label), self._labels[asked]
        temperature = fit_temperature(logits, labels)
        accuracy = float(right(logits, labels).mean())
        found = Tried(settings, accuracy, log_loss(logits / temperature, labels))
        self._judged[settings, n_folds] = found
        return found
