"""The audit's page: a group is one card, pages of ten, chosen by kind and part without a script, and small."""

import numpy as np
import pyarrow as pa
import pytest

from plaudit.audit import review
from plaudit.audit.corpus import corpus_of
from plaudit.data import Dataset
from plaudit.report.audit_page import audit_page

pytest.importorskip("jinja2", reason="the page needs the extra audit")


def page_of(texts: list[str], labels: list[int], *, test: list[str] | None = None) -> str:
    def dataset(of: list[str], codes: list[int]) -> Dataset:
        return Dataset(pa.array(of, pa.large_string()), np.array(codes, np.int32), ("a", "b"), "data")

    parts = {"train": dataset(texts, labels)} | ({"test": dataset(test, [0] * len(test))} if test else {})
    return audit_page(review(corpus_of(parts), look_for_noise=False), name="data")


def test_rows_of_one_group_are_one_card_with_the_text_once() -> None:
    page = page_of(["one same film", "one same film", "one same film", "another film"], [0, 0, 1, 1])
    conflicts = page.partition('id="conflict"')[2].partition("</section>")[0]
    assert conflicts.count("<li") == 1
    assert conflicts.count("one same film") == 1
    assert [conflicts.count(f"train row {row}<") for row in (1, 2, 3, 4)] == [1, 1, 1, 0]
    assert "3 rows in 1 groups" in conflicts
    assert "labelled a 2; b 1" in conflicts


def test_what_is_chosen_hides_the_rest_without_a_script() -> None:
    page = page_of(["one same film", "one same film", "<b>film</b>"], [0, 1, 1], test=["one same film"])
    assert "<script" not in page
    assert 'id="k-conflict"' in page
    assert "body:has(#k-conflict:checked) .kind:not(.k-conflict) { display: none; }" in page
    assert "body:has(#p-1:checked) .cards > li:not(.p1) { display: none; }" in page
    leaks = page.partition('id="leak"')[2].partition("</section>")[0]
    assert '<li class="p1 p0 ">' in leaks or '<li class="p0 p1 ">' in leaks


def test_the_cards_after_ten_open_on_a_click() -> None:
    texts = [f"text number {i} is this" for i in range(25) for _ in range(2)]
    page = page_of(texts, [0, 0] * 25)
    repeats = page.partition('id="duplicate"')[2].partition("</section>")[0]
    assert repeats.count("<li") == 25
    assert repeats.partition("<details>")[0].count("<li") == 10
    assert "<summary>11 to 20</summary>" in repeats
    assert "<summary>21 to 25</summary>" in repeats


@pytest.mark.parametrize("letter", ["w", "<", "好", "\x1b"])
def test_a_hundred_findings_of_long_texts_are_less_than_200_kb(letter: str) -> None:
    texts = [f"{i} {letter * 5_000} {j}" for i in range(100) for j in range(2)]
    page = page_of([f"{text.rpartition(' ')[0]}" for text in texts], [0, 1] * 100)
    conflicts = page.partition('id="conflict"')[2].partition("</section>")[0]
    assert conflicts.count("<li") == 100
    assert len(conflicts.encode()) < 200_000
    assert "more characters" in conflicts
