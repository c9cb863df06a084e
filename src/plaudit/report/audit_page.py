"""An audit as one HTML page to read: no script, nothing from the network, light and dark, fit for a phone and paper.

The page holds texts of the data, so it is as private as they are. Whatever comes from the data is escaped, and a policy
in the page forbids scripts and loading.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from plaudit.audit import KINDS
from plaudit.report.drawing import MOST_NAMES, draw_counts
from plaudit.report.frame import Html, render
from plaudit.report.visible import visible

if TYPE_CHECKING:
    from plaudit.audit import Audit, Finding

_MOST_CARDS = 100  # of a kind
_PAGE_CARDS = 10  # shown at once; the others open on a click
_MOST_ROWS = 4  # of a card that stands for a group
_CARD_BYTES = 1_000  # of the texts of a card, as HTML: a hundred cards are less than 200 kB
_LEAST_BYTES = 200  # of a text
_UNITS = {
    "line": "Places are lines of the file, counted from 1, the header too.",
    "row": "Places are rows, counted from 1.",
    "file": "Places are files.",
}


def audit_page(audit: Audit, *, name: str) -> str:
    """Return the page as HTML.

    Args:
        audit: What was found.
        name: What the data are called.

    Raises:
        MissingExtraError: Jinja is not installed.
    """
    corpus = audit.corpus
    balance = audit.balance
    return render(
        "audit",
        f"Audit of {name}",
        extra="audit",
        style=_filters(len(corpus.parts)),
        name=name,
        parts=[{"name": part.name, "rows": len(part), "file": part.file} for part in corpus.parts],
        places=" ".join(_UNITS[unit] for unit in sorted({part.unit for part in corpus.parts})),
        kinds=[_describe_kind(audit, kind) for kind in KINDS if audit.of_kind(kind)],
        part_names=[part.name for part in corpus.parts],
        remarks=audit.remarks,
        without_noise=audit.without_noise,
        is_complete=audit.duplicates.is_complete,
        balance=Html(
            draw_counts(
                balance.classes,
                balance.counts.tolist(),
                balance.sizes.tolist(),
                title="Texts of each class",
                parts=[part.name for part in corpus.parts],
            )
        ),
        n_bars_left=max(len(balance.classes) - MOST_NAMES, 0),
    )


def _filters(n_parts: int) -> str:
    """Return the CSS that hides what was not chosen: the page has no script."""
    kinds = [kind.replace(" ", "-") for kind in KINDS]
    lines = [f"body:has(#k-{kind}:checked) .kind:not(.k-{kind}) {{ display: none; }}" for kind in kinds]
    lines += [f"body:has(#p-{i}:checked) .cards > li:not(.p{i}) {{ display: none; }}" for i in range(n_parts)]
    return "@media screen {\n" + "\n".join(lines) + "\n}\n"


def _describe_kind(audit: Audit, kind: str) -> dict[str, Any]:
    found = audit.of_kind(kind)
    groups = _groups(found)
    cards = [_card(audit, members) for members in groups[:_MOST_CARDS]]
    return {
        "id": kind.replace(" ", "-"),
        "title": KINDS[kind].title,
        "advice": KINDS[kind].advice,
        "gravity": audit.gravity(kind),
        "counts": audit.counts(kind),
        "share": audit.share(kind),
        "total": len(found),
        "n_groups": len(groups),
        "first": cards[:_PAGE_CARDS],
        "pages": [cards[i : i + _PAGE_CARDS] for i in range(_PAGE_CARDS, len(cards), _PAGE_CARDS)],
        "left_out": len(groups) > _MOST_CARDS,
    }


def _groups(found: Sequence[Finding]) -> list[list[Finding]]:
    """Return findings that are about the same rows together, in the order of the first of each."""
    groups: dict[object, list[Finding]] = {}
    for finding in found:
        key = finding.row if finding.group is None else ("group", finding.group)
        groups.setdefault(key, []).append(finding)
    return list(groups.values())


def _card(audit: Audit, members: Sequence[Finding]) -> dict[str, Any]:
    """Return a card: one row with what was found, or the rows of a group, each once."""
    first = members[0]
    numbers = list(dict.fromkeys(row for each in members for row in (each.other, each.row) if row is not None))
    rows = sorted(numbers) if first.group is not None else numbers
    texts: dict[str, dict[str, Any]] = {}  # rows with the same text share it
    shown = rows[:_MOST_ROWS]
    for row in shown:
        text = audit.corpus.texts[row].as_py()
        texts.setdefault(text, {"rows": [], "text": text})["rows"].append(_row(audit, row))
    most = max(_CARD_BYTES // len(texts), _LEAST_BYTES)
    passages = [{**each, **_cut(each["text"], most)} for each in texts.values()]
    return {
        "passages": passages,
        "parts": sorted({audit.corpus.parts[int(audit.corpus.part_of[row])].name for row in rows}),
        "detail": first.detail if len(rows) == 1 or first.group is None else _detail(first),
        "suggested": first.suggested,
        "more": len(rows) - len(shown),
    }


def _detail(finding: Finding) -> str:
    """Return what is said of a group: how alike, or how it is labelled, without the place that the card shows."""
    return finding.detail.partition("; the other way")[0] if finding.kind.endswith("conflict") else ""


def _row(audit: Audit, row: int) -> dict[str, str]:
    corpus = audit.corpus
    return {"place": corpus.where(row), "given": corpus.label_text(row)}


def _cut(text: str, most_bytes: int) -> dict[str, Any]:
    """Return the beginning of a text that takes so many bytes as HTML, and how many characters are left out."""
    taken = 0
    for i, letter in enumerate(text):
        taken += len(html.escape(visible(letter)).encode("utf-8", "replace"))
        if taken > most_bytes:
            return {"text": text[:i], "left_out": len(text) - i}
    return {"text": text, "left_out": 0}
