"""A model soup: the mean of the weights of several trainings that began with the same weights.

Wortsman et al. 2022, "Model soups: averaging weights of multiple fine-tuned models improves accuracy without increasing
inference time" (ICML), the uniform soup. The trainings differ in their order of texts, and where long texts are read in
parts in the parts.
"""

from __future__ import annotations

from typing import Any

Tensors = dict[str, Any]  # torch tensors by name


class Soup:
    """What finished trainings add up to, and what the next begins with.

    Attributes:
        first: The weights before any training, copies.
        mean: The mean of the finished trainings' weights; None before the first is finished.
        n: How many are finished.
    """

    def __init__(self, weights: Tensors) -> None:
        self.first = {name: tensor.detach().clone() for name, tensor in weights.items()}
        self.mean: Tensors | None = None
        self.n = 0

    def add(self, weights: Tensors) -> None:
        """Take in the weights of one more finished training."""
        self.mean, self.n = self.with_one_more(weights), self.n + 1

    def with_one_more(self, weights: Tensors) -> Tensors:
        """Return what the mean would be with these, copies; whole numbers, which nothing trains, stay as they are."""
        if self.mean is None:
            return {name: tensor.detach().clone() for name, tensor in weights.items()}
        return {
            name: mean + (weights[name].detach() - mean) / (self.n + 1) if mean.is_floating_point() else mean.clone()
            for name, mean in self.mean.items()
        }
