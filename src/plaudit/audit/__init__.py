"""Is the data sound: repeated texts, doubtful labels, broken texts, unlike parts."""

from plaudit.audit.cleaning import Cleaning, choose_rows, usual_drops
from plaudit.audit.corpus import Corpus, CorpusPart, corpus_of, load_corpus
from plaudit.audit.findings import DROPS, KINDS, Drop, Finding, Kind
from plaudit.audit.review import Audit, review

__all__ = [
    "DROPS",
    "KINDS",
    "Audit",
    "Cleaning",
    "Corpus",
    "CorpusPart",
    "Drop",
    "Finding",
    "Kind",
    "choose_rows",
    "corpus_of",
    "load_corpus",
    "review",
    "usual_drops",
]
