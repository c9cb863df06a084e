"""Classifiers: what they all can do, the recipes, and a model as a folder.

A recipe is imported when it is first named: a process that opens an n-gram model should not pay for an encoder's
imports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from plaudit.lazy import lazy
from plaudit.models.base import Classifier
from plaudit.models.loading import load
from plaudit.models.rules import DecisionRule

if TYPE_CHECKING:
    from plaudit.models.blend import BlendClassifier
    from plaudit.models.distilled import DistilledClassifier
    from plaudit.models.encoder import EncoderClassifier
    from plaudit.models.network import NetworkClassifier
    from plaudit.models.ngram import NgramClassifier

_HOMES = {
    "BlendClassifier": "plaudit.models.blend",
    "DistilledClassifier": "plaudit.models.distilled",
    "EncoderClassifier": "plaudit.models.encoder",
    "NetworkClassifier": "plaudit.models.network",
    "NgramClassifier": "plaudit.models.ngram",
}

__all__ = [
    "BlendClassifier",
    "Classifier",
    "DecisionRule",
    "DistilledClassifier",
    "EncoderClassifier",
    "NetworkClassifier",
    "NgramClassifier",
    "load",
]

__getattr__ = lazy(__name__, _HOMES)
