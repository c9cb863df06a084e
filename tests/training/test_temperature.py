"""One number makes probabilities right as often as they say."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from plaudit.training.losses import probabilities
from plaudit.training.temperature import (
    LEAST_TEXTS,
    MOST,
    choose_temperature,
    deal,
    fit_temperature,
    log_loss,
    standard_error,
)


def drawn(kind: str, n: int, temperature: float) -> tuple[NDArray[np.float32], NDArray[np.integer[Any]]]:
    """Draw honest logits and labels that follow them, and multiply the logits by `temperature`."""
    random = np.random.default_rng(3)
    logits = random.normal(scale=2, size=(n, 1 if kind == "two" else 4))
    shares = probabilities(logits, multi_label=kind == "sets")
    if kind == "sets":
        labels = (random.random(shares.shape) < shares).astype(np.uint8)
    else:
        labels = (random.random((n, 1)) > shares.cumsum(axis=1)[:, :-1]).sum(axis=1)
    return (logits * temperature).astype(np.float32), labels


@pytest.mark.parametrize("kind", ["two", "many", "sets"])
@pytest.mark.parametrize("temperature", [0.5, 1.7, 6.0])
def test_the_temperature_that_was_put_in_is_found(kind: str, temperature: float) -> None:
    logits, labels = drawn(kind, 20_000, temperature)
    assert fit_temperature(logits, labels) == pytest.approx(temperature, rel=0.05)


@pytest.mark.parametrize("kind", ["two", "many", "sets"])
def test_it_has_the_lowest_log_loss_of_all(kind: str) -> None:
    logits, labels = drawn(kind, 20_000, 3.0)
    found = fit_temperature(logits, labels)
    others = np.linspace(0.5, 8, 200)
    assert log_loss(logits / found, labels) <= min(log_loss(logits / t, labels) for t in others) + 1e-6


def test_where_nothing_is_gained_it_stays_one() -> None:
    labels = np.array([0, 1] * 10)
    assert fit_temperature(np.zeros((20, 1), np.float32), labels) == 1
    assert fit_temperature(np.zeros((0, 1), np.float32), labels[:0]) == 1
    assert fit_temperature(np.full((20, 1), np.inf, np.float32), labels) == 1
    doubtful = np.where(labels, 1.0, -1.0)[:, None] * np.log(21.0)  # what the rule of succession grants 20 right texts
    assert fit_temperature(doubtful, labels) == pytest.approx(1, abs=1e-6)


def test_a_few_texts_that_are_all_right_do_not_make_it_certain() -> None:
    """21 of 22 is what 20 right answers of 20 let one expect (Laplace's rule of succession)."""
    labels = np.array([0, 1] * 10)
    logits = np.where(labels, 0.5, -0.5)[:, None].astype(np.float32)
    found = fit_temperature(logits, labels)
    assert probabilities(logits / found)[np.arange(20), labels] == pytest.approx(21 / 22)
    assert log_loss(logits / found, labels) < log_loss(logits, labels)


def test_logits_that_say_the_opposite_are_made_as_quiet_as_can_be() -> None:
    labels = np.array([0, 1] * 50)
    logits = np.where(labels, -3.0, 3.0)[:, None]
    assert fit_temperature(logits, labels) == pytest.approx(MOST, rel=1e-3)


def test_few_texts_choose_no_temperature() -> None:
    """Six texts that happen to be right made a model four times as sure."""
    logits, labels = drawn("two", 6, 1.0)
    assert choose_temperature(logits, labels).temperature == 1
    assert choose_temperature(*drawn("two", LEAST_TEXTS - 1, 3.0)).temperature == 1
    assert choose_temperature(*drawn("two", 1_000, 3.0)).temperature == pytest.approx(3, rel=0.2)


@pytest.mark.parametrize("kind", ["two", "many", "sets"])
def test_a_temperature_hardly_ever_harms_texts_that_did_not_choose_it(kind: str) -> None:
    """Of calibrated logits a fit always finds some temperature; what is kept must help other texts."""
    kept, harm = 0, 0.0
    for seed in range(30):
        random = np.random.default_rng(seed)
        logits, labels = drawn(kind, 20_000, 1.0)
        rows, others = np.split(random.permutation(20_000), [150])
        found = choose_temperature(logits[rows], labels[rows], seed=seed).temperature
        kept += found != 1
        harm += log_loss(logits[others] / np.float32(found), labels[others]) - log_loss(logits[others], labels[others])
    assert kept < 10
    assert harm / 30 < 0.004


def test_copies_of_a_text_choose_no_temperature_for_each_other() -> None:
    """Twenty texts, ten times each, are twenty texts: what one of them gains proves little."""
    for seed in range(10):
        rows = np.random.default_rng(seed).permutation(np.repeat(np.arange(20), 10))
        folds = deal(200, seed=seed, alike=rows)
        assert len({*zip(rows.tolist(), folds.tolist(), strict=True)}) == 20
        gains = np.random.default_rng(seed).normal(size=20)
        assert standard_error(gains[rows], rows) == pytest.approx(standard_error(gains, None))
    assert choose_temperature(np.ones((200, 1)), np.arange(200) % 2, alike=np.zeros(200, np.int64)).temperature == 1
