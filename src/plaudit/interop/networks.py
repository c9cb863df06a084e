"""Which classifiers can be handed over."""

from __future__ import annotations

from plaudit.errors import ConfigError
from plaudit.models import Classifier, NetworkClassifier


def as_network(model: Classifier) -> NetworkClassifier:
    """Return `model` if it is a fitted network.

    Raises:
        ConfigError: It is another kind of classifier.
        NotFittedError: It is not fitted.
    """
    if not isinstance(model, NetworkClassifier):
        raise ConfigError(f"only networks can be exported, and this is a model of the kind {model.kind!r}.")
    model._check_fitted()
    return model
