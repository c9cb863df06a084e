"""The dense layers: initial values, forward, backward and Adam against torch's gradients."""

import numpy as np
import pytest

from plaudit.training.adam import BETA1, BETA2, EPSILON, step_sizes
from plaudit.training.dense import DenseLayers, DenseTrainer

torch = pytest.importorskip("torch", reason="torch is the reference (extra minilm)")


def make(widths: list[int], dropout: float = 0.0) -> tuple[DenseLayers, DenseTrainer]:
    layers = DenseLayers.initialise(widths, np.random.default_rng(3))
    return layers, DenseTrainer(layers, dropout=dropout)


def test_kernels_are_glorot_uniform_and_biases_zero() -> None:
    layers, _ = make([200, 100, 1])
    limit = np.sqrt(6 / 300)
    assert np.abs(layers.kernels[0]).max() <= limit
    assert layers.kernels[0].std() == pytest.approx(limit / np.sqrt(3), rel=0.02)
    assert all((bias == 0).all() for bias in layers.biases)


@pytest.mark.parametrize("widths", [[4, 1], [4, 3, 1], [4, 5, 3, 2]])
def test_one_step_equals_adam_on_torchs_gradients(widths: list[int]) -> None:
    layers, trainer = make(widths)
    inputs = np.random.default_rng(1).normal(size=(7, 4)).astype(np.float32)
    before = {name: torch.tensor(array.copy(), requires_grad=True) for name, array in layers.tensors().items()}
    x = torch.tensor(inputs, requires_grad=True)
    h = x
    for i in range(len(widths) - 1):
        h = h @ before[f"dense_{i}.kernel"] + before[f"dense_{i}.bias"]
        h = torch.relu(h) if i < len(widths) - 2 else h
    output = trainer.forward(inputs, np.random.default_rng(0))
    np.testing.assert_allclose(output, h.detach().numpy(), atol=1e-6)
    np.testing.assert_allclose(layers.forward(inputs), output, atol=1e-6)
    (h**2).sum().backward()
    rate = step_sizes(0.01, 1)[1]
    by_inputs = trainer.backward(2 * output, rate=rate)
    np.testing.assert_allclose(by_inputs, x.grad.numpy(), rtol=1e-4, atol=1e-5)
    for name, array in layers.tensors().items():
        g = before[name].grad.numpy()
        m, v = (1 - BETA1) * g, (1 - BETA2) * g**2
        expected = before[name].detach().numpy() - rate * m / (np.sqrt(v) + EPSILON)
        np.testing.assert_allclose(array, expected, atol=1e-5)


def test_dropout_keeps_the_mean_and_drops_its_share() -> None:
    layers, trainer = make([3, 4_000, 1], dropout=0.25)
    layers.kernels[0][:] = 1
    trainer.forward(np.ones((50, 3), np.float32), np.random.default_rng(0))
    hidden = trainer._inputs[1]
    assert (hidden == 0).mean() == pytest.approx(0.25, abs=0.01)
    assert hidden.mean() == pytest.approx(3.0, rel=0.01)


def test_step_sizes_are_keras_bias_correction() -> None:
    rates = step_sizes(1e-3, 2)
    assert rates[1] == pytest.approx(1e-3 * np.sqrt(1 - 0.999) / (1 - 0.9), rel=1e-5)
    assert rates[2] == pytest.approx(1e-3 * np.sqrt(1 - 0.999**2) / (1 - 0.9**2), rel=1e-5)
