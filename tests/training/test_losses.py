"""Losses and their gradients equal torch's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from plaudit.training.losses import LOSSES, cross_entropy, mean_squared_error, predicted, probabilities, right

torch = pytest.importorskip("torch", reason="torch is the reference (extra minilm)")
RNG = np.random.default_rng(0)
Losses = tuple[NDArray[np.float64], NDArray[np.float64]]


def torch_losses(name: str, logits: NDArray[np.float64], labels: NDArray[np.int64]) -> Losses:
    z = torch.tensor(logits, requires_grad=True)
    y = torch.tensor(labels)
    if logits.shape[1] == 1:
        target = y.double()[:, None]
        if name == "cross_entropy":
            losses = torch.nn.functional.binary_cross_entropy_with_logits(z, target, reduction="none")[:, 0]
        else:
            losses = ((torch.sigmoid(z) - target) ** 2)[:, 0]
    elif name == "cross_entropy":
        losses = torch.nn.functional.cross_entropy(z, y, reduction="none")
    else:
        one_hot = torch.nn.functional.one_hot(y, logits.shape[1]).double()
        losses = ((torch.softmax(z, dim=1) - one_hot) ** 2).mean(dim=1)
    losses.sum().backward()
    return losses.detach().numpy(), z.grad.numpy()


@pytest.mark.parametrize("name", sorted(LOSSES))
@pytest.mark.parametrize("n_logits", [1, 3])
def test_loss_and_gradient_equal_torch(name: str, n_logits: int) -> None:
    logits = RNG.normal(0, 5, (50, n_logits))
    labels = RNG.integers(0, max(n_logits, 2), 50)
    losses, gradient = LOSSES[name](logits, labels)
    expected_losses, expected_gradient = torch_losses(name, logits, labels)
    np.testing.assert_allclose(losses, expected_losses, atol=1e-12)
    np.testing.assert_allclose(gradient, expected_gradient, atol=1e-12)


@pytest.mark.parametrize("logit", [-1e4, -800.0, 800.0, 1e4])
def test_a_huge_logit_overflows_nothing(logit: float) -> None:
    logits, labels = np.array([[logit]]), np.array([0])
    losses, gradient = cross_entropy(logits, labels)
    assert losses[0] == pytest.approx(max(logit, 0.0))
    assert np.isfinite(gradient).all()
    assert np.isfinite(mean_squared_error(logits, labels)[0]).all()


@given(st.integers(1, 5), st.integers(0, 20), st.floats(0.1, 1e3))
def test_probabilities_are_a_distribution(n_logits: int, n: int, scale: float) -> None:
    p = probabilities(np.random.default_rng(n).normal(0, scale, (n, n_logits)).astype(np.float32))
    assert p.shape == (n, max(n_logits, 2))
    assert p.dtype == np.float64
    np.testing.assert_allclose(p.sum(axis=1), 1.0)


def test_the_decision_is_logit_above_zero_and_the_first_of_the_largest() -> None:
    assert predicted(np.array([[-0.1], [0.0], [1e-9]])).tolist() == [0, 0, 1]
    assert predicted(np.array([[1.0, 1.0, 0.0], [0.0, 2.0, 2.0]])).tolist() == [0, 1]


@pytest.mark.parametrize("name", sorted(LOSSES))
@pytest.mark.parametrize("n_classes", [1, 3])
@pytest.mark.parametrize("weighted", ["not", "by text", "by text and class"])
def test_loss_and_gradient_of_sets_equal_torch(name: str, n_classes: int, weighted: str) -> None:
    logits = RNG.normal(0, 5, (50, n_classes))
    indicator = RNG.integers(0, 2, (50, n_classes))
    weights = {"not": None, "by text": RNG.random(50), "by text and class": RNG.random((50, n_classes))}[weighted]
    losses, gradient = LOSSES[name](logits, indicator, weights)
    z, y = torch.tensor(logits, requires_grad=True), torch.tensor(indicator).double()
    if name == "cross_entropy":
        entries = torch.nn.functional.binary_cross_entropy_with_logits(z, y, reduction="none")
    else:
        entries = (torch.sigmoid(z) - y) ** 2
    if weights is not None:
        entries = entries * torch.tensor(weights if weights.ndim == 2 else weights[:, None])
    expected = entries.mean(dim=1)
    expected.sum().backward()
    np.testing.assert_allclose(losses, expected.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(gradient, z.grad.numpy(), atol=1e-12)


@pytest.mark.parametrize("name", sorted(LOSSES))
@pytest.mark.parametrize("n_logits", [1, 3])
def test_a_weight_multiplies_a_texts_loss_and_gradient(name: str, n_logits: int) -> None:
    logits, labels, weights = RNG.normal(size=(20, n_logits)), RNG.integers(0, 2, 20), RNG.random(20)
    plain, weighted = LOSSES[name](logits, labels), LOSSES[name](logits, labels, weights)
    np.testing.assert_allclose(weighted[0], plain[0] * weights, rtol=1e-12)
    np.testing.assert_allclose(weighted[1], plain[1] * weights[:, None], rtol=1e-12)


def test_sets_are_right_when_they_are_whole() -> None:
    logits = np.array([[1.0, -1.0], [1.0, 1.0], [0.0, -2.0]])
    assert predicted(logits, multi_label=True).tolist() == [[1, 0], [1, 1], [0, 0]]
    assert right(logits, np.array([[1, 0], [1, 0], [0, 0]])).tolist() == [True, False, True]
    assert right(logits, np.array([0, 1, 1])).tolist() == [True, False, False]
