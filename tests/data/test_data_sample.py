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
