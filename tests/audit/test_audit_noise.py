"""Labels that are probably wrong, on texts whose right labels are known."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from plaudit.audit.noise import find_label_noise
from plaudit.errors import DataError
from plaudit.models.ngram import NgramClassifier
from plaudit.models.ngram_settings import NgramSettings
from plaudit.models.out_of_fold import NgramFolds, deal_folds
from plaudit.models.targets import Targets

pytest.importorskip("cleanlab", reason="label noise needs the extra audit")


def clear_texts(n: int, sides: tuple[tuple[str, ...], ...], seed: int) -> tuple[pa.LargeStringArray, np.ndarray]:
    """Return texts whose every word tells the class, and the classes."""
    random = np.random.default_rng(seed)
    labels = np.arange(n) % len(sides)
    texts = [" ".join([*random.choice(sides[label], 4).tolist(), "film", "the"]) for label in labels.tolist()]
    return pa.array(texts, pa.large_string()), labels


SIDES = (("good", "fine", "joy"), ("bad", "dull", "grim"), ("slow", "long", "late"))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_labels_that_were_turned_are_the_most_suspicious(n_classes: int) -> None:
    texts, labels = clear_texts(150, SIDES[:n_classes], seed=1)
    turned = np.random.default_rng(2).choice(150, 12, replace=False)
    given = labels.copy()
    given[turned] = (given[turned] + 1) % n_classes
    found = find_label_noise(texts, given, n_classes, groups=np.arange(150))
    assert set(np.argsort(found.quality)[:12].tolist()) == set(turned.tolist())
    flagged = set(np.flatnonzero(found.flagged).tolist())
    assert flagged <= set(turned.tolist())
    assert len(flagged) >= 10
    assert (found.suggested[turned] == labels[turned]).all()
    assert found.probabilities.sum(axis=1) == pytest.approx(np.ones(150))


def test_the_same_seed_gives_the_same_bits() -> None:
    texts, labels = clear_texts(60, SIDES[:2], seed=3)
    first, again, other = (find_label_noise(texts, labels, 2, groups=np.arange(60), seed=s) for s in (5, 5, 6))
    assert first.quality.tobytes() == again.quality.tobytes()
    assert first.quality.tobytes() != other.quality.tobytes()


def test_sets_of_labels() -> None:
    texts, labels = clear_texts(150, SIDES, seed=1)
    right = np.eye(3, dtype=np.uint8)[labels]
    right[:20, 0] = 1  # some have two
    given = right.copy()
    turned = np.arange(40, 150, 11)
    given[turned] = np.roll(right[turned], 1, axis=1)
    found = find_label_noise(texts, given, 3, groups=np.arange(150))
    assert found.flagged[turned].sum() >= 8
    assert found.flagged.sum() <= 12
    assert (found.suggested[turned] == right[turned]).all(axis=1).sum() >= 8
    assert (found.quality[turned] < np.median(found.quality)).all()


def test_too_few_texts_are_said_to_be_too_few() -> None:
    texts, labels = clear_texts(20, SIDES[:2], seed=4)
    with pytest.raises(DataError, match=r"^9 different texts are too few\.$"):
        find_label_noise(texts, labels, 2, groups=np.arange(20) % 9)


def test_folds_keep_groups_whole_and_classes_spread() -> None:
    groups = np.repeat(np.arange(50), 2)
    folds = deal_folds(groups, np.repeat(np.arange(50) % 2, 2), 5, seed=0)
    assert (folds[::2] == folds[1::2]).all()
    assert np.bincount(folds).tolist() == [20] * 5
    assert np.bincount(folds[np.repeat(np.arange(50) % 2, 2) == 1]).tolist() == [10] * 5
    assert (folds != deal_folds(groups, np.repeat(np.arange(50) % 2, 2), 5, seed=1)).any()


def test_a_held_out_text_is_answered_by_the_others() -> None:
    """The answer to a fold is that of a classifier fitted on the others, with the n-grams and rarities of all."""
    texts, labels = clear_texts(60, SIDES, seed=5)
    folds = np.arange(60) // 3 % 3
    settings = NgramSettings(n_max=2, regularisation=0.1)
    found = NgramFolds.of(texts, settings).probabilities(
        Targets(np.arange(3), labels.astype(np.int64), False), folds, settings, seed=0
    )
    changed = labels.copy()
    changed[folds == 0] = 2  # what the texts of a fold are labelled is nothing to their answers
    again = NgramFolds.of(texts, settings).probabilities(
        Targets(np.arange(3), changed.astype(np.int64), False), folds, settings, seed=0
    )
    assert (found[folds == 0] == again[folds == 0]).all()
    assert (found[folds != 0] != again[folds != 0]).any()
    model = NgramClassifier(n_max=2, regularisation=0.1)
    learned = np.flatnonzero(folds != 0)
    model.fit(texts.take(pa.array(learned)), labels[learned])
    whole = model.predict_proba(texts.take(pa.array(np.flatnonzero(folds == 0))))
    assert np.abs(whole - found[folds == 0]).max() < 0.1
