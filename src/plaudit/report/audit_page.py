"""An audit as one HTML page to read: no script, nothing from the network, light and dark, fit for a phone and paper.

The page holds texts of the data, so it is as private as they are. Whatever comes from the data is escaped, and a policy
in the page forbids scripts and loading.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any

from plaudit.audit import KINDS
from plaudit.errors import require
from plaudit.report.visible import visible

if TYPE_CHECKING:
    from plaudit.audit import Audit, Finding

_MOST_CARDS = 40  # of a kind
_MOST_CLASSES = 20
_BAR_WIDTH = 230.0
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
    jinja2 = require("jinja2", extra="audit", purpose="Writing the page")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    source = resources.files("plaudit.report").joinpath("templates", "audit.html").read_text(encoding="utf-8")
    corpus = audit.corpus
    page: str = environment.from_string(source).render(
        name=name,
        parts=[{"name": part.name, "rows": len(part), "file": part.file} for part in corpus.parts],
        places=" ".join(_UNITS[unit] for unit in sorted({part.unit for part in corpus.parts})),
        kinds=[_describe_kind(audit, kind) for kind in KINDS if audit.of_kind(kind)],
        remarks=audit.remarks,
        without_noise=audit.without_noise,
        is_complete=audit.duplicates.is_complete,
        bars=_bars(audit),
    )
    return page


def _describe_kind(audit: Audit, kind: str) -> dict[str, Any]:
    found, counts = audit.of_kind(kind), audit.counts(kind)
    share = 100 * max(n / max(len(part), 1) for n, part in zip(counts, audit.corpus.parts, strict=True))
    return {
        "id": kind.replace(" ", "-"),
        "title": KINDS[kind].title,
        "advice": KINDS[kind].advice,
        "gravity": audit.gravity(kind),
        "counts": counts,
        "share": f"{share:.1f} %" if share >= 0.05 else "<0.1 %",
        "total": len(found),
        "left_out": len(found) > _MOST_CARDS,
        "cards": [_card(audit, finding) for finding in found[:_MOST_CARDS]],
    }


def _card(audit: Audit, finding: Finding) -> dict[str, Any]:
    other = None if finding.other is None else _row(audit, finding.other)
    return {**_row(audit, finding.row), "detail": finding.detail, "suggested": finding.suggested, "other": other}


def _row(audit: Audit, row: int) -> dict[str, str]:
    corpus = audit.corpus
    return {"place": corpus.where(row), "given": corpus.label_text(row), "text": visible(corpus.texts[row].as_py())}


def _bars(audit: Audit) -> dict[str, Any]:
    """Return the drawing of the class counts: for each class a bar a part, as long as its share of the part's texts."""
    balance = audit.balance
    order = sorted(range(len(balance.classes)), key=lambda c: (-int(balance.counts[0][c]), c))
    shares = balance.counts / balance.sizes.clip(1)[:, None]
    longest = max(float(shares.max(initial=0)), 1e-9)
    rows, y = [], 4
    for c in order[:_MOST_CLASSES]:
        for part in range(len(balance.parts)):
            count, share = int(balance.counts[part][c]), float(shares[part][c])
            rows.append(
                {
                    "name": _short(balance.classes[c]) if part == 0 else "",
                    "y": y,
                    "width": round(_BAR_WIDTH * share / longest, 1),
                    "label": f"{count:,} ({100 * share:.1f} %)",
                    "is_train": part == 0,
                }
            )
            y += 18
        y += 6
    words = "; ".join(f"{balance.classes[c]} {int(balance.counts[0][c]):,}" for c in order[:_MOST_CLASSES])
    return {"rows": rows, "height": y + 2, "words": words, "left_out": max(len(order) - _MOST_CLASSES, 0)}


def _short(name: str, most: int = 16) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
