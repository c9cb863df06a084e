"""The dense layers on top of an embedding: forward for everybody, backward and Adam for training.

NumPy, because these layers are small (256 x 16 and 16 x 1 in the tutorial); the embedding below them is not, and has
its own engine in `row_adam`.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from plaudit.training.adam import BETA1, BETA2, EPSILON

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


class DenseLayers:
    """Dense layers with relu between them and none after the last.

    Attributes:
        kernels: float32 [in, out] of each layer.
        biases: float32 [out] of each layer.
    """

    def __init__(self, kernels: list[NDArray[np.float32]], biases: list[NDArray[np.float32]]) -> None:
        self.kernels, self.biases = kernels, biases

    @classmethod
    def initialise(cls, widths: list[int], rng: np.random.Generator) -> DenseLayers:
        """Draw kernels for layers of these widths (input first): Glorot uniform, zero bias (Keras's Dense)."""
        kernels = []
        for n_in, n_out in itertools.pairwise(widths):
            limit = np.sqrt(6.0 / (n_in + n_out))  # Glorot & Bengio 2010, equation 16
            kernels.append(rng.uniform(-limit, limit, (n_in, n_out)).astype(np.float32))
        return cls(kernels, [np.zeros(n, np.float32) for n in widths[1:]])

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[np.float32]]) -> DenseLayers:
        """Build layers from what `tensors` returned; other names are passed over."""
        n = sum(name.startswith("dense_") and name.endswith(".kernel") for name in tensors)
        return cls([tensors[f"dense_{i}.kernel"] for i in range(n)], [tensors[f"dense_{i}.bias"] for i in range(n)])

    @staticmethod
    def shapes(widths: list[int]) -> dict[str, tuple[int, ...]]:
        """Return the shapes that `tensors` has for layers of these widths (input first)."""
        named: dict[str, tuple[int, ...]] = {}
        for i, (n_in, n_out) in enumerate(itertools.pairwise(widths)):
            named[f"dense_{i}.kernel"], named[f"dense_{i}.bias"] = (n_in, n_out), (n_out,)
        return named

    def forward(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the last layer's output for `inputs` (float32 [N, in]), float32 [N, out]."""
        return self.forward_products(inputs @ self.kernels[0])

    def forward_products(self, products: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the last layer's output, float32 [N, out], given the inputs times the first kernel, [N, hidden]."""
        x = products + self.biases[0]
        for kernel, bias in zip(self.kernels[1:], self.biases[1:], strict=True):
            x = np.maximum(x, 0) @ kernel + bias
        return x

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """Return the weights by name ("dense_0.kernel", "dense_0.bias", ...), not copied."""
        named: dict[str, NDArray[np.float32]] = {}
        for i, (kernel, bias) in enumerate(zip(self.kernels, self.biases, strict=True)):
            named[f"dense_{i}.kernel"], named[f"dense_{i}.bias"] = kernel, bias
        return named


class DenseTrainer:
    """Backward pass and Adam for `DenseLayers`, whose arrays it changes in place."""

    def __init__(self, layers: DenseLayers, *, dropout: float) -> None:
        self.layers = layers
        self._dropout = dropout
        self._parameters = list(layers.tensors().values())
        self._m = [np.zeros_like(p) for p in self._parameters]
        self._v = [np.zeros_like(p) for p in self._parameters]
        self._inputs: list[NDArray[np.float32]] = []
        self._gates: list[NDArray[np.float32]] = []

    def forward(self, inputs: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        """Return the output for a batch and remember what `backward` needs; `rng` draws the dropped units."""
        x = inputs
        self._inputs, self._gates = [x], []
        last = len(self.layers.kernels) - 1
        for i, (kernel, bias) in enumerate(zip(self.layers.kernels, self.layers.biases, strict=True)):
            x = x @ kernel + bias
            if i < last:
                gate = (x > 0).astype(np.float32)
                if self._dropout:  # inverted dropout (Srivastava et al. 2014): scale now, not when predicting
                    gate *= (rng.random(x.shape) >= self._dropout) / np.float32(1 - self._dropout)
                x = x * gate
                self._gates.append(gate)
                self._inputs.append(x)
        return x

    def backward(self, gradient: NDArray[np.float32], *, rate: np.float32) -> NDArray[np.float32]:
        """Take Adam's step, given the loss's gradient by the output; return its gradient by the inputs."""
        gradients: list[NDArray[np.float32]] = []
        for i in reversed(range(len(self.layers.kernels))):
            gradients[:0] = [self._inputs[i].T @ gradient, gradient.sum(axis=0)]
            gradient = gradient @ self.layers.kernels[i].T
            if i:
                gradient = gradient * self._gates[i - 1]
        for p, m, v, g in zip(self._parameters, self._m, self._v, gradients, strict=True):
            m += (1 - BETA1) * (g - m)
            v += (1 - BETA2) * (g * g - v)
            p -= rate * m / (np.sqrt(v) + EPSILON)
        return gradient

    def state(self) -> dict[str, NDArray[np.float32]]:
        """Return weights and moments by name, not copied."""
        named = dict(self.layers.tensors())
        for kind, arrays in (("m", self._m), ("v", self._v)):
            named |= {f"{kind}.{name}": a for name, a in zip(self.layers.tensors(), arrays, strict=True)}
        return named

    def load_state(self, state: dict[str, NDArray[np.float32]]) -> None:
        """Copy back what `state` returned."""
        for name, array in self.state().items():
            array[...] = state[name]
