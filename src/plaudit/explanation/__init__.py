"""Why a model answers as it does: each word's share in the logit."""

from plaudit.explanation.explain import explain
from plaudit.explanation.explanation import Explanation

__all__ = ["Explanation", "explain"]
