"""Why a model answers as it does: each word's share in the logit."""

from plaudit.explanation.explaining import explain, explain_classes
from plaudit.explanation.explanation import Explanation
from plaudit.explanation.flips import MOST_WORDS, Flip, find_flips
from plaudit.explanation.top_words import ClassWords, TopWord, top_words

__all__ = [
    "MOST_WORDS",
    "ClassWords",
    "Explanation",
    "Flip",
    "TopWord",
    "explain",
    "explain_classes",
    "find_flips",
    "top_words",
]
