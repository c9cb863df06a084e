"""The words that an answer hangs on: verified by the model, and none of them can be spared."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plaudit
from plaudit import NetworkClassifier, NgramClassifier
from plaudit.data import Dataset
from plaudit.explanation import find_flips, top_words
from plaudit.explanation.flips import without
from plaudit.explanation.top_words import _small_words, _top
from plaudit.models.rules import DecisionRule
from plaudit.report import worst_mistakes
from plaudit.report.highlight import highlight

WORDS = "good fine joy warm bad dull cold grim film".split()  # noqa: SIM905


@pytest.fixture(scope="module")
def ngrams(reviews: Dataset) -> NgramClassifier:
    return NgramClassifier(min_texts=1).fit(reviews.texts, reviews.label_names())


@pytest.fixture(scope="module")
def moody(moods: Dataset) -> NgramClassifier:
    return NgramClassifier(min_texts=1).fit(moods.texts, moods.label_names())


def check(model: Any, texts: list[str]) -> int:
    found = plaudit.explain(model, texts)
    flips = find_flips(model, found)

    def answer(text: str, one: Any) -> Any:
        answers = model.predict([text])
        return one.label in model.label_sets(answers)[0] if model.multi_label_ else answers[0]

    for one, flip in zip(found, flips, strict=True):
        if flip is None:
            continue
        before = answer(one.text, one)
        assert answer(flip.text, one) != before
        assert flip.text == without(one, flip.words)
        for spared in flip.words:
            rest = [word for word in flip.words if word != spared]
            assert not rest or answer(without(one, rest), one) == before
    return sum(flip is not None for flip in flips)


@settings(deadline=None, max_examples=25)
@given(texts=st.lists(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), min_size=1, max_size=4))
def test_flips_are_true_and_minimal(ngrams: Any, network: NetworkClassifier, moody: Any, texts: list[str]) -> None:
    for model in (ngrams, network, moody):
        check(model, texts)


def test_flips_are_found(ngrams: NgramClassifier, network: NetworkClassifier, reviews: Dataset) -> None:
    texts = ["good fine joy bad", "dull grim cold film warm"]
    assert check(ngrams, texts) == 2
    assert check(network, texts) >= 1


def test_where_nothing_helps_none_is_found(ngrams: NgramClassifier) -> None:
    texts = ["", "zyzzyva"]
    assert find_flips(ngrams, plaudit.explain(ngrams, texts)) == [None, None]
    assert find_flips(ngrams, []) == []


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("a good film", [1], "a film"),
        ("good film", [0], "film"),
        ("film good", [1], "film"),
        ("well-made film", [1], "well made film"),
        ("well-made", [0, 1, 2], ""),
        ("a\ngood film", [1], "a\n film"),
    ],
)
def test_taking_words_away_leaves_the_rest_apart(ngrams: Any, text: str, words: list[int], expected: str) -> None:
    (one,) = plaudit.explain(ngrams, [text])
    assert without(one, words) == expected


def test_top_words_are_the_sums_of_the_shares(ngrams: NgramClassifier, reviews: Dataset) -> None:
    texts = [*reviews.texts.to_pylist(), "GOOD good"]
    found = plaudit.explain(ngrams, texts)
    first, second = top_words(ngrams, texts, n=3)
    assert (first.label, second.label) == ("liked", "panned")
    assert first.n_texts == second.n_texts == len(texts)
    for one, sign in ((first, -1), (second, 1)):
        sums: dict[str, list[float]] = {}
        for explanation in found:
            for word, share in zip(explanation.words, explanation.shares.tolist(), strict=True):
                sums.setdefault(word.lower(), []).append(sign * share)
        best = sorted(sums, key=lambda word: -sum(sums[word]))[:3]
        assert [top.word for top in one.words] == best
        for top in one.words:
            assert top.count == len(sums[top.word])
            assert top.total == pytest.approx(sum(sums[top.word]))
            assert top.share == pytest.approx(np.mean(sums[top.word]))


def test_top_words_of_many_classes_are_where_they_are_given(moody: NgramClassifier, moods: Dataset) -> None:
    found = top_words(moody, moods.texts, n=1)
    assert {one.label: one.words[0].word for one in found} == {"calm": "warm", "glad": "joy", "sad": "grim"}
    (only,) = top_words(moody, moods.texts, n=1, label="sad")
    assert (only.label, only.n_texts) == ("sad", len(moods))
    assert top_words(moody, []) == []


def test_a_highlighted_text_is_the_text(ngrams: NgramClassifier) -> None:
    import html
    import re

    for text in ["<script>alert('good')</script> & bad", "good\n bad", "手机 \"good\" 'bad'", ""]:
        (one,) = plaudit.explain(ngrams, [text])
        marked = highlight(one)
        assert html.unescape(re.sub(r"</?span[^>]*>", "", marked)) == text
        assert set(re.findall(r"<(/?\w+)", marked)) <= {"span", "/span"}
    assert 'class="against' in highlight(plaudit.explain(ngrams, ["good bad"])[0])
    assert "\x1b" not in highlight(plaudit.explain(ngrams, ["good \x1b[31m"])[0])


def test_worst_mistakes_are_wrong_and_the_surest_first(ngrams: NgramClassifier, moody: NgramClassifier) -> None:
    import pyarrow as pa

    texts = ["good fine joy", "bad", "bad dull grim cold", "good"]
    wrong = Dataset(
        pa.array(texts, pa.large_string()), np.array([1, 1, 0, 0], np.int32), ("liked", "panned"), "made up"
    )
    fragment = worst_mistakes(ngrams, wrong, n=5)
    assert fragment.count("<article>") == 2
    logits = np.abs(ngrams.logits(texts)[:, 0])
    first, second = ("joy", "grim") if logits[0] > logits[2] else ("grim", "joy")
    assert fragment.index(f">{first}<") < fragment.index(f">{second}<")
    sets = Dataset(pa.array(["warm joy"], pa.large_string()), np.array([[0, 0]], np.uint8), ("calm", "glad"), "sets")
    assert worst_mistakes(moody, sets).count("<article>") == 1


def test_marks_and_function_words_stay_out_unless_they_matter() -> None:
    words, counts = ["great", "fine", "the", ",", "not", "!"], [10, 10, 400, 900, 12, 5]
    totals = [10.0, 8.0, 40.0, 90.0, 12.0, 6.0]  # the means: 1, 0.8, 0.1, 0.1, 1, 1.2
    filler = [f"word{i}" for i in range(4)]
    table = pa.table(
        {
            "word": pa.array(words + filler, pa.large_string()),
            "total": totals + [0.5] * 4,
            "count": pa.array(counts + [1] * 4, pa.int64()),
        }
    )
    small = _small_words(table)
    assert set(small.to_pylist()) == {"the", ",", "not", "!"}
    assert [each.word for each in _top(table, 3, 1, small)] == ["not", "great", "fine"]
    assert [each.word for each in _top(table, 4, 1, small)] == ["not", "great", "fine", "!"]
    alone = table.take([2, 3])
    assert [each.word for each in _top(alone, 3, 1, small)] == [",", "the"]  # there is nothing else
    assert _top(table.take(pa.array([], pa.int64())), 3, 1, small) == ()


def test_an_answer_that_the_rule_withholds_is_none_in_an_explanation(reviews: Dataset) -> None:
    model = NgramClassifier(min_texts=1).fit(reviews.texts, reviews.label_names())
    model.learn_scope(reviews.texts, pa.concat_arrays([reviews.texts] * 4)).set_rule(DecisionRule(unlike=0.01))
    texts = [reviews.texts[0].as_py(), "qqq zzz xxx"]
    answers = model.predict(texts).tolist()
    assert answers[0] is not None
    assert answers[1] is None
    assert [one.predicted for one in plaudit.explain(model, texts)] == answers
    wrong = Dataset(pa.array(texts, pa.large_string()), np.zeros(2, np.int32), ("liked", "panned"), "some")
    assert "no answer; the label" not in worst_mistakes(model, wrong)  # which is no mistake
