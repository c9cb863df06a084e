"""No page has a finding of axe-core's, in either theme, on a desk and on a phone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from browsing import CHROMIUM, axe_findings, opened_browser
from plaudit.audit import review
from plaudit.audit.corpus import corpus_of
from plaudit.data import Dataset
from plaudit.explanation import explain
from plaudit.models import NetworkClassifier
from plaudit.report import ReportFacts, report_page
from plaudit.report.audit_page import audit_page
from plaudit.report.highlight import explanation_html, explanation_page

pytest.importorskip("axe_playwright_python", reason="needs the extra serve-tests")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (on Debian: apt-get install chromium)"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with opened_browser() as browser:
        yield browser


def check(browser: Any, folder: Path, page: str) -> None:
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8")
    assert axe_findings(browser, path.as_uri()) == []


def test_the_report(browser: Any, sample_facts: ReportFacts, tmp_path: Path) -> None:
    check(browser, tmp_path, report_page(sample_facts, name="model", openings=1, rule="a rule"))


def test_the_audit(browser: Any, reviews: Dataset, tmp_path: Path) -> None:
    texts = [*reviews.texts.to_pylist(), "<b>a film</b>", "one and the same film", "one and the same film", "ok " * 900]
    labels = np.array([i % 2 for i in range(len(texts))], np.int32)
    data = Dataset(pa.array(texts, pa.large_string()), labels, reviews.classes, "data")
    found = review(corpus_of({"train": data, "test": data}), look_for_noise=False)
    page = audit_page(found, name="data")
    assert page.count('class="kind ') >= 4
    check(browser, tmp_path, page)


def test_an_explanation(browser: Any, network: NetworkClassifier, tmp_path: Path) -> None:
    articles = [
        explanation_html(one, heading="liked", asked_flip=False, level=2)
        for one in explain(network, pa.array(["good film, bad unknown", "dull"], pa.large_string()))
    ]
    check(browser, tmp_path, explanation_page(articles, title="Why", note="A note."))
