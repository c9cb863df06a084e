"""An audit as one HTML page to read: no script, nothing from the network, light and dark, fit for a phone and paper.

The page holds texts of the data, so it is as private as they are. Whatever comes from the data is escaped, and a policy
in the page forbids scripts and loading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plaudit.audit import KINDS
from plaudit.report.drawing import MOST_NAMES, draw_counts
from plaudit.report.frame import Html, render

if TYPE_CHECKING:
    from plaudit.audit import Audit, Finding

_MOST_CARDS = 40  # of a kind
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
        name=name,
        parts=[{"name": part.name, "rows": len(part), "file": part.file} for part in corpus.parts],
        places=" ".join(_UNITS[unit] for unit in sorted({part.unit for part in corpus.parts})),
        kinds=[_describe_kind(audit, kind) for kind in KINDS if audit.of_kind(kind)],
        remarks=audit.remarks,
        without_noise=audit.without_noise,
        is_complete=audit.duplicates.is_complete,
        balance=Html(
            draw_counts(balance.classes, balance.counts.tolist(), balance.sizes.tolist(), title="Texts of each class")
        ),
        n_bars_left=max(len(balance.classes) - MOST_NAMES, 0),
    )


def _describe_kind(audit: Audit, kind: str) -> dict[str, Any]:
    found = audit.of_kind(kind)
    return {
        "id": kind.replace(" ", "-"),
        "title": KINDS[kind].title,
        "advice": KINDS[kind].advice,
        "gravity": audit.gravity(kind),
        "counts": audit.counts(kind),
        "share": audit.share(kind),
        "total": len(found),
        "left_out": len(found) > _MOST_CARDS,
        "cards": [_card(audit, finding) for finding in found[:_MOST_CARDS]],
    }


def _card(audit: Audit, finding: Finding) -> dict[str, Any]:
    other = None if finding.other is None else _row(audit, finding.other)
    return {**_row(audit, finding.row), "detail": finding.detail, "suggested": finding.suggested, "other": other}


def _row(audit: Audit, row: int) -> dict[str, str]:
    corpus = audit.corpus
    return {"place": corpus.where(row), "given": corpus.label_text(row), "text": corpus.texts[row].as_py()}
