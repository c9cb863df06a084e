"""The page is whole, loads nothing, obeys nothing in the data, and says things in order."""

from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest

from plaudit.report import ReportFacts, report_page
from plaudit.report.drawing import Bars, Row, draw_bars, draw_curves, draw_whiskers, shorten
from plaudit.report.facts import ClassFigures, ClassWordsFacts, Confused, Figure, MarkFacts, Mistake, WordFacts
from plaudit.report.page import whisker_rows

pytest.importorskip("jinja2", reason="the page needs the extra train")
HOSTILE = '<script>alert(1)</script>"><img src=http://x.example/y onerror=z>\x1b\u202e{{7*7}}'
VOID = {"meta", "br", "img", "link", "input"}


class Page(HTMLParser):
    """Every tag closes in order; what would load something is kept."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[int] = []
        self.words = ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert not [name for name in given if name.startswith("on")]
        self.tags.append(tag)
        self.loads += [f"{tag} {name}" for name in ("src", "srcset", "data", "xlink:href", "action") if name in given]
        if "href" in given:
            self.links.append(str(given["href"]))
        if "id" in given:
            self.ids.append(str(given["id"]))
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def page(facts: ReportFacts, *, openings: int = 1, rule: str | None = None, name: str = "my model") -> Page:
    return Page(report_page(facts, name=name, openings=openings, rule=rule))


def test_the_page_is_whole_and_loads_nothing(sample_facts: ReportFacts) -> None:
    found = page(sample_facts)
    assert found.loads == []
    assert not {"script", "iframe", "object", "embed", "link", "img", "form"} & set(found.tags)
    assert all(link.startswith("#") and link[1:] in found.ids for link in found.links)
    assert len(set(found.ids)) == len(found.ids)
    text = report_page(sample_facts, name="m", openings=1, rule=None)
    assert '<html lang="en">' in text
    assert "default-src 'none'; style-src 'unsafe-inline'" in text
    assert "url(" not in text
    assert "@import" not in text
    assert "http" not in text.replace("http-equiv", "")


def test_headings_are_in_order_and_drawings_are_named(sample_facts: ReportFacts) -> None:
    found = page(sample_facts)
    assert found.headings[0] == 1
    assert found.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(found.headings, found.headings[1:], strict=False))
    text = report_page(sample_facts, name="m", openings=1, rule=None)
    n_drawings = text.count('role="img"')
    assert n_drawings == text.count("<title>") - 1 == text.count("<desc>")
    assert n_drawings == 5 + len(sample_facts.test.divisions)
    assert text.count("<table") == text.count("<caption")
    assert "This page shows texts and words of the data" in found.words


def test_the_page_says_how_often_the_test_was_opened(sample_facts: ReportFacts) -> None:
    assert "had been opened once when" in page(sample_facts).words
    assert "had been opened 4 times when" in page(sample_facts, openings=4).words
    assert "the second class above 0.7" in page(sample_facts, rule="the second class above 0.7").words


def test_nothing_from_the_data_is_obeyed(sample_facts: ReportFacts) -> None:
    test, explained, run = sample_facts.test, sample_facts.explained, sample_facts.run
    classes = (HOSTILE, "b")
    figure = Figure(0.5)
    facts = replace(
        sample_facts,
        classes=classes,
        test=replace(
            test,
            guessed=(HOSTILE,),
            undivided=(HOSTILE,),
            measured=replace(
                test.measured,
                classes=tuple(ClassFigures(name, 30, figure, figure, figure) for name in classes),
                confused=(Confused(HOSTILE, "b", 3),),
            ),
            divisions=tuple(
                replace(each, by=HOSTILE, slices=tuple(replace(one, name=HOSTILE) for one in each.slices))
                for each in test.divisions
            ),
        ),
        explained=replace(
            explained,
            words=(ClassWordsFacts(HOSTILE, 3, (WordFacts(HOSTILE, 1.0, 2),)),),
            mistakes=(
                Mistake(HOSTILE, HOSTILE, HOSTILE, 0.5, HOSTILE, (True, True), (MarkFacts(0, 8, 1.0, 3, True, True),)),
            ),
            notes=(HOSTILE,),
        ),
        run=replace(run, source=HOSTILE, story=HOSTILE, summary=HOSTILE, settings={HOSTILE: HOSTILE}),
        audit=replace(sample_facts.audit, command=HOSTILE),
    )
    found = page(facts, name=HOSTILE, rule=HOSTILE)
    assert found.loads == []
    assert not {"script", "img"} & set(found.tags)
    assert "{{7*7}}" in found.words
    text = report_page(facts, name=HOSTILE, openings=1, rule=None)
    assert "\x1b" not in text
    assert "[U+001B]" in text


def test_many_classes_get_lists_in_the_place_of_a_matrix(sample_facts: ReportFacts) -> None:
    names = tuple(f"class number {i}" for i in range(150))
    some = Figure(0.5, 0.4, 0.6)
    measured = replace(
        sample_facts.test.measured,
        classes=tuple(ClassFigures(name, i, some, some, Figure(i / 150)) for i, name in enumerate(names)),
        matrix=(),
        confused=(Confused(names[3], names[4], 9),),
    )
    facts = replace(
        sample_facts,
        classes=names,
        parts=tuple(replace(part, counts=tuple(range(150))) for part in sample_facts.parts),
        test=replace(sample_facts.test, measured=measured),
        explained=replace(
            sample_facts.explained,
            words=tuple(ClassWordsFacts(name, 3, (WordFacts("w", 1.0, 2),)) for name in names[:40]),
        ),
    )
    found = page(facts)
    assert "The most frequent confusions" in found.words
    assert "The 20 classes with the lowest F1; all 150" in found.words
    assert "130 classes with fewer training texts are left out" in found.words
    assert "true \\ answered" not in found.words


def test_a_page_without_epochs_words_and_findings(sample_facts: ReportFacts) -> None:
    bare = replace(
        sample_facts,
        curves=None,
        explained=replace(sample_facts.explained, words=(), mistakes=(), n_wrong=0, notes=("No words are marked.",)),
        audit=replace(sample_facts.audit, findings=(), remarks=()),
        test=replace(sample_facts.test, divisions=()),
    )
    found = page(bare)
    assert "by epoch" not in found.words
    assert "There are none to show." in found.words
    assert "Nothing was found in single rows." in found.words


def test_drawings_take_what_there_is() -> None:
    assert "NaN" not in draw_curves([None, 0.5, float(10**9)], [], name="Loss", kept=9)
    assert "by epoch" in draw_curves([None], [None], name="Loss", kept=None)
    assert draw_whiskers([Row("a", 1.0), Row("b", 1.0, 1.0, 1.0)], title="t").count("<circle") == 2
    assert 'width="0.0"' in draw_bars([Bars("a<b", [0.0, 0.0], ["0", "0"])], title="t")
    assert "a&lt;b" in draw_bars([Bars("a<b", [0.0], ["0"])], title="t")


def test_long_names_are_cut_by_their_width() -> None:
    assert shorten("x" * 50, 10) == "x" * 10 + "…"
    assert shorten("好" * 50, 10) == "好" * 5 + "…"
    assert shorten("a\n b\x07", 20) == "a b[U+0007]"


def test_the_chance_level_is_that_of_the_texts_a_figure_is_of(sample_facts: ReportFacts) -> None:
    test = sample_facts.test
    figure = Figure(0.9, 0.8, 0.95)
    classes = tuple(ClassFigures(name, n, figure, figure, figure) for name, n in zip("ab", (30, 10), strict=True))
    validation = replace(sample_facts.validation, n=40, classes=classes, guess=None)
    facts = replace(sample_facts, validation=validation, test=replace(test, guessed=("a",), guess=0.6, crossed=None))
    rows = {each.name: each.reference for each in whisker_rows(facts)}
    assert (rows.pop("accuracy"), rows.pop("accuracy, validation")) == (0.6, 0.75)
    assert set(rows.values()) == {None}  # of no other figure is it the chance level


def test_the_page_says_when_it_was_trained(sample_facts: ReportFacts) -> None:
    facts = replace(sample_facts, run=replace(sample_facts.run, date="2026-01-31"))
    text = report_page(facts, name="m", openings=1, rule=None, measured_on=None)
    assert "on 2026-01-31 (UTC)." in text
    facts = replace(facts, test=replace(facts.test, what="other.csv"))
    text = report_page(facts, name="m", openings=1, rule=None, measured_on=date(2026, 2, 3))
    assert "Measured on <bdi>other.csv</bdi> on 2026-02-03 (UTC)." in text
    old = replace(sample_facts, run=replace(sample_facts.run, date=None))
    assert "(UTC)" not in report_page(old, name="m", openings=1, rule=None)
