"""Texts unlike the training texts: the score, its limit, its file, and what rules and answers make of it."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import plaudit
from plaudit import DecisionRule
from plaudit.data import Dataset
from plaudit.errors import ConfigError, DataError, ModelError
from plaudit.models.answers import answer, doubts, records
from plaudit.models.artifact import read_manifest
from plaudit.models.scope import SCOPE, Counts, Scope

FOREIGN = ["zxqv", "Où est la gare ?", "我想去北京", "qwe rty uio"]


def column(texts: list[str]) -> pa.LargeStringArray:
    return pa.array(texts, pa.large_string())


def questions(n: int, *, seed: int) -> list[str]:
    random = np.random.default_rng(seed)
    asked, things = ["who wrote", "where is", "what is", "when was"], ["the book", "the town", "a river", "the war"]
    return [f"{random.choice(asked)} {random.choice(things)} {random.integers(9)} ?" for _ in range(n)]


@pytest.fixture
def scope() -> Scope:
    return Scope.learn(column(questions(400, seed=0)), column(questions(200, seed=1)))


def test_other_words_and_scripts_are_unlike_and_like_texts_are_not(scope: Scope) -> None:
    assert scope.is_unlike(column(FOREIGN)).all()
    like = scope.is_unlike(column(questions(1_000, seed=2)), 0.05)
    assert like.mean() < 0.1
    assert scope.is_unlike(column(["", " \n"])).all()
    assert len(scope.scores(column([]))) == 0


def test_known_words_in_an_order_never_seen_score_lower(scope: Scope) -> None:
    right, turned = scope.scores(column(["who wrote the book 3 ?", "? 3 book the wrote who"]))
    assert turned < right - 1


def test_the_limit_is_the_share_of_the_validation_texts_below_it(scope: Scope) -> None:
    limit = scope.limit(0.1)
    assert limit is not None
    assert (scope.likeness < limit).mean() <= 0.1
    assert scope.limit(0.004) is None  # of 200 texts


def test_few_validation_texts_leave_texts_without_a_known_word(scope: Scope) -> None:
    few = Scope.learn(column(questions(50, seed=0)), column([]))
    assert few.is_unlike(column(["zxqv", "the book", ""])).tolist() == [True, False, True]
    with pytest.raises(DataError, match="there are no training texts"):
        Scope.learn(column([]), column([]))


def test_counts_add_up_and_keep_the_commonest() -> None:
    a = Counts.of(np.array([5, 5, 7], np.uint32)).plus(Counts.of(np.array([7, 9, 7], np.uint32)))
    assert a.find(np.array([5, 6, 7, 9, 2**32 - 1], np.uint32)).tolist() == [2, 0, 3, 1, 0]
    assert a.commonest(2).keys.tolist() == [5, 7]


@pytest.fixture
def model(reviews: Dataset, more_reviews: Dataset) -> plaudit.NgramClassifier:
    fitted = plaudit.NgramClassifier().fit(reviews.texts, reviews.label_names())
    fitted.learn_scope(reviews.texts, pa.concat_arrays([more_reviews.texts] * 4))
    return fitted


def test_a_rule_gives_such_texts_no_answer_and_the_reason(model: plaudit.NgramClassifier, reviews: Dataset) -> None:
    texts = [*reviews.texts.to_pylist()[:3], *FOREIGN]
    usual = model.predict(texts)
    model.set_rule(DecisionRule(unlike=0.02))
    assert model.predict(texts).tolist() == [*usual.tolist()[:3], None, None, None, None]
    found = records(model, answer(model, texts))
    assert [each.get("reason") for each in found[2:4]] == [None, "no answer: unlike the training texts"]
    assert answer(model, texts).slice(2, 2).reasons == {1: "no answer: unlike the training texts"}
    assert doubts(model, ["", "zxqv", texts[0]]) == ["the text is blank", "unlike the training texts", None]


def test_a_rule_may_have_another_goal_besides(model: plaudit.NgramClassifier) -> None:
    rule = DecisionRule(abstain_below=0.0, unlike=0.02)
    assert rule.may_abstain
    assert "; no answer to a text unlike the training texts" in rule.describe(model.class_names)
    model.set_rule(rule)
    assert model.predict(FOREIGN).tolist() == [None] * 4
    sets = DecisionRule(unlike=0.02)
    sets.check(3, multi_label=True)
    shares = np.array([[0.9, 0.1], [0.9, 0.6]])
    assert sets.decide(shares, multi_label=True, unlike=np.array([True, False])).tolist() == [[0, 0], [1, 1]]


def test_a_rate_that_cannot_be_known_is_refused(model: plaudit.NgramClassifier, reviews: Dataset) -> None:
    with pytest.raises(ConfigError, match=r"unlike 0\.001: takes 1,000 validation texts or more"):
        model.set_rule(DecisionRule(unlike=0.001))
    for wrong in (0.0, 0.6, -1):
        with pytest.raises(ConfigError, match="unlike: expected"):
            DecisionRule(unlike=wrong)
    model.fit(reviews.texts, reviews.label_names())
    assert model.scope_ is None
    with pytest.raises(ConfigError, match="does not know what its training texts are like"):
        model.set_rule(DecisionRule(unlike=0.02))


def test_it_comes_back_from_the_folder_to_the_bit(model: plaudit.NgramClassifier, tmp_path: Path) -> None:
    model.set_rule(DecisionRule(unlike=0.02))
    model.save(tmp_path / "m")
    assert SCOPE in read_manifest(tmp_path / "m")["files"]
    again = plaudit.load(tmp_path / "m")
    assert model.scope_ is not None
    assert again.scope_ is not None
    assert again.rule_ == model.rule_
    assert again.scope_.likeness.tolist() == model.scope_.likeness.tolist()
    assert again.scope_.scores(column(FOREIGN)).tolist() == model.scope_.scores(column(FOREIGN)).tolist()
    again.save(tmp_path / "again")
    assert (tmp_path / "again" / SCOPE).read_bytes() == (tmp_path / "m" / SCOPE).read_bytes()


def test_damage_is_a_line(scope: Scope, tmp_path: Path) -> None:
    keys = scope.words.keys[::-1].copy()
    Scope(Counts(keys, scope.words.counts), scope.pairs, 9, 9, scope.usual, scope.likeness, 200).write(tmp_path)
    with pytest.raises(ModelError, match="damaged: these are not word counts"):
        Scope.read(tmp_path)
    Scope(scope.words, scope.pairs, 9, 9, scope.usual, scope.likeness, 3).write(tmp_path)
    with pytest.raises(ModelError, match="damaged: these are not word counts"):
        Scope.read(tmp_path)
    (tmp_path / SCOPE).write_bytes(b"{}")
    with pytest.raises(ModelError, match="damaged"):
        Scope.read(tmp_path)
