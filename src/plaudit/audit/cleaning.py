"""Which training rows to take out, and why: a decision only; nothing is written here.

The reasons are asked in a fixed order, and a row goes by the first that holds. The decision to question: of texts that
are labelled differently, those with the label of more than half of them stay (and all but one go as duplicates);
without such a label all go, for none is known to be right.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plaudit.audit.findings import DROPS, KINDS, Drop, Finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.audit.corpus import Corpus
    from plaudit.audit.duplicates import Duplicates


@dataclass(frozen=True)
class Cleaning:
    """What stays of the training part, and what goes.

    Attributes:
        kept: int64 [K], rows that stay, ascending.
        dropped: The finding for which each other row goes, by row.
    """

    kept: NDArray[np.int64]
    dropped: tuple[Finding, ...]

    def counts(self) -> dict[str, int]:
        """Return how many rows go for each kind of finding."""
        kinds = [finding.kind for finding in self.dropped]
        return {kind: kinds.count(kind) for kind in KINDS if kind in kinds}


def usual_drops(corpus: Corpus) -> tuple[Drop, ...]:
    """Return what is taken out where nobody says what: all but nearly equal texts, and in sets of labels noise."""
    return tuple(each for each in DROPS if each != "near" and not (each == "noise" and corpus.multi_label))


def choose_rows(
    corpus: Corpus, duplicates: Duplicates, findings: Sequence[Finding], drop: Collection[Drop]
) -> Cleaning:
    """Return which training rows stay when those of some kinds go.

    "leaks" and "near" take out rows that other parts have too; "junk" rows without a text or a label; "conflicts" rows
    whose label is not the one of most; "noise" rows with a label that is probably wrong; "duplicates", and "near" of
    nearly equal texts, all but the first that is left.
    """
    going: dict[int, Finding] = {}
    candidates = [finding for finding in findings if finding.row < corpus.n_train and KINDS[finding.kind].drop in drop]
    by_kind: dict[str, list[Finding]] = {kind: [] for kind in KINDS}
    for finding in candidates:
        by_kind[finding.kind].append(finding)
    outvoted = _outvoted(corpus, duplicates.alike)
    for kind in ("broken row", "empty", "no letters", "no label", "leak", "near leak", "conflict", "label noise"):
        for finding in by_kind[kind]:
            if kind != "conflict" or outvoted[finding.row]:
                going.setdefault(finding.row, finding)
    if "duplicates" in drop:
        _drop_copies(by_kind["duplicate"], duplicates.alike, going)
    if "near" in drop:
        own = [finding for finding in findings if finding.kind == "duplicate" and finding.row < corpus.n_train]
        _drop_near(corpus.n_train, duplicates, by_kind["near duplicate"] + own, going)
    kept = np.setdiff1d(np.arange(corpus.n_train), np.array(sorted(going), np.int64))
    return Cleaning(kept, tuple(going[row] for row in sorted(going)))


def _outvoted(corpus: Corpus, alike: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which training rows lack the label that more than half of the training rows with their text have."""
    n = corpus.n_train
    labelled = np.flatnonzero(corpus.label_keys[:n] >= 0)
    _, text = np.unique(alike[labelled], return_inverse=True)
    text = text.reshape(-1)
    n_labels = int(corpus.label_keys.max(initial=0)) + 1
    _, vote, votes = np.unique(text * n_labels + corpus.label_keys[labelled], return_inverse=True, return_counts=True)
    result = np.zeros(n, np.bool_)
    result[labelled] = 2 * votes[vote.reshape(-1)] <= np.bincount(text)[text]
    return result


def _drop_copies(findings: Sequence[Finding], alike: NDArray[np.int64], going: dict[int, Finding]) -> None:
    """Let one row of each text stay: the first that nothing else has taken out."""
    texts = {int(alike[finding.row]) for finding in findings}
    firsts = {finding.other for finding in findings}
    rows = sorted({finding.row for finding in findings} | {row for row in firsts if row is not None})
    why = {finding.row: finding for finding in findings}
    seen: set[int] = set()
    for row in rows:
        text = int(alike[row])
        if row in going or text not in texts:
            continue
        if text in seen:
            going[row] = why[row]
        seen.add(text)


def _drop_near(n: int, duplicates: Duplicates, findings: Sequence[Finding], going: dict[int, Finding]) -> None:
    """Go through the nearly equal texts in order; one whose like has stayed goes, with all its rows."""
    why = {finding.row: finding for finding in findings}
    neighbours: dict[int, list[int]] = {}
    alike = duplicates.alike
    for a, b in zip(alike[duplicates.left].tolist(), alike[duplicates.right].tolist(), strict=True):
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    stayed: set[int] = set()
    for row in range(n):
        text = int(alike[row])
        if text not in neighbours or row in going:
            continue
        if row in why and any(other in stayed for other in neighbours[text]):
            going[row] = why[row]
        else:
            stayed.add(text)
