"""The rule behind `plaudit advise`, each branch on made-up facts; what it asks of a data set, on real texts."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from plaudit.data import Dataset, load_dataset
from plaudit.errors import DataError
from plaudit.models.advice import THRESHOLD, DataFacts, Machine, advise, cost_of, look_at, texts_of_classes

LONG = DataFacts(25_000, 176, 235.0, 160.0, {"neg": 12_500, "pos": 12_500}, False, {"Latin": 1.0}, "en")
SHORT = replace(LONG, n_texts=40_000, median_words=13, mean_words=13.0, mean_words_read=13.0)
LAPTOP = Machine(cores=2, has_torch=True)


def test_few_texts_for_their_length_get_n_grams() -> None:
    advice = advise(LONG, LAPTOP)
    assert advice.choice.recipe == "ngram"
    assert "25,000 texts / 176 words a text = 142: below 1,500" in advice.choice.reason
    assert [other.recipe for other in advice.alternatives] == ["encoder", "best"]
    assert advice.notes == ()


def test_many_short_english_texts_get_the_encoder() -> None:
    advice = advise(SHORT, LAPTOP)
    assert advice.choice.recipe == "encoder"
    assert "= 3,077: from 1,500 on" in advice.choice.reason
    assert [other.recipe for other in advice.alternatives] == ["best"]


@pytest.mark.parametrize(("n_texts", "recipe"), [(13 * THRESHOLD - 1, "ngram"), (13 * THRESHOLD, "encoder")])
def test_the_threshold_itself_is_above(n_texts: int, recipe: str) -> None:
    assert advise(replace(SHORT, n_texts=n_texts), LAPTOP).choice.recipe == recipe


@pytest.mark.parametrize(
    ("facts", "machine", "obstacle"),
    [
        (SHORT, Machine(2, has_torch=False), "torch and transformers, which are not installed"),
        (replace(SHORT, language=None), LAPTOP, "do not look English"),
        (replace(SHORT, language="zh"), LAPTOP, "look Chinese"),
        (replace(SHORT, n_texts=1_000_000), LAPTOP, "more than ten minutes on this processor"),
    ],
    ids=["no torch", "another language", "another script", "too long"],
)
def test_n_grams_stand_in_where_the_encoder_cannot(facts: DataFacts, machine: Machine, obstacle: str) -> None:
    advice = advise(facts, machine)
    assert advice.choice.recipe == "ngram"
    assert obstacle in advice.choice.reason


def test_a_gpu_makes_the_wait_bearable() -> None:
    assert advise(replace(SHORT, n_texts=10_000_000), replace(LAPTOP, gpu="a GPU")).choice.recipe == "encoder"


def test_unlabelled_texts_bring_up_distilling_where_there_is_a_teacher() -> None:
    facts = replace(LONG, n_unlabelled=50_000)
    assert advise(facts, LAPTOP).alternatives[-1].recipe == "distilled"
    assert "50,000 texts without labels" in advise(facts, LAPTOP).alternatives[-1].reason
    assert advise(facts, Machine(2, has_torch=False)).alternatives == ()


def test_a_rare_class_and_few_texts_are_noted() -> None:
    rare = advise(replace(LONG, class_counts={"ham": 24_000, "spam": 1_000}), LAPTOP).notes
    assert len(rare) == 1
    assert "'spam' has 1,000 texts only" in rare[0]
    few = advise(replace(LONG, n_texts=80, class_counts={"a": 40, "b": 40}), LAPTOP).notes
    assert len(few) == 1
    assert few[0].startswith("Few texts")


def test_a_frozen_encoder_is_tried_beside_n_grams_where_it_is_quick_and_reads_the_language() -> None:
    few, frozen = advise(replace(SHORT, n_texts=200), LAPTOP), cost_of("best --frozen")
    assert few.beside is not None
    assert frozen is not None
    assert few.beside.recipe == "best --frozen"
    read, each = 200 * SHORT.mean_words / 1e6, frozen.seconds_per_million + frozen.seconds_per_million_logit
    assert few.beside.seconds == pytest.approx(frozen.fixed_s + read * each)
    assert [other.recipe for other in few.alternatives] == ["encoder"]
    for facts, machine in (
        (LONG, LAPTOP),
        (replace(SHORT, n_texts=200, language="es"), LAPTOP),
        (replace(SHORT, n_texts=200), Machine(2, has_torch=False)),
    ):
        assert advise(facts, machine).beside is None


def test_few_long_texts_bring_up_the_frozen_encoder_where_it_is_not_quick() -> None:
    facts = replace(LONG, n_texts=400, mean_words=9_000.0, mean_words_read=9_000.0)
    assert [other.recipe for other in advise(facts, LAPTOP).alternatives] == ["encoder", "best --frozen"]


def test_times_follow_from_the_table() -> None:
    ngram, encoder = cost_of("ngram"), cost_of("encoder")
    assert ngram is not None
    assert encoder is not None
    expected = ngram.seconds_per_million_logit * 25_000 * 235 / 1e6
    assert advise(LONG, LAPTOP).choice.seconds == pytest.approx(ngram.fixed_s + expected)
    several = replace(LONG, class_counts=dict.fromkeys("abc", 9_000))
    assert advise(several, LAPTOP).choice.seconds == pytest.approx(ngram.fixed_s + 3 * expected)
    two, eight = (advise(LONG, Machine(cores, True)).alternatives[0].seconds for cores in (2, 8))
    assert two is not None
    assert eight is not None
    assert two - encoder.fixed_s == pytest.approx(4 * (eight - encoder.fixed_s))
    assert two == pytest.approx(encoder.fixed_s + encoder.seconds_per_million * 25_000 * 160 / 1e6)


def test_a_data_set_is_measured_in_words_and_without_its_punctuation() -> None:
    texts = pa.array(["It is a joy , !!", "the end", "电影很好"], pa.large_string())
    facts = look_at(Dataset(texts, np.array([0, 1, 1], np.int32), ("a", "b"), "x"), n_unlabelled=7)
    assert (facts.n_texts, facts.median_words) == (3, 4)
    assert facts.mean_words == pytest.approx(10 / 3)
    assert facts.class_counts == {"a": 1, "b": 2}
    assert facts.language == "en"
    assert facts.scripts == {"Latin": pytest.approx(14 / 18), "Han": pytest.approx(4 / 18)}
    assert (facts.n_unlabelled, facts.is_multi_label, facts.ratio) == (7, False, 0.75)


def test_the_sample_reads_as_english_and_long_texts_count_for_what_is_read_of_them() -> None:
    facts = look_at(load_dataset("sample").train)
    assert facts.is_english
    assert look_at(load_dataset("sample").train, language="es").language == "es"
    assert facts.mean_words_read == facts.mean_words
    long = Dataset(pa.array(["word " * 1_000, "word"], pa.large_string()), np.array([0, 1], np.int32), ("a", "b"), "x")
    assert (look_at(long).mean_words, look_at(long).mean_words_read) == (500.5, 100.5)


def test_a_large_data_set_is_looked_at_in_part() -> None:
    texts = pa.array(["one two three"] * 12_000, pa.large_string())
    facts = look_at(Dataset(texts, np.tile(np.array([0, 1], np.int32), 6_000), ("a", "b"), "x"))
    assert (facts.n_texts, facts.median_words, facts.class_counts) == (12_000, 3, {"a": 6_000, "b": 6_000})


def test_texts_without_words_count_as_one_word() -> None:
    facts = look_at(Dataset(pa.array(["!", "?"], pa.large_string()), np.array([0, 1], np.int32), ("a", "b"), "x"))
    assert (facts.median_words, facts.mean_words, facts.language, facts.scripts) == (1, 0.0, None, {})


def test_classes_are_counted_from_numbers_and_from_indicators() -> None:
    assert texts_of_classes(np.array([0, 2, 2], np.int32), 4) == [1, 0, 2, 0]
    assert texts_of_classes(np.array([[1, 0, 1], [1, 1, 0]], np.uint8), 3) == [2, 1, 1]


@pytest.mark.parametrize(("n", "message"), [(0, "got no texts"), (2, "got no labels")])
def test_no_texts_and_no_labels_are_refused(n: int, message: str) -> None:
    with pytest.raises(DataError, match=message):
        look_at(Dataset(pa.array(["a"] * n, pa.large_string()), None, (), "x"))
