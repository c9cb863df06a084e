"""A scale, and a shift, for each class's logit, where one temperature for all leaves the probabilities off.

Of many classes some are overconfident and others underconfident, which no single number corrects. Sets of labels:
each class is a question of its own and gets a temperature of its own, which moves no answer. (A shift besides, as Platt
1999 has it, moved answers and was no better on GoEmotions: docs/log.md.) One label of several: a scale and a shift for
each class are chosen together under the softmax (vector scaling: Guo et al. 2017, "On Calibration of Modern Neural
Networks", section 4.2), which may move answers.

The decision to question: it must earn its numbers. It takes `LEAST_TEXTS` texts, and is kept where those that did not
choose it have a log loss lower than with the temperature by more than a standard error, and no lower accuracy or mean
recall. A class with fewer than `LEAST_OF_CLASS` texts (of sets: without it, too) keeps the temperature. Under the
softmax each number is drawn towards the temperature as by a normal prior of variance 1, so that few texts move it
little. Isotonic regression is not taken: it gives texts of different logits one probability, and loses their order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.training.losses import cross_entropy, probabilities, right
from plaudit.training.temperature import choose_temperature, deal, fit_temperature, softened, standard_error

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_TEXTS, LEAST_OF_CLASS = 500, 20
MOST_CLASSES = 200  # the joint choice solves equations of twice as many unknowns
LEAST_SCALE, MOST_SCALE = 1e-3, 1e3
_MOST_SHIFT = 1e4
_STEPS, _HALVINGS, _CLOSE = 50, 30, 1e-9


@dataclass(frozen=True, eq=False)
class ClassScaling:
    """What takes the place of the temperature: logit c becomes ``scale[c] * logit + shift[c]``.

    Attributes:
        scale: float64 [C], above 0.
        shift: float64 [C].
        n_own: How many classes have numbers of their own, and not the temperature's.
    """

    scale: NDArray[np.float64]
    shift: NDArray[np.float64]
    n_own: int

    def apply(self, logits: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return scaled logits, float32 [N, C]."""
        scaled: NDArray[np.float32] = logits.astype(np.float32) * self.scale.astype(np.float32)
        scaled += self.shift.astype(np.float32)
        return scaled

    def undo(self, logits: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the logits that `apply` was given, up to rounding, float32 [N, C]."""
        return ((logits - self.shift) / self.scale).astype(np.float32)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"scale": self.scale.tolist(), "shift": self.shift.tolist(), "n_own": self.n_own}

    @classmethod
    def from_dict(cls, stored: object, n_classes: int) -> ClassScaling | None:
        """Return what `to_dict` gave, from a file that anyone may have written; None where it is none."""
        if not isinstance(stored, dict) or stored.keys() != {"scale", "shift", "n_own"}:
            return None
        n_own = stored["n_own"]
        scale = _numbers(stored["scale"], n_classes, LEAST_SCALE, MOST_SCALE)
        shift = _numbers(stored["shift"], n_classes, -_MOST_SHIFT, _MOST_SHIFT)
        if scale is None or shift is None or type(n_own) is not int or not 0 <= n_own <= n_classes:
            return None
        return cls(scale, shift, n_own)


@dataclass(frozen=True)
class ChosenScaling:
    """How logits are scaled, and what that does to texts that did not choose it.

    Attributes:
        temperature: What logits are divided by; 1 where `by_class` is given, and where nothing helps.
        by_class: A scale and a shift for each class in its place; None where the temperature does as well.
        cross_fitted: float32 [N, K], each text's logits scaled by what the other folds chose.
    """

    temperature: float
    by_class: ClassScaling | None
    cross_fitted: NDArray[np.float32]


def choose_scaling(
    logits: NDArray[np.floating],
    labels: NDArray[np.integer],
    *,
    seed: int = 0,
    alike: NDArray[np.integer] | None = None,
) -> ChosenScaling:
    """Return the scaling of N texts that helps texts that did not choose it: none, a temperature, or one by class.

    Args:
        logits: float [N, K], one for two classes.
        labels: Class numbers [N]; multi-label, an indicator [N, K].
        seed: Of the division into folds.
        alike: int64 [N], the same number for equal texts; None where all differ.
    """
    n, n_logits = logits.shape
    shared = choose_temperature(logits, labels, seed=seed, alike=alike)
    simple = ChosenScaling(shared.temperature, None, (logits * shared.inverse[:, None]).astype(np.float32))
    is_own = have_enough(labels, n_logits)
    if not 2 <= n_logits <= MOST_CLASSES or n < LEAST_TEXTS or not is_own.any() or not np.isfinite(logits).all():
        return simple
    folds, crossed = deal(n, seed=seed, alike=alike), np.empty((n, n_logits), np.float32)
    if len(np.unique(folds)) == 1:
        return simple
    for fold in np.unique(folds).tolist():
        crossed[folds == fold] = fit_classes(logits[folds != fold], labels[folds != fold], is_own).apply(
            logits[folds == fold]
        )
    gains = (cross_entropy(simple.cross_fitted, labels)[0] - cross_entropy(crossed, labels)[0]).reshape(n, -1)
    means = gains.mean(axis=1)
    is_better = means.mean() > standard_error(means, alike)
    if not is_better or _answers_lose(logits, crossed, labels):
        return simple
    return ChosenScaling(1.0, fit_classes(logits, labels, is_own), crossed)


def fit_classes(logits: NDArray[np.floating], labels: NDArray[np.integer], is_own: NDArray[np.bool_]) -> ClassScaling:
    """Return the scales and shifts with the lowest log loss, drawn towards the best temperature; see the module.

    Args:
        logits: float [N, C], C from 2, or from 1 multi-label.
        labels: Class numbers [N]; multi-label, an indicator [N, C].
        is_own: bool [C], which classes get numbers of their own.
    """
    inverse, own = 1 / fit_temperature(logits, labels), np.flatnonzero(is_own)
    scale, shift = np.full(logits.shape[1], inverse), np.zeros(logits.shape[1])
    if labels.ndim == 2:  # each class is a question of its own
        scale[own] = [1 / fit_temperature(logits[:, [c]], labels[:, [c]]) for c in own.tolist()]
    else:
        _newton(logits.astype(np.float64), softened(labels, logits.shape[1]), own, scale, shift)
    return ClassScaling(np.clip(scale, LEAST_SCALE, MOST_SCALE), shift, len(own))


def _newton(
    z: NDArray[np.float64],
    targets: NDArray[np.float64],
    own: NDArray[np.int64],
    scale: NDArray[np.float64],
    shift: NDArray[np.float64],
) -> None:
    """Move scales and shifts, float64 [C] both, to the lowest loss; those outside `own` stay. The loss is convex."""
    k, at, middle = len(own), np.arange(len(own)), scale.copy()

    def loss(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
        scaled = a * z + b
        top = scaled.max(axis=1)
        told = np.log(np.exp(scaled - top[:, None]).sum(axis=1)) + top - (targets * scaled).sum(axis=1)
        return float(told.sum()) + 0.5 * float(((a - middle) ** 2).sum() + (b**2).sum())

    current = loss(scale, shift)
    for _ in range(_STEPS):
        p, x = probabilities(scale * z + shift), z[:, own]
        off, p = (p - targets)[:, own], p[:, own]
        gradient = np.concatenate([(off * x).sum(axis=0) + (scale - middle)[own], off.sum(axis=0) + shift[own]])
        columns = np.concatenate([p * x, p], axis=1)
        hessian = np.eye(2 * k) - columns.T @ columns
        hessian[at, at] += (p * x**2).sum(axis=0)
        hessian[k + at, k + at] += p.sum(axis=0)
        hessian[at, k + at] += (p * x).sum(axis=0)
        hessian[k + at, at] += (p * x).sum(axis=0)
        step, tried = np.linalg.solve(hessian, gradient), current
        for halving in range(_HALVINGS):
            a, b = scale.copy(), shift.copy()
            a[own] -= step[:k] / 2**halving
            b[own] -= step[k:] / 2**halving
            if (tried := loss(a, b)) < current:
                scale[:], shift[:] = a, b
                break
        if current - tried < _CLOSE * len(z):
            break
        current = tried


def _answers_lose(before: NDArray[np.floating], after: NDArray[np.floating], labels: NDArray[np.integer]) -> bool:
    """Say whether answers have a lower accuracy, or, one label a text, a lower mean of the classes' recall.

    The latter is what whoever weighted rare classes wants, and what a shift towards their share would take away.
    """
    was, now = right(before, labels), right(after, labels)
    if labels.ndim == 2:
        return bool(now.mean() < was.mean())
    weights = 1 / np.bincount(labels)[labels]
    return bool(now.mean() < was.mean() or (weights * now).sum() < (weights * was).sum())


def have_enough(labels: NDArray[np.integer], n_logits: int) -> NDArray[np.bool_]:
    """Return which classes have enough texts for numbers of their own, bool [C]."""
    if labels.ndim == 1:
        enough: NDArray[np.bool_] = np.bincount(labels, minlength=n_logits) >= LEAST_OF_CLASS
        return enough
    counts = (labels > 0).sum(axis=0)
    return np.asarray(np.minimum(counts, len(labels) - counts) >= LEAST_OF_CLASS)


def _numbers(values: object, n: int, least: float, most: float) -> NDArray[np.float64] | None:
    if not isinstance(values, list) or len(values) != n:
        return None
    if not all(type(each) in (int, float) and least <= each <= most for each in values):
        return None
    return np.array(values, np.float64)
