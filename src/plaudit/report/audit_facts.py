"""The quick part of an audit, for a report: what is looked for in the data of every run.

Label noise is left out, and of large data what would take longer than a second: nearly equal texts, and words that
training has not seen. `plaudit audit` looks for all.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from plaudit.audit import KINDS, corpus_of, review
from plaudit.data import Dataset
from plaudit.report.facts import AuditFacts, FindingFacts, RemarkFacts

_NEAR_BYTES = 2_000_000  # of texts: looking for nearly equal ones takes about half a second on one core
_FEW_NEAR = 0.02  # of a part's texts: less moves a figure by less than its interval shows
_WORDS_BYTES = 20_000_000  # counting their words about a second


def quick_audit(parts: Mapping[str, Dataset], *, command: str, most_bytes: int | None = None) -> AuditFacts:
    """Look at labelled parts, "train" first, and return what was found.

    Args:
        parts: By name.
        command: What looks for everything.
        most_bytes: Of a part's texts, how much is looked at, evenly spaced; None for all.
    """
    looked_at = None
    if most_bytes is not None:
        parts = {name: _evenly(dataset, most_bytes) for name, dataset in parts.items()}
        looked_at = sum(map(len, parts.values()))
    corpus = corpus_of(parts)
    with_near, with_words = (corpus.texts.nbytes <= most for most in (_NEAR_BYTES, _WORDS_BYTES))
    found = review(
        corpus,
        normalised=pa.concat_arrays([dataset.normalised for dataset in parts.values()]),
        look_for_near=with_near,
        look_at_words=with_words,
        look_for_noise=False,
    )
    findings = tuple(
        FindingFacts(found.gravity(kind), KINDS[kind].title, tuple(found.counts(kind)), KINDS[kind].advice)
        for kind in KINDS
        if found.of_kind(kind)
    )
    remarks = tuple(
        RemarkFacts(each.gravity, each.part, each.title, each.detail, each.advice) for each in found.remarks
    )
    return AuditFacts(tuple(parts), findings, remarks, with_near, with_words, command, looked_at)


def near_note(audit: AuditFacts, n: int) -> str | None:
    """Say how many of the N texts of the last part are nearly the same as one of another part; None of hardly any."""
    title = KINDS["near leak"].title
    count = sum(each.counts[-1] for each in audit.findings if each.title == title)
    if count <= _FEW_NEAR * n:
        return None
    return (
        f"{count:,} of {n:,} {audit.parts[-1]} texts are nearly the same as a text of another part: the figures are "
        "optimistic. --group-near-duplicates keeps such texts on one side."
    )


def _evenly(dataset: Dataset, most_bytes: int) -> Dataset:
    """Return about as many texts, in memory."""
    share = min(1.0, most_bytes / max(dataset.texts.nbytes, 1))
    at = np.linspace(0, len(dataset) - 1, max(round(share * len(dataset)), 1)).astype(np.int64)
    labels = None if dataset.labels is None else dataset.labels[at]
    return Dataset(dataset.texts.take(pa.array(at)), labels, dataset.classes, dataset.name)
