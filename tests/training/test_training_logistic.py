"""Logistic regression by dual coordinate descent, beside scikit-learn's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from plaudit.training.logistic import fit_logistic


def problem(seed: int, n: int = 120, n_features: int = 30) -> tuple[csr_matrix, np.ndarray]:
    random = np.random.default_rng(seed)
    dense = random.normal(size=(n, n_features)) * (random.random((n, n_features)) < 0.3)
    labels = (dense @ random.normal(size=n_features) + random.normal(size=n) > 0).astype(np.int64)
    return csr_matrix(dense.astype(np.float32)), labels


def fit(rows: csr_matrix, costs: np.ndarray, **options: Any) -> tuple[np.ndarray, float]:
    return fit_logistic(
        rows.indptr.astype(np.int64), rows.indices, rows.data, costs, n_features=rows.shape[1], **options
    )


def costs_of(labels: np.ndarray, c: float) -> np.ndarray:
    return c * np.stack([1.0 - labels, 1.0 * labels], axis=1)


@pytest.mark.parametrize("c", [0.1, 1.0, 20.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_weights_are_those_of_liblinear(seed: int, c: float) -> None:
    rows, labels = problem(seed)
    peer = LogisticRegression(C=c, solver="liblinear", dual=True, tol=1e-8, max_iter=10_000).fit(
        rows.astype(np.float64), labels
    )

    weights, bias = fit(rows, costs_of(labels, c), tolerance=1e-6)

    np.testing.assert_allclose(weights, peer.coef_[0], rtol=1e-4, atol=1e-5)
    assert bias == pytest.approx(peer.intercept_[0], rel=1e-4, abs=1e-5)


def test_weights_of_texts_are_scikit_learns() -> None:
    rows, labels = problem(3)
    share = np.random.default_rng(4).uniform(0.1, 3.0, len(labels))
    peer = LogisticRegression(C=2.0, solver="liblinear", dual=True, tol=1e-8, max_iter=10_000)
    peer.fit(rows.astype(np.float64), labels, sample_weight=share)

    weights, _ = fit(rows, costs_of(labels, 2.0) * share[:, None], tolerance=1e-6)

    np.testing.assert_allclose(weights, peer.coef_[0], rtol=1e-4, atol=1e-5)


def test_a_probability_as_label_is_both_labels_with_its_shares() -> None:
    rows, labels = problem(5)
    share = np.random.default_rng(6).uniform(0.05, 0.95, len(labels))
    twice = csr_matrix(np.vstack([rows.toarray(), rows.toarray()]))
    both = np.concatenate([np.ones_like(labels), np.zeros_like(labels)])
    peer = LogisticRegression(C=1.5, solver="liblinear", dual=True, tol=1e-8, max_iter=10_000)
    peer.fit(twice.astype(np.float64), both, sample_weight=np.concatenate([share, 1 - share]))

    weights, _ = fit(rows, 1.5 * np.stack([1 - share, share], axis=1), tolerance=1e-6)

    np.testing.assert_allclose(weights, peer.coef_[0], rtol=1e-4, atol=1e-5)


def test_one_seed_gives_one_result() -> None:
    rows, labels = problem(7)

    first, again = (fit(rows, costs_of(labels, 1.0), seed=1)[0] for _ in range(2))

    np.testing.assert_array_equal(first, again)


def test_texts_of_no_cost_and_empty_rows_change_nothing() -> None:
    rows, labels = problem(8)
    costs = costs_of(labels, 1.0)
    costs[40:] = 0
    wanted, _ = fit(rows[:40], costs[:40], tolerance=1e-7)

    found, _ = fit(rows, costs, tolerance=1e-7)

    np.testing.assert_allclose(found, wanted, atol=1e-6)
    empty = csr_matrix((2, 3), dtype=np.float32)
    weights, bias = fit(empty, costs_of(np.array([1, 1]), 1.0), tolerance=1e-8)
    assert not weights.any()
    assert bias > 0
