"""Which classifiers can be handed over, and what of them."""

from __future__ import annotations

import numpy as np

from plaudit.errors import ConfigError
from plaudit.models import Classifier, NetworkClassifier
from plaudit.training.dense import DenseLayers


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


def answering_layers(network: NetworkClassifier) -> DenseLayers:
    """Return the dense layers that give the network's logits by themselves, its scaling in the last of them."""
    layers, temperature, by_class = network.layers_, np.float32(network.temperature_), network.class_scaling_
    if by_class is not None:
        scale, shift = by_class.scale.astype(np.float32), by_class.shift.astype(np.float32)
        return DenseLayers(
            [*layers.kernels[:-1], layers.kernels[-1] * scale], [*layers.biases[:-1], layers.biases[-1] * scale + shift]
        )
    return DenseLayers(
        [*layers.kernels[:-1], layers.kernels[-1] / temperature], [*layers.biases[:-1], layers.biases[-1] / temperature]
    )
