"""What an audit finds in rows: each finding has a kind, a row and, where it has one, the row that it is about.

`KINDS` is the one place that says what a kind is called, how grave it is and what to do about it; the terminal, the
page and the CSV read it there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from plaudit.data.label_findings import look_alike_findings, odd_name_findings, visible

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.audit.corpus import Corpus
    from plaudit.audit.noise import LabelNoise
    from plaudit.audit.texts import Suspects

Gravity = Literal["fix", "look", "note"]
Drop = Literal["duplicates", "near", "conflicts", "noise", "junk", "leaks"]
DROPS: tuple[Drop, ...] = ("duplicates", "near", "conflicts", "noise", "junk", "leaks")


@dataclass(frozen=True)
class Kind:
    """A kind of finding.

    Attributes:
        title: What it is, in a few words.
        advice: What to do about it.
        drop: What `--drop` calls taking such rows out; None where they may well stay.
        look: The share of all rows from which it deserves a look.
        fix: The share from which it should be fixed.
    """

    title: str
    advice: str
    drop: Drop | None
    look: float = 0.0
    fix: float = 2.0  # never

    def gravity(self, share: float) -> Gravity:
        """Return how grave it is in data with this share of such rows, above 0."""
        return "fix" if share >= self.fix else "look" if share >= self.look else "note"


_KEEP_ONE = "keep one of them; copies give that text more weight"
KINDS: dict[str, Kind] = {
    "leak": Kind("text in two parts", "remove it from training, or the test figure is optimistic", "leaks", 0.0, 0.0),
    "near leak": Kind("nearly the same text in two parts", "read both; if one is a copy, remove it", "near"),
    "conflict": Kind("same text, different labels", "decide on one label, or drop them", "conflicts", 0.0, 0.01),
    "near conflict": Kind("nearly the same text, different labels", "read both; one label may be wrong", None),
    "label noise": Kind("label probably wrong", "read the most suspicious; relabel or drop", "noise", 0.005, 0.05),
    "broken row": Kind("row that cannot be read", "correct it: training refuses it", "junk", 0.0, 0.0),
    "no label": Kind("no label", "label it, or drop it: training refuses it", "junk", 0.0, 0.0),
    "unseen class": Kind("class that training does not have", "no model can answer it: fix the label, add texts", None,
                         0.0, 0.0),
    "alike label": Kind("label that looks like another", "correct it, or read with --merge-labels", None),
    "odd label": Kind("label that may mean that there is none", "leave its cell empty if so", None),
    "empty": Kind("no text", "drop it: training refuses it", "junk", 0.0, 0.0),
    "no letters": Kind("no letter, digit or symbol", "drop it, or find what was lost", "junk"),
    "duplicate": Kind("same text again", _KEEP_ONE, "duplicates", 0.01, 0.1),
    "near duplicate": Kind("nearly the same text again", _KEEP_ONE, "near", 0.01, 0.1),
    "wrongly decoded": Kind("wrongly decoded", "read the source again as UTF-8, or repair it", None, 0.001, 0.05),
    "control characters": Kind("control characters", "remove them where the file is made", None, 0.01),
    "html": Kind("HTML left over", "remove it both in training and in use, or in neither", None, 0.05),
    "outlying length": Kind("much shorter or longer than the rest", "look at some: truncated, or joined?", None, 0.02),
}  # fmt: skip
REFUSED = ("broken row", "no label", "empty")  # rows that stop a training unless it leaves them out


@dataclass(frozen=True)
class Finding:
    """One thing about one row.

    Attributes:
        kind: One of `KINDS`.
        row: The row's number in the corpus.
        detail: What exactly.
        other: The row that it repeats or contradicts; None where there is none.
        group: The number of the group of rows that belong together, from 1; None where there is none.
        suggested: The label that the row may deserve; "" for none.
        confidence: That label's probability less the given one's, or of sets the label quality subtracted from 1: how
            sure the suggestion is, 0 to 1. None where nothing is suggested.
    """

    kind: str
    row: int
    detail: str
    other: int | None = None
    group: int | None = None
    suggested: str = ""
    confidence: float | None = None


def text_findings(suspects: Sequence[Suspects]) -> list[Finding]:
    """Return what is wrong with texts by themselves."""
    return [
        Finding(each.kind, row, detail)
        for each in suspects
        for row, detail in zip(each.rows.tolist(), each.details, strict=True)
    ]


def broken_rows(corpus: Corpus) -> dict[int, str]:
    """Return what is wrong with rows that cannot be read, by their numbers in the corpus."""
    starts = corpus.starts.tolist()
    return {
        starts[number] + row: message
        for number, part in enumerate(corpus.parts)
        for row, message in sorted(part.faults.items())
    }


def label_findings(corpus: Corpus) -> list[Finding]:
    """Return rows without a label, with one that is odd, and rows of other parts whose class no training row has."""
    broken = broken_rows(corpus)
    found = [Finding("broken row", row, message) for row, message in broken.items()]
    found += [Finding("no label", i, "no label") for i in np.flatnonzero(~corpus.has_label).tolist() if i not in broken]
    train = corpus.labels[: corpus.n_train]
    if corpus.multi_label:
        unseen = ~train.any(axis=0)
        rows = np.flatnonzero((corpus.labels[:, unseen] > 0).any(axis=1))
    else:
        rows = np.flatnonzero(corpus.has_label & ~np.isin(corpus.labels, train))
    found += [Finding("unseen class", row, f"label {corpus.label_text(row)}") for row in rows.tolist()]
    return found + _odd_labels(corpus)


def _odd_labels(corpus: Corpus) -> list[Finding]:
    """Return rows whose label looks like a commoner one, or is a word that programs write where there is none."""
    labels = corpus.labels
    numbers = (
        labels.sum(axis=0) if corpus.multi_label else np.bincount(labels[labels >= 0], minlength=len(corpus.classes))
    )
    counts = {name: n for name, n in zip(corpus.classes, numbers.tolist(), strict=True) if n}
    odd = {
        name: ("alike label", f"label {visible(name)} ({counts[name]:,}); {visible(alike.labels[0])} is commoner")
        for alike in look_alike_findings(counts)
        for name in alike.labels[1:]
    }
    odd |= {name: ("odd label", f"label {visible(name)}") for each in odd_name_findings(counts) for name in each.labels}
    found = []
    for number, name in enumerate(corpus.classes):
        if name in odd:
            has = labels[:, number] > 0 if corpus.multi_label else labels == number
            found += [Finding(odd[name][0], row, odd[name][1]) for row in np.flatnonzero(has).tolist()]
    return found


def noise_findings(corpus: Corpus, noise: LabelNoise, rows: NDArray[np.int64]) -> list[Finding]:
    """Return the flagged labels, the most suspicious first.

    Args:
        corpus: All rows.
        noise: Of some of them,
        rows: int64 [M], which are those.
    """
    flagged = np.flatnonzero(noise.flagged)
    order = flagged[np.argsort(noise.quality[flagged], kind="stable")]
    describe = _describe_set if corpus.multi_label else _describe_one
    return [describe(corpus, noise, int(i), int(rows[i])) for i in order]


def _describe_one(corpus: Corpus, noise: LabelNoise, i: int, row: int) -> Finding:
    p, suggested = noise.probabilities[i], int(noise.suggested[i])
    given = int(corpus.labels[row])
    detail = f"{corpus.classes[given]} {p[given]:.3f}, {corpus.classes[suggested]} {p[suggested]:.3f}"
    sure = float(p[suggested] - p[given])
    return Finding("label noise", row, detail, suggested=corpus.classes[suggested], confidence=sure)


def _describe_set(corpus: Corpus, noise: LabelNoise, i: int, row: int) -> Finding:
    """Name the labels that disagree most with their probability: given ones below a half, others above."""
    p, given = noise.probabilities[i], corpus.labels[row] > 0
    wrong = np.flatnonzero((p > 0.5) != given)
    wrong = wrong[np.argsort(-np.abs(p[wrong] - 0.5), kind="stable")][:4]
    detail = ", ".join(f"{'' if given[c] else 'not '}{corpus.classes[c]} {p[c]:.3f}" for c in wrong.tolist())
    names = [corpus.classes[c] for c in np.flatnonzero(noise.suggested[i]).tolist()]
    return Finding(
        "label noise", row, detail or "labels in doubt", suggested=", ".join(names),
        confidence=float(1 - noise.quality[i]),
    )  # fmt: skip
