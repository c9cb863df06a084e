import pytest

from plaudit.data import load_sample


def test_the_sample_is_balanced_and_a_third_is_for_testing() -> None:
    splits = load_sample()
    assert splits.test is not None
    n = len(splits.train) + len(splits.test)
    assert n >= 600
    assert abs(len(splits.test) / n - 1 / 3) < 0.01
    for part in (splits.train, splits.test):
        assert part.classes == ("neg", "pos")
        counts = part.class_counts()
        assert abs(counts["neg"] - counts["pos"]) <= 0.05 * len(part)


def test_labels_follow_the_stars_and_films_the_parts() -> None:
    splits = load_sample()
    assert splits.test is not None
    for part in (splits.train, splits.test):
        assert part.labels is not None
        stars = part.extra["stars"].to_numpy()
        assert set(stars[part.labels == 1].tolist()) <= {7, 8, 9, 10}
        assert set(stars[part.labels == 0].tolist()) <= {1, 2, 3, 4}
    films = [set(part.extra["film"].to_pylist()) for part in (splits.train, splits.test)]
    assert not films[0] & films[1]


def test_reviews_are_of_the_length_that_reviews_have() -> None:
    splits = load_sample()
    assert splits.test is not None
    for part in (splits.train, splits.test):
        words = [len(text.split()) for text in part.texts.to_pylist()]
        assert 40 <= min(words) <= max(words) <= 120


def test_no_review_repeats_another_ones_phrases() -> None:
    """Six words in a row in common happen by chance, about once in a thousand reviews; templates would show here."""
    splits = load_sample()
    assert splits.test is not None
    owners: dict[tuple[str, ...], set[int]] = {}
    for number, text in enumerate(splits.train.texts.to_pylist() + splits.test.texts.to_pylist()):
        words = text.lower().split()
        for start in range(len(words) - 5):
            owners.setdefault(tuple(words[start : start + 6]), set()).add(number)
    repeated = [run for run, numbers in owners.items() if len(numbers) > 1]
    assert len(repeated) <= 3


def test_the_sample_is_neither_trivial_nor_hopeless() -> None:
    text = pytest.importorskip("sklearn.feature_extraction.text")
    linear = pytest.importorskip("sklearn.linear_model")
    pipeline = pytest.importorskip("sklearn.pipeline")
    splits = load_sample()
    assert splits.test is not None
    model = pipeline.make_pipeline(text.TfidfVectorizer(), linear.LogisticRegression())
    model.fit(splits.train.texts.to_pylist(), splits.train.labels)
    assert 0.70 <= model.score(splits.test.texts.to_pylist(), splits.test.labels) <= 0.92
