"""Names and texts of any kind stay text, on every page and in the model card; a real HTML parser looks for others."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser

from plaudit import NgramClassifier
from plaudit.audit import corpus_of, review
from plaudit.data import Dataset
from plaudit.explanation import explain
from plaudit.report import ReportFacts, audit_page, model_card, with_rule
from plaudit.report.highlight import explanation_html, explanation_page, worst_mistakes
from plaudit.report.markdown import block, code, plain
from plaudit.report.page import report_page

PIECES = (
    "<img src=x onerror=alert(1)>", "``", "`", "```", "a", " ", "\n", "\n\n", "# ", "- ", "1. ", "|", "\\", "*", "_",
    "**", "[x](javascript:alert(1))", "![x](http://evil.example/p.png)", "</title><script>alert(1)</script>", "</pre>",
    "<!--", "-->", "<https://evil.example>", "https://evil.example", "www.evil.example", "a@evil.example", "&amp;",
    "&lt;b&gt;", '"', "'", '" onmouseover="alert(1)', "</style>", "]]>", "<svg/onload=alert(1)>", "~~~", "$$", "<b",
    "\r\n\n<div>\n\n", "\u2028<b>", "\x85<b>", "\x00", "\x1b[31m", "\u202e", "[x]: http://evil.example", "{title}",
    "{{ name }}", "$title", "😀", "---", "===", "    code", "\t<i>",
)  # fmt: skip
HOSTILE = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), min_size=1, max_size=8).map("".join)
ALWAYS = (
    "<img src=x onerror=alert(1)>",
    "``a`` <img src=x onerror=alert(1)> ``",
    "`\n\n<img src=x onerror=alert(1)>\n\n`",
    "x\n```\n\n<img src=x onerror=alert(1)>\n",
)
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
Elements = set[tuple[str, tuple[str, ...]]]


def elements(html: str) -> Elements:
    """Return the elements of a page, each with the names of its attributes."""
    tree = LexborHTMLParser(html)
    assert tree.root is not None
    return {
        (str(node.tag), tuple(sorted(node.attributes)))
        for node in tree.root.traverse(include_text=False)
        if not str(node.tag).startswith("-")
    }


def of_card(card: str) -> Elements:
    return elements(MARKDOWN.render(card))


def spelled(value: Any, say: Callable[[str], str]) -> Any:
    """Return facts with every text in them replaced, except for the names that the pages look things up by."""
    if isinstance(value, str):
        return say(value)
    if isinstance(value, tuple | list):
        return type(value)(spelled(each, say) for each in value)
    if isinstance(value, Mapping):
        return {key: spelled(each, say) for key, each in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.replace(
            value, **{field.name: spelled(getattr(value, field.name), say) for field in dataclasses.fields(value)}
        )
    return value


@pytest.mark.parametrize("hostile", ALWAYS)
def test_the_cards_of_hostile_names_have_no_element_of_theirs(sample_facts: ReportFacts, hostile: str) -> None:
    check_card(sample_facts, hostile)


@given(hostile=HOSTILE)
@SETTINGS
def test_no_name_becomes_an_element_of_the_card(sample_facts: ReportFacts, hostile: str) -> None:
    check_card(sample_facts, hostile)


def check_card(facts: ReportFacts, hostile: str) -> None:
    """A class, a column, a file, a folder, a setting, whatever is text in the facts: all are so named."""

    def card(facts: ReportFacts, name: str) -> str:
        written = model_card(facts, title=name, openings=1)
        return with_rule(written, f"threshold for {name}", multi_label=False)

    expected = of_card(card(facts, "plain")) | {("code", ())}
    assert of_card(card(spelled(facts, lambda old: hostile), hostile)) <= expected
    assert of_card(card(spelled(facts, lambda old: old + hostile), "model" + hostile)) <= expected


@given(hostile=HOSTILE)
@SETTINGS
def test_no_name_or_text_becomes_an_element_of_the_report(sample_facts: ReportFacts, hostile: str) -> None:
    expected = elements(report_page(sample_facts, name="plain", openings=1, rule="plain"))
    for say in (lambda old: hostile, lambda old: old + hostile):
        facts = spelled(sample_facts, say)
        marks = [dataclasses.replace(each, text=each.text or " ") for each in facts.explained.mistakes]
        facts = dataclasses.replace(facts, explained=dataclasses.replace(facts.explained, mistakes=tuple(marks)))
        assert elements(report_page(facts, name=hostile, openings=2, rule=hostile)) <= expected | {("p", ("class",))}


def hostile_data(hostile: str) -> Dataset:
    texts = (
        [f"{hostile} {i} good film" for i in range(6)]
        + [f"{hostile} same"] * 3
        + [f"{i} bad {hostile}" for i in range(6)]
    )
    labels = np.array([0] * 8 + [1] * 7, np.int32)
    extra = pa.table({"other": pa.array([hostile] * len(texts))})
    return Dataset(pa.array(texts, pa.large_string()), labels, (f"a{hostile}z", f"b{hostile}z"), hostile, extra=extra)


@given(hostile=HOSTILE)
@settings(SETTINGS, max_examples=20)
def test_no_name_or_text_becomes_an_element_of_an_audit(hostile: str) -> None:
    def page(name: str) -> str:
        data = hostile_data(name)
        found = review(corpus_of({"train": data}), normalised=data.normalised, look_for_noise=False)
        return audit_page(found, name=name)

    more = {("details", ()), ("summary", ())}  # where there are more findings than ten of a kind
    assert elements(page(hostile)) <= elements(page("plain")) | more


@given(hostile=HOSTILE)
@settings(SETTINGS, max_examples=20)
def test_no_name_or_text_becomes_an_element_of_an_explanation(hostile: str) -> None:
    def page(name: str) -> Elements:
        data = hostile_data(name)
        model = NgramClassifier(n_max=1, min_texts=1).fit(data.texts, data.label_names())
        articles = [
            explanation_html(one, heading=name, asked_flip=False) for one in explain(model, data.texts.slice(0, 4))
        ]
        return elements(explanation_page(articles, title=name, note=name)) | elements(worst_mistakes(model, data, n=3))

    allowed = page("plain good bad") | {("span", ("class", "title")), ("span", ("class",)), ("p", ())}
    assert page(hostile) <= allowed


@given(st.text(max_size=40) | HOSTILE)
@settings(max_examples=300, deadline=None)
def test_markdown_renders_as_the_text_that_it_stands_for(text: str) -> None:
    from plaudit.report.visible import visible

    expected = " ".join(visible(text).split())
    shown = LexborHTMLParser(MARKDOWN.render(f"{plain(text)}\n")).text()
    assert " ".join(shown.split()) == expected
    in_code = LexborHTMLParser(MARKDOWN.render(f"a {code(text)} b\n"))
    assert [str(node.tag) for node in in_code.css("p *")] == ["code"]
    assert " ".join(in_code.css("code")[0].text().split()) == expected
    as_block = LexborHTMLParser(MARKDOWN.render(f"{block(text)}\n"))
    assert [str(node.tag) for node in as_block.css("body *")] == ["pre", "code"]
