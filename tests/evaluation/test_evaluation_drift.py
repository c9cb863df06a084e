"""Later texts beside those that a model was tested on."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from plaudit import NgramClassifier
from plaudit.data import Dataset
from plaudit.errors import ConfigError, DataError, ModelError
from plaudit.evaluation import drift
from plaudit.evaluation.drift import find_drift
from plaudit.evaluation.profile import CONFIDENCE, PROFILE, WORDS, Gathered, Profile

NGRAMS = {
    "n_max": 1,
    "min_texts": 1,
    "chars": False,
    "weighting": "bayes",
    "objective": "logistic",
    "regularisation": 1,
}


@pytest.fixture(scope="module")
def model(reviews: Dataset) -> NgramClassifier:
    fitted = NgramClassifier(**NGRAMS).fit(reviews.texts, reviews.label_names())  # type: ignore[arg-type]
    return fitted.learn_scope(reviews.texts, reviews.texts)


def of_words(values: np.ndarray) -> Profile:
    return Profile(len(values), None, {WORDS: np.sort(values)}, {"a": len(values), "b": 0}, None)


@pytest.mark.parametrize("seed", range(3))
def test_the_distance_of_numbers_is_kolmogorovs_and_smirnovs(seed: int) -> None:
    random = np.random.default_rng(seed)
    a, b = random.normal(size=300), random.normal(loc=0.1 * seed, size=200)
    expected = stats.ks_2samp(a, b, method="exact")
    found = find_drift(of_words(a), of_words(b)).shifts
    shift = next(each for each in found if each.name == "words a text")
    assert shift.distance == pytest.approx(expected.statistic)
    assert shift.p_value == pytest.approx(min(1, 2 * expected.pvalue), abs=0.02)  # of two comparisons


def test_counts_are_exchanged_as_fisher_exchanges_them() -> None:
    for a, b in (([30, 70], [45, 55]), ([1, 99], [6, 94]), ([10, 10], [10, 10])):
        _, p_value = drift._exchanged(np.array(a), np.array(b), np.random.default_rng(0))
        assert p_value == pytest.approx(stats.fisher_exact([a, b]).pvalue, abs=0.01)


def test_texts_of_the_same_kind_raise_few_false_alarms(reviews: Dataset, model: NgramClassifier) -> None:
    before, random = Profile.of(model, reviews.texts), np.random.default_rng(1)
    alarms = 0
    for _ in range(40):
        texts = reviews.texts.take(pa.array(random.integers(0, len(reviews), 60)))
        alarms += bool(find_drift(before, Profile.of(model, texts)).found)
    assert alarms <= 2


def test_what_differs_is_named(reviews: Dataset, model: NgramClassifier) -> None:
    before = Profile.of(model, reviews.texts)
    liked = reviews.texts.filter(pa.array(np.array(reviews.labels) == 0))
    assert [each.name for each in find_drift(before, Profile.of(model, liked)).found] == ["answers"]
    foreign = pa.array(["zxqv qwrt plmk bnvc"] * 50, pa.large_string())
    found = find_drift(before, Profile.of(model, foreign))
    assert {"words known from training", "texts unlike training", "words a text"} <= {each.name for each in found.found}
    assert "0 % now" in found.sentence()


def test_of_few_texts_nothing_is_certain(reviews: Dataset, model: NgramClassifier) -> None:
    found = find_drift(Profile.of(model, reviews.texts), Profile.of(model, ["zxqv"] * 19))
    assert not found.found
    assert found.sentence().startswith("Too few texts to tell (19;")


def test_large_and_certain_are_both_asked_for() -> None:
    random = np.random.default_rng(0)
    a = random.normal(size=200_000)
    moved = find_drift(of_words(a), of_words(random.normal(loc=0.1, size=200_000)))
    shift = next(each for each in moved.shifts if each.name == "words a text")
    assert shift.p_value < 1e-6
    assert not shift.is_drift


def test_a_profile_is_written_and_read(reviews: Dataset, model: NgramClassifier, tmp_path: Path) -> None:
    assert Profile.read(tmp_path) is None
    before = Profile.of(model, reviews.texts)
    before.write(tmp_path)
    read = Profile.read(tmp_path)
    assert read is not None
    assert (read.n, read.answers, read.unlike, read.language) == (
        len(reviews), dict(before.answers), before.unlike, before.language,
    )  # fmt: skip
    for name, values in before.numbers.items():
        np.testing.assert_allclose(read.numbers[name], values, rtol=1e-5)
    assert not any(word in (tmp_path / PROFILE).read_text() for word in ("good", "dull", "film"))


@pytest.mark.parametrize(
    "change",
    [
        {"n": 0}, {"n": "3"}, {"n": 1e400}, {"numbers": []}, {"numbers": {"words": [2, 1]}}, {"numbers": {"odd": [1]}},
        {"numbers": {"words": []}}, {"answers": {"liked": -1}}, {"answers": {"liked": 10**9}}, {"unlike": "many"},
        {"language": 7}, {"answers": None},
    ],
)  # fmt: skip
def test_a_damaged_profile_is_refused(
    reviews: Dataset, model: NgramClassifier, tmp_path: Path, change: dict[str, object]
) -> None:
    Profile.of(model, reviews.texts).write(tmp_path)
    said = json.loads((tmp_path / PROFILE).read_text()) | change
    (tmp_path / PROFILE).write_text(json.dumps(said))
    with pytest.raises(ModelError, match=PROFILE):
        Profile.read(tmp_path)


def test_parts_add_up_to_the_whole(reviews: Dataset, model: NgramClassifier) -> None:
    whole, gathered = Profile.of(model, reviews.texts), Gathered(model)
    for at in range(0, len(reviews), 17):
        likeness = gathered.add(reviews.texts.slice(at, 17))
        assert likeness is not None
        assert len(likeness) == len(reviews.texts.slice(at, 17))
    parts = gathered.profile()
    assert (parts.n, parts.answers, parts.unlike) == (whole.n, whole.answers, whole.unlike)
    assert all(np.allclose(parts.numbers[name], values) for name, values in whole.numbers.items())
    with pytest.raises(DataError, match="no texts"):
        Gathered(model).profile()


def test_many_texts_are_kept_as_quantiles(reviews: Dataset, model: NgramClassifier) -> None:
    many = pa.concat_arrays([reviews.texts] * 40)
    found = Profile.of(model, many)
    assert (found.n, len(found.numbers[CONFIDENCE])) == (3_200, 1_001)
    assert not find_drift(Profile.of(model, reviews.texts), found).found


def test_sets_of_labels_and_a_model_without_scope(reviews: Dataset) -> None:
    sets = [("a",) if label else ("a", "b") for label in reviews.labels.tolist()]  # type: ignore[union-attr]
    model = NgramClassifier(**NGRAMS).fit(reviews.texts, sets)  # type: ignore[arg-type]
    before = Profile.of(model, reviews.texts)
    assert before.unlike is None
    assert before.answers["a"] == len(reviews)
    panned = reviews.texts.filter(pa.array(np.array(reviews.labels) == 1))
    found = find_drift(before, Profile.of(model, panned)).found
    assert "labels given" in [each.name for each in found]


def test_a_level_is_a_rate() -> None:
    with pytest.raises(ConfigError, match="above 0 and below 1"):
        find_drift(of_words(np.ones(30)), of_words(np.ones(30)), level=0)
