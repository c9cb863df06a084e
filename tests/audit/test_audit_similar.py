"""The pairs of similar sets, held equal to comparing every pair with every other."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.audit.duplicates import find_duplicates
from plaudit.audit.similar import find_similar
from plaudit.data import normalise_texts
from plaudit.data.grouping import connect
from plaudit.text import WordTokenizer
from plaudit.text.ngram_rows import NgramRows
from plaudit.text.ngrams import shingles

SETS = st.lists(st.frozensets(st.integers(0, 12), max_size=9), max_size=14)


def as_rows(sets: list[frozenset[int]]) -> NgramRows:
    offsets = np.cumsum([0, *map(len, sets)]).astype(np.int64)
    return NgramRows(offsets, np.array([x for each in sets for x in sorted(each)], np.int32))


@settings(deadline=None)
@given(SETS, st.sampled_from([0.3, 0.5, 2 / 3, 0.75, 0.8, 0.9, 1.0]))
def test_the_pairs_are_those_that_comparing_all_gives(sets: list[frozenset[int]], least: float) -> None:
    expected = {
        (i, j): len(a & b) / len(a | b)
        for (i, a), (j, b) in itertools.combinations(enumerate(sets), 2)
        if a and b and len(a & b) >= least * len(a | b)
    }
    found = find_similar(as_rows(sets), least=least)
    pairs = list(zip(found.left.tolist(), found.right.tolist(), strict=True))
    assert pairs == sorted(expected)
    assert found.similarity.tolist() == pytest.approx([expected[pair] for pair in pairs])
    assert found.is_complete


def test_too_many_candidates_are_cut_and_said() -> None:
    sets = [frozenset({*range(10), 10 + i}) for i in range(40)]  # each pair 10 of 12
    found = find_similar(as_rows(sets), least=0.8, most_candidates=400)
    assert not found.is_complete
    assert 0 < len(found.left) < 40 * 39 / 2
    groups = connect(np.arange(40), found.left, found.right)
    assert (groups == 0).all()  # neighbours are enough to join them all
    assert find_similar(as_rows(sets), least=0.8).is_complete


@settings(deadline=None)
@given(st.integers(1, 12), st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=15))
def test_groups_are_joined_as_chains_join_them(n: int, pairs: list[tuple[int, int]]) -> None:
    edges = [(a % n, b % n) for a, b in pairs]
    expected = list(range(n))
    for _ in range(n):
        for a, b in edges:
            expected[a] = expected[b] = min(expected[a], expected[b])
    left, right = np.array(edges, np.int64).reshape(-1, 2).T
    assert connect(np.arange(n), left, right).tolist() == expected


@pytest.mark.parametrize(
    "copy",
    [
        "A gr\u200beat film, and ever so long!",
        "A great f\u00adilm, and e\u2060ver so long!",
        "\ufeffA great film, and ever so long!",
        "<p>A great film,<br />and <b>ever</b> so long!</p>",
        'A <a href="x.html" target=_blank>g</a>reat film,<BR>and ever so long!<!-- ok -->',
        "A great&#8203; film, &lt;i&gt;and&lt;/i&gt; ever so long!",
    ],
)
def test_tags_and_characters_without_width_hide_no_copy(copy: str) -> None:
    texts = ["A great film, and ever so long!", copy]
    assert normalise_texts(pa.array(texts, pa.large_string())).to_pylist() == ["a great film and ever so long"] * 2


@pytest.mark.parametrize(
    ("one", "other"),
    [("a<b and c>d", "a and d"), ("<user> hi", "<url> hi"), ("<br>", "<b>"), ("I <3 it", "I it"), ("x <b", "x")],
)
def test_what_is_no_tag_stays(one: str, other: str) -> None:
    assert len(set(normalise_texts(pa.array([one, other], pa.large_string())).to_pylist())) == 2


WORDS = st.lists(st.sampled_from(["Ein", "ein", "Film", "film", "schön", "好", "不好", "😀", "..."]), max_size=8)
TEXTS = st.lists(WORDS.map(" ".join) | st.sampled_from(["", " ", "?!", "a  b"]), max_size=10)


@settings(deadline=None)
@given(TEXTS)
def test_duplicates_are_those_that_comparing_all_gives(texts: list[str]) -> None:
    column = pa.array(texts, pa.large_string())
    found = find_duplicates(column, least=0.5)
    normal = normalise_texts(column).to_pylist()
    tokens = WordTokenizer().tokenize(pa.array(normal, pa.large_string())).to_lists()
    triples = [{tuple(words[k : k + 3]) for k in range(len(words) - 2)} for words in tokens]
    near = list(range(len(texts)))
    for i, j in itertools.combinations(range(len(texts)), 2):
        said = bool(texts[i].strip() and texts[j].strip())
        assert (found.equal[i] == found.equal[j]) == (said and texts[i] == texts[j])
        assert (found.alike[i] == found.alike[j]) == (said and normal[i] == normal[j])
        a, b = triples[i], triples[j]
        if said and (normal[i] == normal[j] or (a and b and len(a & b) >= 0.5 * len(a | b))):
            old, new = near[j], near[i]
            near = [new if group == old else group for group in near]
    same = [(i, j) for i, j in itertools.combinations(range(len(texts)), 2) if near[i] == near[j]]
    assert same == [(i, j) for i, j in itertools.combinations(range(len(texts)), 2) if found.near[i] == found.near[j]]


def test_shingles_are_runs_of_exactly_n_tokens_within_a_text() -> None:
    column = WordTokenizer().tokenize(pa.array(["a b c d", "b c d", "a b", "", "a b c a b c"], pa.large_string()))
    rows = shingles(column, n=3)
    assert np.diff(rows.offsets).tolist() == [2, 1, 0, 0, 3]  # abc bcd; bcd; abc bca cab
    first, second, last = (set(rows.indices[a:b].tolist()) for a, b in ((0, 2), (2, 3), (3, 6)))
    assert second < first
    assert len(first & last) == 1


def test_no_text_at_all() -> None:
    found = find_duplicates(pa.array([], pa.large_string()))
    assert len(found.near) == len(found.left) == 0
