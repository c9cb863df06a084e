"""Classes that are grades: "1" to "5", "3 stars", "three stars", "0.5 points", "poor" to "very good".

How far off an answer is then counts, not only whether.

The decision to question: what is noticed. Classes are grades where each has one number, all different, and around it
the same words. Plain numbers are taken for codes of unordered classes where they count from 0, or are more than eleven;
numbers with words unless these are of a scale: "topic 3" and "floor 2" are names. Words alone are grades where all of
them are of one usual scale; "negative", "neutral" and "positive" are not, for many use "neutral" for all else.
What is noticed adds figures and orders tables; a model's answers change only by the rule `ordinal_costs`, when asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from plaudit.evaluation.bootstrap import Statistic
from plaudit.evaluation.figure_intervals import LEAST_VALUES, kappa_interval, share_interval, skewed_interval
from plaudit.evaluation.intervals import Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.evaluation.repeats import Repeats

NAMES = ("absolute_error", "within_one", "kappa_quadratic")
_LEAST, _MOST_PLAIN = 3, 11
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_WORDS = {name: str(n) for n, name in enumerate(_NAMES)}
_SCALE = re.compile(  # with any other letters beside it a number is a name's
    r"\b(star|point|grade|rating|score|mark|level|out of|estrella|punto|sterne?|punkte?|note|étoile|stell[ae]?)\b"
    r"|[星分级]|^[^\w]*$"
)
# Usual scales of words, from the lowest grade to the highest; some words stand for one grade.
_SCALES = tuple(
    {word: grade for grade, words in enumerate(scale.split(", ")) for word in words.split("/")}
    for scale in (
        "terrible/awful/very bad/very poor, bad/poor, ok/okay/fair/average/medium/neutral/mediocre, good, "
        "very good/great, excellent/outstanding",
        "strongly disagree, disagree, neutral/neither/undecided/neither agree nor disagree, agree, strongly agree",
        "very dissatisfied, dissatisfied, neutral, satisfied, very satisfied",
        "very negative, negative, neutral, positive, very positive",
        "never, rarely/seldom, sometimes/occasionally, often/frequently, always",
        "none, very low, low, medium/moderate, high, very high, critical",
        "trivial, minor, moderate, major, severe/critical",
    )
)
_WORD = re.compile(rf"\b({'|'.join(_WORDS)})\b", re.IGNORECASE)


def grades_of(classes: Sequence[str], *, asked: bool = False) -> NDArray[np.float64] | None:
    """Return each class's grade, float64 [C]; None where the classes are none, or may well be codes.

    `asked` takes numbers for grades whatever is around them.
    """
    if (of_words := _on_a_scale(classes)) is not None:
        return of_words
    classes = [_WORD.sub(lambda word: _WORDS[word[0].lower()], name) for name in classes]
    found = [_NUMBER.findall(name) for name in classes]
    if len(classes) < _LEAST or any(len(each) != 1 for each in found):
        return None
    words = {_NUMBER.sub("", name).strip().lower().removesuffix("s") for name in classes}
    grades = np.array([float(each[0]) for each in found])
    if len(words) > 1 or len(np.unique(grades)) < len(grades):
        return None
    around = words.pop()
    is_code = np.array_equal(np.sort(grades), np.arange(len(grades))) or len(grades) > _MOST_PLAIN
    is_grade = _SCALE.search(around.replace("_", " ")) if around else not is_code
    return grades if is_grade or asked else None


def _on_a_scale(classes: Sequence[str]) -> NDArray[np.float64] | None:
    """Return the grades of words that are all of one scale, from 1; None where they are not, or two are one grade."""
    names = [" ".join(re.split(r"[\s_-]+", name.strip().lower())) for name in classes]
    for scale in _SCALES:
        steps = [scale[name] for name in names if name in scale]
        is_plain_sentiment = set(names) == {"negative", "neutral", "positive"}
        if len(steps) == len(names) == len(set(steps)) >= _LEAST and not is_plain_sentiment:
            return (np.argsort(np.argsort(steps)) + 1).astype(np.float64)
    return None


def ordered(classes: Sequence[str]) -> list[int]:
    """Return the numbers of the classes from the lowest grade to the highest; as they are where they are no grades."""
    grades = grades_of(classes)
    return list(range(len(classes))) if grades is None else np.argsort(grades, kind="stable").tolist()


def ordinal_costs(classes: Sequence[str]) -> dict[str, dict[str, float]] | None:
    """Return as the cost of each answer by how many grades it is off, by true class; None where there are no grades.

    The class with the least expected cost is then the median of the predicted distribution.
    """
    grades = grades_of(classes, asked=True)
    if grades is None:
        return None
    named = list(zip(classes, grades.tolist(), strict=True))
    return {true: {other: abs(a - b) for other, b in named} for true, a in named}


def ordinal_statistic(labels: NDArray[np.integer], predicted: NDArray[np.integer], classes: Sequence[str]) -> Statistic:
    """Return the figures of `NAMES` as a function of counts; none where the classes are no grades.

    Kappa with quadratic weights (Cohen 1968, "Weighted kappa", Psychological Bulletin 70) counts steps of the scale, as
    scikit-learn's ``cohen_kappa_score(weights="quadratic")`` does; so does `within_one`.
    """
    grades, n_classes = grades_of(classes), len(classes)
    if grades is None:
        return lambda counts: {}
    steps = np.argsort(np.argsort(grades))
    rows = np.flatnonzero(predicted >= 0)
    true, found = labels[rows], predicted[rows]
    off = np.abs(grades[true] - grades[found])
    squares = np.square(steps[true] - steps[found]).astype(np.float64)
    weights = np.square(steps[:, None] - steps[None, :]).astype(np.float64)
    one_true, one_found = (np.eye(n_classes)[each] for each in (true, found))

    def figures(counts: NDArray[np.float64]) -> Mapping[str, NDArray[np.float64]]:
        drawn = counts[:, rows]
        n = drawn.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            by_chance = ((drawn @ one_true @ weights) * (drawn @ one_found)).sum(axis=1) / n
            return {
                "absolute_error": drawn @ off / n,
                "within_one": drawn @ (squares <= 1).astype(np.float64) / n,
                "kappa_quadratic": np.where(by_chance > 0, 1 - drawn @ squares / by_chance, np.nan),
            }

    return figures


def ordinal_intervals(
    labels: NDArray[np.integer],
    predicted: NDArray[np.integer],
    classes: Sequence[str],
    kappa: float | None,
    resampled: Mapping[str, NDArray[np.float64]],
    repeats: Repeats,
) -> dict[str, Interval | None]:
    """Return the intervals of `NAMES`; none of kappa and the absolute error of fewer than 100 texts.

    Empty where the classes are no grades. `kappa` is the figure, `resampled` has it of resamples, float64 [R].
    """
    grades = grades_of(classes)
    if grades is None:
        return {}
    is_answered = predicted >= 0
    true, found = labels[is_answered], predicted[is_answered]
    steps = np.argsort(np.argsort(grades))
    near = int((np.abs(steps[true] - steps[found]) <= 1).sum())
    of_kappa, worth = None, repeats.worth(is_answered)
    if kappa is not None and worth >= LEAST_VALUES:
        of_kappa = kappa_interval(kappa, resampled["kappa_quadratic"], worth)
    return {
        "absolute_error": skewed_interval(np.abs(grades[true] - grades[found]), worth=worth),
        "within_one": share_interval(near, len(true), worth),
        "kappa_quadratic": of_kappa,
    }
