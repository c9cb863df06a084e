"""A scale and a shift for each class: the lowest log loss, and only where it helps texts that did not choose it."""

import numpy as np
import pytest
from numpy.typing import NDArray

from plaudit.training.class_scaling import LEAST_TEXTS, ClassScaling, choose_scaling, fit_classes
from plaudit.training.losses import cross_entropy, probabilities
from plaudit.training.temperature import fit_temperature


def drawn(n: int, *, is_off: bool, is_sets: bool, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return logits of four classes, float64 [N, 4], and labels; with `is_off` each class is off in another way."""
    random = np.random.default_rng(seed)
    true = random.normal(0, 1.5, (n, 4))
    if is_sets:
        labels = (random.random((n, 4)) < probabilities(true, multi_label=True)).astype(np.int64)
    else:
        labels = (random.random((n, 1)) < probabilities(true).cumsum(axis=1)).argmax(axis=1).astype(np.int64)
    return (true * [0.4, 1, 2, 1] + ([0, 0, 0, 0] if is_sets else [1, 0, -1, 0]) if is_off else true), labels


@pytest.mark.parametrize("is_sets", [True, False])
def test_it_undoes_what_is_off(is_sets: bool) -> None:
    logits, labels = drawn(20_000, is_off=True, is_sets=is_sets)
    found = fit_classes(logits, labels, np.ones(4, bool))
    np.testing.assert_allclose(found.scale, [2.5, 1, 0.5, 1], rtol=0.1)
    if is_sets:
        assert not found.shift.any()
        np.testing.assert_array_equal(found.apply(logits) > 0, logits > 0)  # no answer moves
    else:  # a softmax leaves open what is common to all
        np.testing.assert_allclose(found.shift - found.shift[1], [-2.5, 0, 0.5, 0], atol=0.25)
    best = cross_entropy(found.apply(logits), labels)[0].mean()
    for c in range(4):  # the loss is convex, so no step from its lowest point lowers it
        for by in (0.97, 1.03):
            scale = found.scale.copy()
            scale[c] *= by
            assert cross_entropy(ClassScaling(scale, found.shift, 4).apply(logits), labels)[0].mean() > best


@pytest.mark.parametrize("is_sets", [True, False])
def test_it_is_kept_where_others_gain_by_it(is_sets: bool) -> None:
    logits, labels = drawn(2_000, is_off=True, is_sets=is_sets)
    found = choose_scaling(logits, labels)
    assert found.by_class is not None
    assert (found.temperature, found.by_class.n_own) == (1, 4)
    temperature = fit_temperature(logits, labels)
    gained = cross_entropy(logits / temperature, labels)[0].mean() - cross_entropy(found.cross_fitted, labels)[0].mean()
    assert gained > 0.01
    again = choose_scaling(logits, labels)
    assert again.by_class is not None
    np.testing.assert_array_equal(again.by_class.scale, found.by_class.scale)


@pytest.mark.parametrize("is_sets", [True, False])
def test_calibrated_logits_keep_their_temperature(is_sets: bool) -> None:
    kept = [choose_scaling(*drawn(600, is_off=False, is_sets=is_sets, seed=seed)).by_class for seed in range(10)]
    assert sum(each is not None for each in kept) <= 2


def test_few_texts_and_rare_classes_keep_the_temperature() -> None:
    logits, labels = drawn(LEAST_TEXTS - 1, is_off=True, is_sets=True)
    assert choose_scaling(logits, labels).by_class is None
    logits, labels = drawn(3_000, is_off=True, is_sets=True)
    labels[15:, 0] = 0  # a class that few texts have
    found = choose_scaling(logits, labels).by_class
    assert found is not None
    assert found.n_own == 3
    assert found.scale[0] == pytest.approx(1 / fit_temperature(logits, labels))
    assert found.shift[0] == 0
    one = choose_scaling(logits[:, :1], (labels[:, 1] > 0).astype(np.int64))  # of two classes
    assert one.by_class is None


def test_what_cannot_be_scaled_is_left() -> None:
    logits, labels = drawn(1_000, is_off=True, is_sets=True)
    logits[3, 1] = np.inf
    assert choose_scaling(logits, labels).by_class is None
    found = fit_classes(np.zeros((1_000, 4)), labels, np.ones(4, bool))  # logits that say nothing
    assert np.isfinite(found.scale).all()
    assert np.isfinite(found.shift).all()


def test_undoing_gives_the_logits_back() -> None:
    logits, labels = drawn(1_000, is_off=True, is_sets=False)
    found = fit_classes(logits, labels, np.ones(4, bool))
    np.testing.assert_allclose(found.undo(found.apply(logits)), logits, atol=1e-5)
    again = ClassScaling.from_dict(found.to_dict(), 4)
    assert again is not None
    np.testing.assert_array_equal(again.apply(logits), found.apply(logits))


def test_what_a_weight_gave_rare_classes_is_not_taken_away() -> None:
    """Logits of a model that was trained with balanced weights: nearer to its data's shares it would find fewer."""
    random = np.random.default_rng(4)
    shares = np.array([0.8, 0.1, 0.1])
    labels = random.choice(3, 3_000, p=shares)
    balanced = random.normal(0, 1, (3_000, 3)) + 2 * np.eye(3)[labels]
    assert cross_entropy(balanced + np.log(shares), labels)[0].mean() < cross_entropy(balanced, labels)[0].mean() - 0.05
    assert choose_scaling(balanced, labels).by_class is None
