"""Classifiers: what they all can do, the tutorial's network, and a model as a folder."""

from plaudit.models.base import Classifier
from plaudit.models.blend import BlendClassifier
from plaudit.models.distilled import DistilledClassifier
from plaudit.models.encoder import EncoderClassifier
from plaudit.models.loading import load
from plaudit.models.network import NetworkClassifier
from plaudit.models.ngram import NgramClassifier

__all__ = [
    "BlendClassifier",
    "Classifier",
    "DistilledClassifier",
    "EncoderClassifier",
    "NetworkClassifier",
    "NgramClassifier",
    "load",
]
