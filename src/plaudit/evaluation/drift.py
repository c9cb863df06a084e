"""Whether later texts are still like those that a model was tested on, or its answers: two profiles compared.

Numbers of a text are compared by the largest distance between their distributions (Kolmogorov & Smirnov), counts by the
total variation distance with a test that exchanges the texts of both (Fisher's, by 20,000 draws). Holm's correction is
made for all of them. Drift is what is both certain and large: of a hundred thousand texts everything is certain, and a
shift of a point in the mean length matters to nobody.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from plaudit.errors import ConfigError
from plaudit.evaluation import profile as of
from plaudit.evaluation.paired import holm
from plaudit.text.languages import language_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.evaluation.profile import Profile

USUAL_LEVEL = 0.05  # of false alarms, all shifts together
FEWEST = 20  # texts on either side; of fewer nothing is certain
_LEAST = 0.1  # of a distance: a tenth of the texts are otherwise than they were
_LEAST_UNLIKE = 0.05  # the share of texts unlike the training texts is 0.01 by its limit
_DRAWS, _DRAW = 20_000, 9
_TOLD = 3  # shifts, in a sentence
_TERMS = np.arange(1, 101)


@dataclass(frozen=True)
class Shift:
    """How something differs between the texts of before and those of now.

    Attributes:
        name: What was compared.
        distance: From 0 (alike) to 1 (nothing in common).
        least: From which distance on it is large.
        p_value: How probable at least that distance is where nothing has changed, Holm's correction included.
        before: A figure of the texts that the model was tested on, in words.
        now: The same of these.
        is_drift: Whether it is both certain and large.
    """

    name: str
    distance: float
    least: float
    p_value: float
    before: str
    now: str
    is_drift: bool = False


@dataclass(frozen=True)
class Drift:
    """How far texts have moved.

    Attributes:
        n_before: How many texts the profile of before is of.
        n: How many texts there are now.
        shifts: What was compared, what differs most first.
        level: How often there is a false alarm at most.
    """

    n_before: int
    n: int
    shifts: tuple[Shift, ...]
    level: float

    @property
    def found(self) -> tuple[Shift, ...]:
        """What has drifted."""
        return tuple(each for each in self.shifts if each.is_drift)

    @property
    def is_enough(self) -> bool:
        """Whether there are texts enough for anything to be certain."""
        return min(self.n, self.n_before) >= FEWEST

    def sentence(self) -> str:
        """Say what was found."""
        if not self.is_enough:
            return f"Too few texts to tell ({min(self.n, self.n_before)}; {FEWEST} or more on both sides)."
        if not self.found:
            return "No drift found: nothing differs by more than chance and enough to matter."
        told = [f"{each.name} ({each.before} before, {each.now} now)" for each in self.found[:_TOLD]]
        more = [f"{len(self.found) - _TOLD} more"] if len(self.found) > _TOLD else []
        what = [*told, *more]
        words = ", ".join(what[:-1]) + " and " + what[-1] if len(what) > 1 else what[0]
        return f"Drift: these texts differ from those that the model was tested on in {words}."


def check_level(level: float) -> None:
    """Refuse a rate of false alarms that is none.

    Raises:
        ConfigError: It is not above 0 and below 1.
    """
    if not 0 < level < 1:
        raise ConfigError(f"level {level:g}: expected a number above 0 and below 1.")


def find_drift(before: Profile, now: Profile, *, level: float = USUAL_LEVEL, seed: int = 0) -> Drift:
    """Compare the texts of now with those of before.

    Args:
        before: Of the texts that the model was tested on.
        now: Of later texts, its function words those of the earlier ones' language.
        level: How often to raise a false alarm at most, above 0 and below 1.
        seed: Of the draws.

    Raises:
        ConfigError: The level is none.
    """
    check_level(level)
    random = np.random.default_rng([seed, _DRAW])
    shifts = [_of_numbers(name, before, now) for name in of.NUMBERS if name in before.numbers and name in now.numbers]
    shifts.append(_of_answers(before, now, random))
    if before.unlike is not None and now.unlike is not None:
        shifts.append(_of_unlike(before, now, random))
    is_enough = min(before.n, now.n) >= FEWEST
    shifts = [
        replace(each, p_value=p, is_drift=is_enough and p <= level and each.distance >= each.least)
        for each, p in zip(shifts, holm([each.p_value for each in shifts]), strict=True)
    ]
    shifts.sort(key=lambda each: (not each.is_drift, -each.distance / each.least))
    return Drift(before.n, now.n, tuple(shifts), level)


_IN_WORDS = {
    of.WORDS: ("words a text", "{:.0f}"),
    of.KNOWN: ("words known from training", "{:.0%}"),
    of.LIKENESS: ("likeness to training", "{:.1f}"),
    of.GRAMMAR: ("function words of {}", "{:.0%}"),
    of.CONFIDENCE: ("confidence", "{:.2f}"),
}


def _of_numbers(name: str, before: Profile, now: Profile) -> Shift:
    a, b = before.numbers[name], now.numbers[name]
    at = np.concatenate([a, b])
    distance = float(np.abs(np.searchsorted(a, at, "right") / len(a) - np.searchsorted(b, at, "right") / len(b)).max())
    size = math.sqrt(before.n * now.n / (before.n + now.n))
    words, form = _IN_WORDS[name]
    medians = [form.format(np.median(each)).replace("%", " %") for each in (a, b)]
    if name == of.GRAMMAR and before.language is not None:
        words = words.format(language_name(before.language))
        if now.language not in (before.language, None):
            medians[1] += f" ({language_name(now.language or '')})"
    p_value = _kolmogorov((size + 0.12 + 0.11 / size) * distance)
    return Shift(words, distance, _LEAST, p_value, medians[0], medians[1])


def _of_answers(before: Profile, now: Profile, random: np.random.Generator) -> Shift:
    """Compare how often each answer was given; of sets of labels, of each label whether or not."""
    names = list(before.answers)
    a, b = (np.array([each.answers.get(name, 0) for name in names], np.int64) for each in (before, now))
    shares = a / before.n, b / now.n
    most = int(np.abs(shares[1] - shares[0]).argmax())
    told = [f"{names[most]} {100 * each[most]:.0f} %" for each in shares]
    if a.sum() == before.n and b.sum() == now.n:
        distance, p_value = _exchanged(a, b, random)
        return Shift("answers", distance, _LEAST, p_value, told[0], told[1])
    found = [
        _exchanged(np.array([x, before.n - x]), np.array([y, now.n - y]), random)
        for x, y in zip(a.tolist(), b.tolist(), strict=True)
    ]
    p_value = min(1.0, len(found) * min(p for _, p in found))  # Bonferroni's correction for the labels
    return Shift("labels given", max(distance for distance, _ in found), _LEAST, p_value, told[0], told[1])


def _of_unlike(before: Profile, now: Profile, random: np.random.Generator) -> Shift:
    a, b = (np.array([each.unlike or 0, each.n - (each.unlike or 0)]) for each in (before, now))
    distance, p_value = _exchanged(a, b, random)
    told = [f"{100 * each[0] / each.sum():.1f} %" for each in (a, b)]
    return Shift("texts unlike training", distance, _LEAST_UNLIKE, p_value, told[0], told[1])


def _exchanged(a: NDArray[np.int64], b: NDArray[np.int64], random: np.random.Generator) -> tuple[float, float]:
    """Return the total variation distance of two rows of counts, and how often chance gives at least that."""
    n, m = int(a.sum()), int(b.sum())
    seen = a + b
    drawn = random.multivariate_hypergeometric(seen, n, size=_DRAWS, method="marginals")
    distances = np.abs(drawn / n - (seen - drawn) / m).sum(axis=1) / 2
    distance = float(np.abs(a / n - b / m).sum() / 2)
    return distance, (1 + int((distances >= distance - 1e-12).sum())) / (1 + _DRAWS)


def _kolmogorov(x: float) -> float:
    """Return how probable more than x is under Kolmogorov's distribution (Stephens 1970 for the size of samples)."""
    if x < 0.2:  # the sum below converges slowly there, and is 1 to twelve digits
        return 1.0
    return float(np.clip(2 * ((-1.0) ** (_TERMS - 1) * np.exp(-2 * _TERMS**2 * x**2)).sum(), 0, 1))
