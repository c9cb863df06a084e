"""Classifiers: what they all can do, the tutorial's network, and a model as a folder."""

from plaudit.models.base import Classifier
from plaudit.models.encoder import EncoderClassifier
from plaudit.models.loading import load
from plaudit.models.network import NetworkClassifier

__all__ = ["Classifier", "EncoderClassifier", "NetworkClassifier", "load"]
