"""What is wrong with texts by themselves."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.audit.texts import check_texts


def faults(*texts: str) -> dict[str, dict[int, str]]:
    """Return row and detail of each kind that was found."""
    found = check_texts(pa.array(texts, pa.large_string()))
    return {each.kind: dict(zip(each.rows.tolist(), each.details, strict=True)) for each in found if len(each.rows)}


def test_a_sound_text_has_no_fault() -> None:
    sound = ("A fine film.", "Ça, c'était très bien – vraiment…", "好看！", "НÃO É Ã à â", "5 € à Âge")
    marks = ("a < b and c > d", "AT&T; R&B", "x <3 y", "😀", "10/10", "★★★★", "line\nline\tend\r\n")
    assert faults(*sound, *marks) == {}


def test_no_text_is_told_from_a_text_that_says_nothing() -> None:
    found = faults("", " \n", "...", "?!", "fine")
    assert found == {
        "empty": {0: "no text", 1: "no text"},
        "no letters": {2: "no letter, digit or symbol", 3: "no letter, digit or symbol"},
    }


@settings(deadline=None)
@given(st.text(st.characters(min_codepoint=0xA0, max_codepoint=0x3FF, categories=["L"]), min_size=1, max_size=8))
def test_utf8_read_as_windows_1252_is_found_and_read_again(meant: str) -> None:
    misread = "".join(bytes([b]).decode("cp1252", errors="ignore") or chr(b) for b in meant.encode())
    (detail,) = faults(f"un {misread} film")["wrongly decoded"].values()
    assert detail == f"{misread} for {meant}"


@pytest.mark.parametrize(
    ("text", "detail"), [("donâ€™t", "â€™ for ’"), ("ä½ å¥½", "å¥½ for 好"), ("ðŸ˜€", "ðŸ˜€ for 😀")]
)
def test_longer_sequences_too(text: str, detail: str) -> None:
    assert faults(text)["wrongly decoded"] == {0: detail}


def test_a_character_that_was_lost() -> None:
    assert faults("caf\ufffd")["wrongly decoded"] == {0: "U+FFFD, a character that could not be decoded"}


def test_control_characters_are_named_but_tabs_and_line_ends_are_none() -> None:
    assert faults("a\x85b\x07", "a\tb\r\n") == {"control characters": {0: "U+0085"}}


@pytest.mark.parametrize("left", ["<br />", "</p>", '<a href="x">', "&amp;", "&#39;", "&#x27;", "<BR>"])
def test_html_is_named(left: str) -> None:
    assert faults(f"good {left} film")["html"] == {0: left}


def test_lengths_far_from_the_middle() -> None:
    texts = [" ".join(["word"] * n) for n in (8, 9, 10, 10, 11, 12, 9, 10, 500)]
    assert faults(*texts)["outlying length"] == {8: "500 words; 10 is the middle"}
    assert "outlying length" not in faults(*["one two"] * 8, "word " * 500)  # nothing to compare with: all alike
