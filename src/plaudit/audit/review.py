"""The whole audit of a data set: everything that is looked for, in one result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.audit.balance import Balance, measure_balance
from plaudit.audit.corpus import Corpus
from plaudit.audit.coverage import WordCoverage, measure_coverage
from plaudit.audit.duplicates import LEAST_SIMILARITY, Duplicates, find_duplicates
from plaudit.audit.findings import KINDS, Finding, Gravity, broken_rows, label_findings, noise_findings, text_findings
from plaudit.audit.noise import LabelNoise, find_label_noise
from plaudit.audit.remarks import Remark, remark_on_classes, remark_on_coverage
from plaudit.audit.repeats import repeat_findings
from plaudit.audit.texts import check_texts
from plaudit.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.embeddings import EmbeddingTable


@dataclass(frozen=True)
class Audit:
    """What was found in N rows.

    Attributes:
        corpus: The rows.
        duplicates: Which hold the same text.
        findings: By kind in the order of `KINDS`, then by row, label noise by suspicion.
        remarks: What holds for whole parts.
        balance: Class counts.
        coverage: Known words.
        noise: Of the rows `noise_rows`, or None when it was not looked for.
        noise_rows: int64 [M], the training rows with text and label.
        without_noise: Why label noise was not looked for; "" when it was.
    """

    corpus: Corpus
    duplicates: Duplicates
    findings: tuple[Finding, ...]
    remarks: tuple[Remark, ...]
    balance: Balance
    coverage: tuple[WordCoverage, ...]
    noise: LabelNoise | None
    noise_rows: NDArray[np.int64]
    without_noise: str

    def of_kind(self, kind: str) -> list[Finding]:
        """Return the findings of a kind, in their order."""
        return [finding for finding in self.findings if finding.kind == kind]

    def counts(self, kind: str) -> list[int]:
        """Return how many rows of each part have a finding of a kind."""
        rows = np.array([finding.row for finding in self.of_kind(kind)], np.int64)
        counts: list[int] = np.bincount(self.corpus.part_of[rows], minlength=len(self.corpus.parts)).tolist()
        return counts

    def gravity(self, kind: str) -> Gravity:
        """Return how grave the findings of a kind are, by their share of all rows, however these are divided."""
        return KINDS[kind].gravity(self._share(kind))

    def share(self, kind: str) -> str:
        """Return, in words, the share of all rows that have a finding of a kind."""
        share = 100 * self._share(kind)
        return f"{share:.1f} %" if share >= 0.05 else "<0.1 %"

    def _share(self, kind: str) -> float:
        return sum(self.counts(kind)) / max(sum(map(len, self.corpus.parts)), 1)

    def to_dict(self) -> dict[str, Any]:
        """Return the figures, without rows, for JSON."""
        corpus = self.corpus
        names = [part.name for part in corpus.parts]
        present = [kind for kind in KINDS if any(finding.kind == kind for finding in self.findings)]
        return {
            "parts": {
                part.name: {"file": part.file, "rows": len(part), "places_are": f"{part.unit}s"}
                for part in corpus.parts
            },
            "multi_label": corpus.multi_label,
            "classes": {
                part: dict(zip(corpus.classes, counts, strict=True))
                for part, counts in zip(names, self.balance.counts.tolist(), strict=True)
            },
            "findings": {
                kind: {"gravity": self.gravity(kind), "rows": dict(zip(names, self.counts(kind), strict=True))}
                for kind in present
            },
            "remarks": [remark.__dict__ for remark in self.remarks],
            "coverage": [{**each.__dict__, "missing": [list(pair) for pair in each.missing]} for each in self.coverage],
            "near_duplicates_complete": self.duplicates.is_complete,
            "label_noise": self.without_noise or "looked for",
        }


def review(
    corpus: Corpus,
    *,
    table: EmbeddingTable | None = None,
    least_similarity: float = LEAST_SIMILARITY,
    normalised: pa.LargeStringArray | None = None,
    look_for_near: bool = True,
    look_at_words: bool = True,
    look_for_noise: bool = True,
    without_noise: str = "not asked for",
    seed: int = 0,
    say: Callable[[str], None] = lambda _: None,
) -> Audit:
    """Look for everything.

    Args:
        corpus: The rows.
        table: An embedding whose coverage is measured too.
        least_similarity: From which texts are nearly equal, above 0, at most 1.
        normalised: Its texts as `data.normalise_texts` makes them, where they are available.
        look_for_near: Whether to look for texts that are nearly equal.
        look_at_words: Whether to count words; if not, lengths are in characters, and coverage is not measured.
        look_for_noise: Whether to fit models and rank labels.
        without_noise: Why not, if not.
        seed: Of the models.
        say: Takes what is under way.

    Raises:
        MissingExtraError: Label noise is to be looked for, and cleanlab or numba is not installed.
    """
    say("Looking for repeated texts …")
    duplicates = find_duplicates(
        corpus.texts, least=least_similarity, normalised=normalised, look_for_near=look_for_near
    )
    say("Checking texts …")
    suspects = check_texts(corpus.texts, lengths=_lengths(corpus) if look_at_words else _characters(corpus.texts))
    broken = broken_rows(corpus)
    of_texts = [each for each in text_findings(suspects) if each.row not in broken]
    found = [*repeat_findings(corpus, duplicates), *label_findings(corpus), *of_texts]
    blank = next(each.rows for each in suspects if each.kind == "empty")
    unread = np.array(sorted(broken), np.int64)
    rows = np.setdiff1d(np.setdiff1d(np.flatnonzero(corpus.has_label[: corpus.n_train]), blank), unread)
    noise, without = None, without_noise
    if look_for_noise:
        say("Looking for labels that are probably wrong …")
        noise, without = _find_noise(corpus, rows, duplicates, seed)
    if noise is not None:
        found += noise_findings(corpus, noise, rows)
    balance, coverage = measure_balance(corpus), measure_coverage(corpus, table) if look_at_words else []
    order = {kind: i for i, kind in enumerate(KINDS)}
    found.sort(key=lambda each: (order[each.kind], 0 if each.kind == "label noise" else each.row))
    remarks = [*remark_on_classes(balance, multi_label=corpus.multi_label), *remark_on_coverage(coverage)]
    return Audit(corpus, duplicates, tuple(found), tuple(remarks), balance, tuple(coverage), noise, rows, without)


def _lengths(corpus: Corpus) -> NDArray[np.int64]:
    return np.concatenate([column.lengths() for column in corpus.words])


def _characters(texts: pa.LargeStringArray) -> NDArray[np.int64]:
    lengths: NDArray[np.int64] = pc.utf8_length(texts).to_numpy(zero_copy_only=False)
    return lengths


def _find_noise(
    corpus: Corpus, rows: NDArray[np.int64], duplicates: Duplicates, seed: int
) -> tuple[LabelNoise | None, str]:
    """Return what there is to say of the labels of `rows`, or why there is nothing to say."""
    labels = corpus.labels[rows]
    present = np.flatnonzero(labels.any(axis=0)) if corpus.multi_label else np.unique(labels).astype(np.int64)
    if len(present) < (1 if corpus.multi_label else 2):
        return None, "training has one class only"
    narrow = labels[:, present] if corpus.multi_label else np.searchsorted(present, labels)
    try:
        groups = duplicates.near_within(rows)
        noise = find_label_noise(corpus.texts.take(pa.array(rows)), narrow, len(present), groups=groups, seed=seed)
    except DataError as error:
        return None, str(error).rstrip(".")
    return _widened(noise, present, len(corpus.classes)), ""


def _widened(noise: LabelNoise, present: NDArray[np.int64], n_classes: int) -> LabelNoise:
    """Return the same with a column for each class of the corpus; one that training lacks has probability 0."""
    if len(present) == n_classes:
        return noise
    probabilities = np.zeros((len(noise.quality), n_classes))
    probabilities[:, present] = noise.probabilities
    if noise.suggested.ndim == 1:
        return LabelNoise(noise.quality, noise.flagged, probabilities, present[noise.suggested])
    suggested = np.zeros(probabilities.shape, np.uint8)
    suggested[:, present] = noise.suggested
    return LabelNoise(noise.quality, noise.flagged, probabilities, suggested)
