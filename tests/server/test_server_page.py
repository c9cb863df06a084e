"""The page in a real browser: type, read the verdict, drop a file; by keyboard, on a phone, without a network."""

import csv
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import Running, serving

from browsing import axe_findings

playwright = pytest.importorskip("playwright.sync_api", reason="needs the extra serve-tests")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (on Debian: apt-get install chromium)"),
]
KEY = "a-key-of-many-letters"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A tab that may reach the loopback address alone, and in which nothing may go wrong unseen."""
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    page = context.new_page()
    elsewhere: list[str] = []
    faults: list[str] = []

    def only_here(route: Any) -> None:
        if route.request.url.startswith("http://127.0.0.1:"):
            route.continue_()
        else:
            elsewhere.append(route.request.url)
            route.abort()

    page.route("**/*", only_here)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
    yield page
    context.close()
    assert (elsewhere, faults) == ([], [])


def type_and_wait(page: Any, text: str, verdict: str) -> str:
    page.fill("#text", text)
    # Locators, not `wait_for_function`: that one polls with eval, which the page's own policy forbids.
    answer = playwright.expect(page.locator("#answer:not(.stale):not([hidden]) #verdict"))
    answer.to_have_text(re.compile("^" + re.escape(verdict)), use_inner_text=True, timeout=10_000)
    return str(page.inner_text("#verdict"))


def wait_for_the_model(page: Any) -> None:
    playwright.expect(page.locator("#about")).not_to_be_empty()


def test_the_verdict_follows_as_one_types(page: Any, alone: Running) -> None:
    page.goto(alone.url)
    assert type_and_wait(page, "joy joy warm film", "liked").startswith("liked, ")
    expected = alone.predict("joy joy warm film")["predictions"][0]["probabilities"]["liked"]
    assert page.inner_text("#verdict") == f"liked, {100 * expected:.1f} %"
    type_and_wait(page, "joy 😀 grim dull grim dull film", "panned")
    words = page.eval_on_selector_all("#shares span", "all => all.map(one => [one.textContent, one.className])")
    assert [word for word, _ in words] == ["joy", "😀", "grim", "dull", "grim", "dull", "film"]
    assert dict(words)["grim"] == "for"  # the second class, panned
    assert "speaks for panned or for liked" in page.inner_text("#legend")
    assert page.inner_text("#shares") == "joy 😀 grim dull grim dull film"
    page.click("summary")
    assert page.locator("#rows tr").count() == 7
    assert "panned" in page.inner_text("#rows tr:first-child")
    assert page.get_attribute("#verdict", "aria-live") == "polite"
    page.click("#clear")
    assert page.is_hidden("#answer")
    assert page.evaluate("document.activeElement.id") == "text"


def test_the_keyboard_alone_will_do(page: Any, running: Running) -> None:
    page.goto(running.url)
    page.wait_for_selector("#pick:visible")
    reached = []
    for _ in range(4):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert reached == ["skip", "model", "text", "file"]
    page.focus("#model")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("warm joy film")
    page.wait_for_selector("#bars .is-answer")
    assert page.inner_text("#verdict").startswith("class ")
    page.focus("summary")
    page.keyboard.press("Enter")
    page.wait_for_selector("#rows tr:visible")


def test_no_answer_and_sets_are_said_in_words(page: Any, running: Running) -> None:
    page.goto(running.url)
    page.wait_for_selector("#pick:visible")
    page.select_option("#model", "unsure")
    type_and_wait(page, "film", "No answer; the most probable is ")
    page.select_option("#model", "moods")
    said = type_and_wait(page, "joy joy warm warm film", "calm")
    assert "; glad, " in said
    assert page.inner_text("#about").startswith("Model moods: any of calm, glad, sad.")


def test_a_file_that_is_dropped_is_scored(page: Any, alone: Running, tmp_path: Path) -> None:
    page.goto(alone.url)
    wait_for_the_model(page)
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(['text,n\\n"joy, joy",1\\ngrim dull,2\\n'], "mine.csv", {type: "text/csv"}));
            const drop = document.querySelector("#drop");
            drop.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
        }"""
    )
    page.wait_for_selector("#download:visible")
    assert page.inner_text("#file-state") == "2 rows scored; the first 2 are below."
    cells = page.eval_on_selector_all("#preview td", "all => all.map(one => one.textContent)")
    assert cells[:3] == ["joy, joy", "1", "liked"]
    with page.expect_download() as started:
        page.click("#download")
    path = tmp_path / "scored.csv"
    started.value.save_as(path)
    assert started.value.suggested_filename == "mine-scored.csv"
    with path.open(encoding="utf-8", newline="") as file:
        assert [row["prediction"] for row in csv.DictReader(file)] == ["liked", "panned"]


def test_a_file_that_cannot_be_read_is_said(page: Any, alone: Running, tmp_path: Path) -> None:
    page.goto(alone.url)
    for name, content, message in (
        ("a.csv", b"", "The file: the file is empty"), ("a.xlsx", b"PK", "a.xlsx: expected a file that ends in .csv")
    ):  # fmt: skip
        (tmp_path / name).write_bytes(content)
        page.set_input_files("#file", tmp_path / name)
        playwright.expect(page.locator("#file-problem")).to_have_text(re.compile("^" + re.escape(message)))


def test_an_error_is_shown_in_words(page: Any, alone: Running) -> None:
    page.goto(alone.url)
    wait_for_the_model(page)
    page.fill("#text", "joy " * 30_000)
    page.wait_for_selector("#problem:visible")
    assert page.inner_text("#problem") == "A text has 120,000 characters; at most 100,000 are accepted."
    type_and_wait(page, "joy", "liked")
    assert page.is_hidden("#problem")


def test_a_phone_shows_it_whole(browser: Any, alone: Running) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, color_scheme="dark")
    page = context.new_page()
    page.goto(alone.url)
    type_and_wait(page, "joy joy warm film " + "averylongword" * 20, "liked")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_a_key_is_asked_for(page: Any, folders: dict[str, Path]) -> None:
    with serving({"reviews": folders["reviews"]}, keys=(KEY,)) as locked:
        page.goto(locked.url)
        page.wait_for_selector("#key-form:visible")
        assert page.inner_text("#problem") == "The server asks for an API key."
        page.fill("#key", KEY)
        page.keyboard.press("Enter")
        page.wait_for_selector("#key-form", state="hidden")
        type_and_wait(page, "joy joy", "liked")


def test_the_placeholder_is_made_of_the_models_classes(page: Any, alone: Running) -> None:
    page.goto(alone.url)
    wait_for_the_model(page)
    assert page.get_attribute("#text", "placeholder") == "A text to answer with one of: liked, panned"


def test_axe_core_finds_nothing(browser: Any, alone: Running) -> None:
    pytest.importorskip("axe_playwright_python", reason="needs the extra serve-tests")
    assert axe_findings(browser, alone.url, ready="#about:not(:empty)") == []
