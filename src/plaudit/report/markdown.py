"""Names and sentences as Markdown, so that whatever they hold is read as text: no tag, link, emphasis or table.

CommonMark (https://spec.commonmark.org, 2.4 and 6.1) lets a backslash stand before any mark of ASCII, and a code span
hold any run of backticks that is shorter than its own fence. This module knows nothing of models.
"""

from __future__ import annotations

import re

from plaudit.report.visible import visible

_MARKS = re.compile(r"[\\`*_\[\]|~#!^$]")
_TAGS = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_ADDRESS = re.compile(r"(?i)(?<=[a-z])://|\bwww\.|@")  # what GitHub makes a link of by itself
_BROKEN = {":": "&#58;", ".": "&#46;", "@": "&#64;"}


def plain(text: str) -> str:
    """Return a text on one line that renders as itself."""
    line = " ".join(visible(text).split())
    line = _MARKS.sub(r"\\\g<0>", re.sub(r"[<>&]", lambda match: _TAGS[match[0]], line))
    line = _ADDRESS.sub(lambda match: re.sub(r"[:.@]", lambda mark: _BROKEN[mark[0]], match[0]), line)
    # At the start of a line a number or a dash begins a list.
    return re.sub(
        r"^(?:([-+=])|(\d{1,9})(?=[.)](?:\s|$)))", lambda match: match[2] + "\\" if match[2] else f"\\{match[1]}", line
    )


def code(text: str) -> str:
    """Return a text as code on one line: between fences that are longer than any run of backticks in it."""
    line = " ".join(visible(text).split()) or " "
    fence = "`" * (_longest_run(line) + 1)
    is_padded = line.startswith("`") or line.endswith("`")
    return f"{fence} {line} {fence}" if is_padded or "`" in line else f"{fence}{line}{fence}"


def block(text: str) -> str:
    """Return lines as a block of code."""
    lines = "\n".join(visible(line) for line in text.splitlines())
    fence = "`" * max(3, _longest_run(lines) + 1)
    return f"{fence}\n{lines}\n{fence}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
