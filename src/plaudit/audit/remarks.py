"""What an audit finds in whole parts: classes that are rare or shifted, words that training has not seen.

A remark has no row. The bounds are rules of thumb, each beside its reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plaudit.audit.findings import Gravity

if TYPE_CHECKING:
    from plaudit.audit.balance import Balance
    from plaudit.audit.coverage import WordCoverage

_FEW_TEXTS = 10  # of a class: five folds leave it two a fold, and a figure for it is luck
_IMBALANCE = 10.0  # commonest over rarest: accuracy then says little of the rare class
_SHIFT_LOOK, _SHIFT_FIX = 0.05, 0.2  # total variation distance between the parts' class shares
_SHIFT_DEVIATIONS = 2.0  # and as many times what drawing the part at random would give
_COVERAGE_LOOK, _COVERAGE_FIX = 0.95, 0.8  # of running words


@dataclass(frozen=True)
class Remark:
    """One thing about a part.

    Attributes:
        part: The part's name.
        gravity: How grave it is.
        title: What it is.
        detail: With figures.
        advice: What to do.
    """

    part: str
    gravity: Gravity
    title: str
    detail: str
    advice: str


def remark_on_classes(balance: Balance, *, multi_label: bool) -> list[Remark]:
    """Say which classes are missing, rare, far rarer than others, or distributed otherwise in another part."""
    train, found = balance.counts[0], []
    if (train > 0).sum() == 1 and not multi_label:
        only = balance.classes[int(train.argmax())]
        found.append(Remark("train", "fix", "one class only", f"every label is {only}", "there is nothing to learn"))
    few = [f"{name} {n}" for name, n in zip(balance.classes, train.tolist(), strict=True) if 0 < n < _FEW_TEXTS]
    if few:
        detail = f"{len(few)} with fewer than {_FEW_TEXTS} texts: {_listed(few)}"
        found.append(Remark("train", "look", "classes of few texts", detail, "add texts, or merge classes"))
    if balance.imbalance >= _IMBALANCE:
        present = np.flatnonzero(train > 0)
        most, least = int(train.argmax()), int(present[train[present].argmin()])
        detail = f"{balance.classes[most]} {train[most]:,}, {balance.classes[least]} {train[least]:,}"
        advice = "look at F1, not accuracy; try plaudit train --class-weight balanced"
        found.append(Remark("train", "look", "imbalanced classes", detail, advice))
    for i, part in enumerate(balance.parts[1:], start=1):
        shift, by_chance = balance.shift(i), _chance_shift(balance, i)
        if shift >= max(_SHIFT_LOOK, _SHIFT_DEVIATIONS * by_chance):
            detail = f"{100 * shift:.0f} % of the labels would have to change to give training's shares"
            gravity: Gravity = "fix" if shift >= _SHIFT_FIX else "look"
            found.append(Remark(part, gravity, "other class shares", detail, "find out which shares to expect in use"))
    return found


def _chance_shift(balance: Balance, part: int) -> float:
    """Return about how far a random draw of the part's size would be from training's shares.

    A class's share has the binomial's standard error, and a normal distribution's mean deviation is sqrt(2 / pi) of it.
    """
    shares = balance.counts[0] / max(int(balance.counts[0].sum()), 1)
    size = max(int(balance.counts[part].sum()), 1)
    return float(np.sqrt(shares * (1 - shares) / size).sum() * np.sqrt(2 / np.pi) / 2)


def remark_on_coverage(coverage: Sequence[WordCoverage]) -> list[Remark]:
    """Say how much of a part's words are known, always, and how grave it is."""
    found = []
    for each in coverage:
        gravity: Gravity = "fix" if each.tokens < _COVERAGE_FIX else "look" if each.tokens < _COVERAGE_LOOK else "note"
        missing = _listed([word for word, _ in each.missing[:5]])
        detail = f"{100 * each.tokens:.1f} % of its words" + (f"; not: {missing}" if missing else "")
        advice = "nothing" if gravity == "note" else "look at the unknown words: other topic, language or spelling?"
        found.append(Remark(each.part, gravity, f"words known to {each.known_to}", detail, advice))
    return found


def _listed(words: Sequence[str], most: int = 6) -> str:
    return ", ".join(words[:most]) + (", …" if len(words) > most else "")
