"""Classifiers: what they all can do, the tutorial's network, and a model as a folder."""

from plaudit.models.base import Classifier
from plaudit.models.loading import load
from plaudit.models.network import NetworkClassifier
from plaudit.models.ngram import NgramClassifier

__all__ = ["Classifier", "NetworkClassifier", "NgramClassifier", "load"]
