"""What all pages have: one head, a policy that forbids scripts and loading, a style for light, dark, narrow and paper.

A page is a template of its own, `templates/NAME.html`, with its own style, `templates/NAME.css`, inside
`templates/page.html`. Whatever comes from the data is escaped, and what cannot be seen is written out.
"""

from __future__ import annotations

import functools
import html
from collections.abc import Callable
from importlib import resources
from string import Template
from types import ModuleType
from typing import Any

from plaudit.errors import require
from plaudit.report.drawing import mark, shorten
from plaudit.report.visible import visible


class Html(str):
    """A string that is HTML already, and so is not escaped."""

    __slots__ = ()

    def __html__(self) -> str:
        """Return it, as Jinja asks whether there is nothing to escape."""
        return str(self)


def frame(title: str, *, style: str, body: str) -> str:
    """Return a whole page, given its plain title, further CSS and the HTML of its body."""
    page = Template(template("page.html"))
    return page.substitute(title=html.escape(visible(title)), drawing=template("drawing.css"), style=style, body=body)


def render(name: str, title: str, /, *, extra: str, style: str = "", **values: object) -> str:
    """Return a template as a whole page.

    Args:
        name: The template's, such as "report".
        title: Plain text.
        extra: What to install where Jinja is missing.
        style: CSS that stands before the template's own.
        values: What the template names. A string is plain text; what is HTML already is `Html`.

    Raises:
        MissingExtraError: Jinja is not installed.
    """
    jinja2 = require("jinja2", extra=extra, purpose=f"Writing the {name}")
    body = _compiled(jinja2, name).render(**values)
    return frame(title, style=style + template(f"{name}.css"), body=body)


@functools.cache
def _compiled(jinja2: ModuleType, name: str) -> Any:  # Any: a template of Jinja's
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_finalize
    )
    environment.filters |= _FILTERS
    return environment.from_string(template(f"{name}.html"))


def template(name: str) -> str:
    """Return a file of `templates`."""
    return resources.files("plaudit.report").joinpath("templates", name).read_text(encoding="utf-8")


def _finalize(value: Any) -> Any:  # Any: whatever the page prints
    return visible(value) if type(value) is str else value  # not Html or Markup, which are ready


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"


def _mark(kind: str) -> Html:
    return Html(mark(kind))


_FILTERS: dict[str, Callable[..., str]] = {"n": _number, "short": shorten, "mark": _mark}
