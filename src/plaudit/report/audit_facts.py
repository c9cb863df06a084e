"""The quick part of an audit, for a report: what is looked for in the data of every run.

Label noise is left out, and nearly equal texts where looking for them would take longer than a second or so;
`plaudit audit` looks for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

from plaudit.audit import KINDS, Corpus, corpus_of, review
from plaudit.report.facts import AuditFacts, FindingFacts, RemarkFacts

if TYPE_CHECKING:
    from plaudit.data import Dataset

_NEAR_BYTES = 2_000_000  # of texts: about half a second on one core


def quick_audit(parts: Mapping[str, Dataset], *, command: str) -> tuple[AuditFacts, Corpus]:
    """Look at labelled parts, "train" first, and return what was found, and the parts as one corpus.

    Args:
        parts: By name.
        command: What looks for everything.
    """
    corpus = corpus_of(parts)
    with_near = corpus.texts.nbytes <= _NEAR_BYTES
    found = review(
        corpus,
        normalised=pa.concat_arrays([dataset.normalised for dataset in parts.values()]),
        look_for_near=with_near,
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
    return AuditFacts(tuple(parts), findings, remarks, with_near, command), corpus
