"""From groups of the same text to findings: within a part, between parts, and with labels that contradict.

This module decides which row is the copy: of a part's rows the later one, of two parts both.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from plaudit.audit.findings import Finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.audit.corpus import Corpus
    from plaudit.audit.duplicates import Duplicates

_EQUAL, _ALIKE = "equal to", "equal except for case and punctuation to"


def repeat_findings(corpus: Corpus, duplicates: Duplicates) -> list[Finding]:
    """Return every row that repeats another one or contradicts it; a row repeats at most one of its own part.

    Of kinds "leak", "near leak", "duplicate", "near duplicate", "conflict" and "near conflict". Groups are numbered
    from 1 by their first row.
    """
    numbers = _number_groups(duplicates.near)
    found = list(_conflicts(corpus, duplicates, numbers))
    n_parts = len(corpus.parts)
    equal_firsts = _first_rows(duplicates.equal, corpus.part_of)
    alike_firsts = _first_rows(duplicates.alike, corpus.part_of)
    neighbours = _neighbours(duplicates)
    for row in np.flatnonzero(numbers).tolist():
        part, text = int(corpus.part_of[row]), int(duplicates.alike[row])
        group = int(numbers[row])
        # the most similar comes first: the same letters, the same words, then nearly equal texts by similarity
        candidates = [
            (_EQUAL, equal_firsts[int(duplicates.equal[row])]),
            (_ALIKE, alike_firsts[text]),
            *((f"{similarity:.2f} like", alike_firsts[near]) for similarity, near in neighbours.get(text, ())),
        ]
        for parts, kind in (([part], "duplicate"), ([p for p in range(n_parts) if p != part], "leak")):
            for rank, (words, firsts) in enumerate(candidates):
                others = [firsts[p] for p in parts if p in firsts and (p != part or firsts[p] < row)]
                if others:
                    detail = f"{words} {corpus.where(others[0], beside=row)}"
                    found.append(Finding(kind if rank < 2 else f"near {kind}", row, detail, others[0], group))
                    break
    return found


def _first_rows(groups: NDArray[np.int64], part_of: NDArray[np.int8]) -> dict[int, dict[int, int]]:
    """Return the first row of each group in each part that has one."""
    n_parts = int(part_of.max(initial=0)) + 1
    keys, firsts = np.unique(groups * n_parts + part_of, return_index=True)
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for key, first in zip(keys.tolist(), firsts.tolist(), strict=True):
        found[key // n_parts][key % n_parts] = first
    return found


def _conflicts(corpus: Corpus, duplicates: Duplicates, numbers: NDArray[np.int64]) -> Iterable[Finding]:
    """Yield all labelled rows of each group whose labels differ; of nearly equal texts those that no other way do."""
    labels = corpus.label_keys
    done: set[int] = set()
    for groups, kind in ((duplicates.alike, "conflict"), (duplicates.near, "near conflict")):
        for members in _rows_by_group(groups):
            rows = [row for row in members if labels[row] >= 0]
            if len({int(labels[row]) for row in rows}) < 2 or done.intersection(rows):
                continue
            done.update(rows)
            counts = Counter(corpus.label_text(row) or "none" for row in rows)
            detail = "labelled " + "; ".join(f"{name} {n}" for name, n in counts.most_common(6))
            contrary = next(row for row in rows if labels[row] != labels[rows[0]])
            for row in rows:
                other = contrary if labels[row] == labels[rows[0]] else rows[0]
                where = corpus.where(other, beside=row)
                yield Finding(kind, row, f"{detail}; the other way: {where}", other, int(numbers[row]))


def _number_groups(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return each row's group, from 1 in the order of first rows; 0 for a row that is alone."""
    _, firsts, which, counts = np.unique(groups, return_index=True, return_inverse=True, return_counts=True)
    which = which.reshape(-1)
    several = np.flatnonzero(counts > 1)
    numbers = np.zeros(len(counts), np.int64)
    numbers[several[np.argsort(firsts[several])]] = np.arange(1, len(several) + 1)
    return numbers[which]


def _rows_by_group(groups: NDArray[np.int64]) -> list[list[int]]:
    """Return the rows of each group that has several, ascending."""
    order = np.argsort(groups, kind="stable")
    edges = np.flatnonzero(np.diff(groups[order])) + 1
    return [rows.tolist() for rows in np.split(order, edges) if len(rows) > 1]


def _neighbours(duplicates: Duplicates) -> dict[int, list[tuple[float, int]]]:
    """Return for each text of `alike` the nearly equal ones, the most similar first."""
    found: dict[int, list[tuple[float, int]]] = defaultdict(list)
    alike = duplicates.alike
    for left, right, similarity in zip(
        alike[duplicates.left].tolist(), alike[duplicates.right].tolist(), duplicates.similarity.tolist(), strict=True
    ):
        found[left].append((similarity, right))
        found[right].append((similarity, left))
    for near in found.values():
        near.sort(key=lambda pair: (-pair[0], pair[1]))
    return found
