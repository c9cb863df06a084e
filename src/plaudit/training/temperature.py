"""Temperature scaling: one number that logits are divided by, so that probabilities say how often they are right.

Guo et al. (2017), "On Calibration of Modern Neural Networks", section 4.2: the number with the lowest log loss on texts
that were not trained on. It moves no answer, only how sure it is.

The decision to question: the labels that the search sees are softened by the rule of succession, as Platt (1999,
"Probabilistic outputs for support vector machines", section 2.2) does: after n texts a true label counts n + 1 in
n + 2. Where validation texts are few and all right, the lowest log loss would else lie at a temperature of 0, which is
certainty; of 10,000 texts it moves nothing that is printed. And a temperature is kept only where it helps texts that
did not choose it (`choose_temperature`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plaudit.data.grouping import keep_together
from plaudit.training.losses import cross_entropy, probabilities

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST, MOST = 0.05, 20.0  # beyond, there is nothing to scale: logits that say nothing, or far too few texts
LEAST_TEXTS = 100  # below, cross-fitted gains are noise: of 80 texts a fold chooses
_FOLDS = 5
_HALVINGS = 50  # of the interval between them, on a logarithmic scale: to 1e-14


def why_unscaled(n: int) -> str:
    """Say why no temperature was chosen on N validation texts, a clause."""
    if n < LEAST_TEXTS:
        return f"fewer than {LEAST_TEXTS} validation texts, too few to choose a temperature"
    return "no temperature lowers the out-of-sample log loss"


def fit_temperature(logits: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """Return the temperature with the lowest log loss, from `LEAST` to `MOST`; 1.0 where none lowers the log loss.

    The loss is convex in one over the temperature, so its slope is followed to 0.

    Args:
        logits: float [N, K], one for two classes.
        labels: Class numbers [N]; multi-label, an indicator [N, K].
    """
    z = logits.astype(np.float64)
    if not len(z) or not np.isfinite(z).all():
        return 1.0
    targets = softened(labels, z.shape[1])
    if labels.ndim == 1 and z.shape[1] == 1:
        targets, z = np.concatenate([1 - targets, targets], axis=1), np.concatenate([np.zeros_like(z), z], axis=1)
    expected = float((targets * z).sum())

    def slope(inverse: float) -> float:
        """The loss's derivative by one over the temperature: what is predicted less what is true."""
        return float((probabilities(z * inverse, multi_label=labels.ndim == 2) * z).sum()) - expected

    low, high = math.log(1 / MOST), math.log(1 / LEAST)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if slope(math.exp(middle)) > 0 else (middle, high)
    temperature = float(math.exp(-(low + high) / 2))
    return temperature if log_loss(logits / temperature, labels) < log_loss(logits, labels) else 1.0


@dataclass(frozen=True)
class CrossFitted:
    """Whether a temperature helps texts that did not choose it.

    Attributes:
        temperature: Chosen on all N texts where it helps, else 1.
        inverse: float64 [N], one over the temperature that the other folds chose for each text; where it does not help
            ones.
        gain: By how much it lowers the mean log loss of texts that did not choose it, in nats; 0 for too few texts.
        error: The standard error of `gain`.
    """

    temperature: float
    inverse: NDArray[np.float64]
    gain: float
    error: float


def choose_temperature(
    logits: NDArray[np.floating],
    labels: NDArray[np.integer],
    *,
    seed: int = 0,
    alike: NDArray[np.integer] | None = None,
) -> CrossFitted:
    """Return the temperature of N texts if it helps out of sample, where each fold is scaled by the others'.

    It is kept if the mean gain in log loss of texts that did not choose it is above one standard error (Breiman et al.
    1984, "Classification and Regression Trees", section 3.4.3: what is not clearly better is left simple). Fewer than
    `LEAST_TEXTS` texts choose none.

    Args:
        logits: As `fit_temperature`'s.
        labels: As `fit_temperature`'s.
        seed: Of the division into folds.
        alike: int64 [N]; texts of one number are equal, stay in one fold and count once in the error. None where all
            differ.
    """
    n = len(logits)
    none = CrossFitted(1.0, np.ones(n), 0.0, 0.0)
    if n < LEAST_TEXTS or not np.isfinite(logits).all():
        return none
    folds = deal(n, seed=seed, alike=alike)
    inverse = np.ones(n)
    for fold in range(_FOLDS):
        inverse[folds == fold] = 1 / fit_temperature(logits[folds != fold], labels[folds != fold])
    before = cross_entropy(logits, labels)[0]
    after = cross_entropy((logits * inverse[:, None]).astype(logits.dtype), labels)[0]
    gains = (before - after).astype(np.float64).reshape(n, -1).mean(axis=1)
    gain, error = float(gains.mean()), standard_error(gains, alike)
    if gain <= error:
        return CrossFitted(1.0, np.ones(n), gain, error)
    return CrossFitted(fit_temperature(logits, labels), inverse, gain, error)


def deal(n: int, *, seed: int, alike: NDArray[np.integer] | None = None) -> NDArray[np.int64]:
    """Return the fold of each of N texts, int64 [N]: equally many in each of five, at random, but equal texts in one.

    Args:
        n: N.
        seed: Of NumPy's PCG64.
        alike: int64 [N], the same number for equal texts; None where all differ.
    """
    return keep_together(np.random.Generator(np.random.PCG64(seed)).permutation(n) % _FOLDS, alike)


def standard_error(values: NDArray[np.float64], alike: NDArray[np.integer] | None) -> float:
    """Return the standard error of the mean of N numbers, of which those of equal texts count as one observation.

    The sums of G groups are what varies (Cochran 1977, "Sampling Techniques", section 9A.2, clusters of unequal size).

    Args:
        values: float64 [N].
        alike: int64 [N], the same number for equal texts; None where all differ. Of one group, infinity.
    """
    n, apart = len(values), values - values.mean()
    if alike is not None:
        apart = np.bincount(np.unique(alike, return_inverse=True)[1].reshape(-1), apart)
    if len(apart) < 2:
        return math.inf
    return math.sqrt(float(np.square(apart).sum()) * len(apart) / (len(apart) - 1)) / n


def log_loss(logits: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """Return the mean negative log-likelihood; multi-label the mean over classes too."""
    return float(cross_entropy(logits, labels)[0].mean())


def softened(labels: NDArray[np.integer], n_logits: int, *, doubt: float | None = None) -> NDArray[np.float64]:
    """Return what each logit's probability should be, float64 [N, K].

    Args:
        labels: Class numbers [N]; multi-label, an indicator [N, K].
        n_logits: K; one column is the second of two classes.
        doubt: How probable it is that a label is wrong; None is 1 / (N + 2), the rule of succession.
    """
    if doubt is None:
        doubt = 1 / (len(labels) + 2)
    if labels.ndim == 2 or n_logits == 1:
        return np.where(labels.reshape(len(labels), n_logits) > 0, 1 - doubt, doubt)
    targets = np.full((len(labels), n_logits), doubt / (n_logits - 1))
    targets[np.arange(len(labels)), labels] = 1 - doubt
    return targets
