"""Plots as inline SVG: vector, in the page's own colours, so that they follow light, dark and paper.

A drawing is 360 units wide, the width of a phone, so that its letters are legible there; wider pages set drawings side
by side. Two series differ in shape as well as in colour. Colours are CSS variables (`templates/drawing.css`; Okabe and
Ito's, https://jfly.uni-koeln.de/color/, which colour-blind readers distinguish), the text is the page's. A drawing
stands in a page, or with its title and key in a file of its own (`as_file`). Nothing here knows what the numbers mean.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

from plaudit.report.visible import visible

WIDTH = 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 14, 34  # margins of a plot with two axes
_ROW = 38  # height of a row of dots or bars: a line of text, and the mark below it
_MOST_LETTERS = 34
MOST_NAMES = 20  # of `draw_counts`
PARTS = ("train", "validation", "test")  # each has one colour in every plot


@dataclass(frozen=True)
class Row:
    """A line of a dot-and-whisker plot.

    Attributes:
        name: What it is.
        value: From 0 to 1.
        low: Its interval's lower end; None for none.
        high: The upper one.
        part: One of `PARTS`.
        reference: What to compare it with, drawn as a dashed line; None for nothing.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    part: str = "test"
    reference: float | None = None


@dataclass(frozen=True)
class Bars:
    """A group of bars: what they are of, their lengths (any unit), and what stands beside each."""

    name: str
    lengths: Sequence[float]
    notes: Sequence[str]


@dataclass(frozen=True)
class Point:
    """A point with a vertical interval, None for none."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None


def shorten(text: str, most: int = _MOST_LETTERS) -> str:
    """Return a text on one line, cut to `most` letters; a wide letter (Han, kana, Hangul) counts two."""
    line, width = " ".join(visible(text).split()), 0
    for i, letter in enumerate(line):
        width += 2 if east_asian_width(letter) in "WF" else 1
        if width > most:
            return line[:i] + "…"
    return line


def draw_whiskers(rows: Sequence[Row], *, title: str, meaning: str = "") -> str:
    """Return values with their intervals, one below the other, on one scale from 0 or above to 1 at most.

    Args:
        rows: One or more, each from 0 to 1.
        title: What is drawn, for those who do not see it.
        meaning: What the rows' references are.
    """
    ends = [end for row in rows for end in (row.value, row.low, row.high, row.reference) if end is not None]
    low, high = _frame(ends, least=0.0, most=1.0)
    scale = _Scale(low, high, 6, WIDTH - 6)
    height = _ROW * len(rows) + 26
    body = [_vertical(scale(tick), 4, height - 20, "grid") for tick in scale.ticks()]
    body += [_text(scale(tick), height - 6, f"{tick:g}", "middle soft") for tick in scale.ticks()]
    for i, row in enumerate(rows):
        top, middle = i * _ROW + 15, i * _ROW + 27
        if row.reference is not None:  # beside each mark, not through the words above it
            body.append(_vertical(scale(row.reference), middle - 7, middle + 7, "reference"))
        span = "" if row.low is None or row.high is None else f" ({row.low:.3f} to {row.high:.3f})"
        body.append(_text(4, top, shorten(row.name, 26), "start"))
        body.append(_text(WIDTH - 4, top, f"{row.value:.3f}{span}", "end"))
        if row.low is not None and row.high is not None:
            kind = f"whisker {row.part}"
            body.append(_line(scale(row.low), middle, scale(row.high), middle, kind))
            body += [_line(scale(x), middle - 4, scale(x), middle + 4, kind) for x in (row.low, row.high)]
        body.append(f'<circle class="dot {row.part}" cx="{scale(row.value):.1f}" cy="{middle}" r="4.5"></circle>')
    words = "; ".join(f"{row.name} {row.value:.3f}" for row in rows)
    return _svg(height, title, words + (f"; the dashed line is {meaning}" if meaning else ""), body)


def draw_bars(groups: Sequence[Bars], *, title: str, parts: Sequence[str] = ()) -> str:
    """Return groups of bars, one below the other; those of `PARTS` differ in colour and edge, others are plain."""
    kinds = [f"bar {part}" if part in PARTS else "bar" for part in parts]
    longest = max([length for group in groups for length in group.lengths] + [1e-9])
    body, y = [], 0
    for group in groups:
        body.append(_text(4, y + 15, shorten(group.name), "start"))
        y += 20
        for i, (length, note) in enumerate(zip(group.lengths, group.notes, strict=True)):
            width, kind = 210 * length / longest, kinds[i] if kinds else "bar"
            body.append(f'<rect class="{kind}" x="4" y="{y + 1}" width="{width:.1f}" height="11"></rect>')
            body.append(_text(4 + width + 6, y + 11, note, "start soft"))
            y += 15
        y += 5
    words = "; ".join(f"{group.name}: {', '.join(group.notes)}" for group in groups)
    return _svg(y + 2, title, words, body)


def draw_counts(
    names: Sequence[str],
    counts: Sequence[Sequence[int]],
    sizes: Sequence[int],
    *,
    title: str,
    parts: Sequence[str] = (),
) -> str:
    """Return a bar for each name and part, as long as the count's share of the part; at most `MOST_NAMES` names.

    Args:
        names: N names; those with the greatest counts in the first part come first.
        counts: For each part N counts.
        sizes: Of what each part's counts are shares.
        title: What is drawn.
        parts: The parts' names, which give the bars their colours.
    """
    groups = []
    for i in sorted(range(len(names)), key=lambda i: (-counts[0][i], i))[:MOST_NAMES]:
        of_parts = [(part[i], part[i] / max(size, 1)) for part, size in zip(counts, sizes, strict=True)]
        notes = [f"{n:,} ({100 * share:.1f} %)" for n, share in of_parts]
        groups.append(Bars(names[i], [share for _, share in of_parts], notes))
    return draw_bars(groups, title=title, parts=parts)


def draw_curves(
    training: Sequence[float | None], validation: Sequence[float | None], *, name: str, kept: int | None
) -> str:
    """Return a figure by epoch: training as dots, validation as a line, and the epoch that was kept.

    Args:
        training: One value an epoch, None where it was no finite number.
        validation: Likewise, or empty.
        name: What the figure is called.
        kept: The epoch (from 1) whose weights the model has.
    """
    known = [value for value in (*training, *validation) if value is not None]
    n, height = len(training), 230
    low, high = _frame(known or [0.0, 1.0], least=0.0, most=math.inf)
    x, y = _Scale(0.5, n + 0.5, _LEFT, WIDTH - _RIGHT), _Scale(low, high, height - _BOTTOM, _TOP)
    body = _axes(x, y, [e for e in range(1, n + 1) if (e - 1) % math.ceil(n / 8) == 0], "epoch", height)
    if kept is not None and kept <= n:
        body.append(_vertical(x(kept), _TOP, height - _BOTTOM, "reference"))
    points = [(x(i + 1), y(value)) for i, value in enumerate(validation) if value is not None]
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
    body.append(f'<polyline class="second" points="{path}"></polyline>')
    body += [f'<rect class="square" x="{a - 3:.1f}" y="{b - 3:.1f}" width="6" height="6"></rect>' for a, b in points]
    body += [
        f'<circle class="dot train" cx="{x(i + 1):.1f}" cy="{y(value):.1f}" r="4"></circle>'
        for i, value in enumerate(training)
        if value is not None
    ]
    last = [f"{word} {values[-1]:.4f}" for word, values in (("training", training), ("validation", validation))
            if values and values[-1] is not None]  # fmt: skip
    return _svg(height, f"{name} by epoch", f"{n} epochs; at the last one {', '.join(last) or 'no number'}", body)


def draw_reliability(points: Sequence[Point], raw: Sequence[Point], *, title: str, across: str, up: str) -> str:
    """Return what was said beside what came true: points with intervals, and hollow squares for the raw answers."""
    ends = [value for each in (*points, *raw) for value in (each.x, each.y)]
    least, most = _frame(ends, least=0.0, most=1.0)
    height = 340
    x, y = _Scale(least, most, _LEFT, WIDTH - _RIGHT), _Scale(least, most, height - _BOTTOM, _TOP)
    body = _axes(x, y, x.ticks(), across, height)
    body.append(_line(x(least), y(least), x(most), y(most), "reference"))
    for each in raw:
        body.append(
            f'<rect class="hollow" x="{x(each.x) - 4:.1f}" y="{y(each.y) - 4:.1f}" width="8" height="8"></rect>'
        )
    for each in points:
        if each.low is not None and each.high is not None:
            ends_y = (y(max(each.low, least)), y(min(each.high, most)))
            body.append(_line(x(each.x), ends_y[0], x(each.x), ends_y[1], "whisker"))
        body.append(f'<circle class="dot" cx="{x(each.x):.1f}" cy="{y(each.y):.1f}" r="4.5"></circle>')
    words = "; ".join(f"said {each.x:.2f}, true {each.y:.2f}" for each in points)
    return _svg(height, title, f"{up}, by {across}. {words}", body)


def draw_law(
    points: Sequence[tuple[float, float]],
    curve: Sequence[Point],
    *,
    ticks: Sequence[float],
    seen: float,
    title: str,
    across: str,
) -> str:
    """Return points, a curve with its band through them, and how it may go on, over a logarithmic axis.

    Args:
        points: What was measured.
        curve: In the order of x, each with the band's ends; all x are above 0.
        ticks: Where the axis has numbers; those that would stand in one another are left out.
        seen: As far as this x the curve is drawn whole, and dashed from there.
        title: What is drawn.
        across: What the axis has.
    """
    ends = [y for _, y in points] + [end for each in curve for end in (each.y, each.low, each.high) if end is not None]
    low, high = _frame(ends, least=0.0, most=1.0)
    height = 230
    x = _Scale(math.log(curve[0].x / 1.15), math.log(curve[-1].x * 1.15), _LEFT, WIDTH - _RIGHT)
    y = _Scale(low, high, height - _BOTTOM, _TOP)
    body = _axes(x, y, [], across, height)
    free = -math.inf
    for tick in ticks:
        place, words = x(math.log(tick)), f"{tick:,.0f}"
        if place - 3.5 * len(words) > free:
            body.append(_text(min(place, WIDTH - 3.5 * len(words)), height - _BOTTOM + 16, words, "middle soft"))
            free = place + 3.5 * len(words) + 4

    def path(values: Sequence[tuple[float, float]]) -> str:
        return " ".join(f"{x(math.log(a)):.1f},{y(b):.1f}" for a, b in values)

    upper = [(each.x, each.high) for each in curve if each.high is not None]
    lower = [(each.x, each.low) for each in reversed(curve) if each.low is not None]
    body.append(f'<polygon class="band" points="{path(upper + lower)}"></polygon>')
    for kind, part in (("second", [each for each in curve if each.x <= seen]),
                       ("second ahead", [each for each in curve if each.x >= seen])):  # fmt: skip
        body.append(f'<polyline class="{kind}" points="{path([(each.x, each.y) for each in part])}"></polyline>')
    body += [f'<circle class="dot train" cx="{x(math.log(a)):.1f}" cy="{y(b):.1f}" r="4"></circle>' for a, b in points]
    return _svg(height, title, "; ".join(f"{n:,.0f}: {error:.4f}" for n, error in points), body)


def mark(kind: str) -> str:
    """Return how a kind of mark looks, for a key: SVG of 18 by 14 units."""
    if kind.startswith("dot"):
        return f'<circle class="{kind}" cx="9" cy="7" r="4.5"></circle>'
    if kind == "hollow":
        return '<rect class="hollow" x="5" y="3" width="8" height="8"></rect>'
    if kind.startswith("bar") or kind == "band":
        return f'<rect class="{kind}" x="1" y="2" width="16" height="10"></rect>'
    line = f'<line class="{"second" if kind == "square" else kind}" x1="0" y1="7" x2="18" y2="7"></line>'
    more = {
        "whisker": '<circle class="dot" cx="9" cy="7" r="4.5"></circle>',
        "square": '<rect class="square" x="6" y="4" width="6" height="6"></rect>',
    }
    return line + more.get(kind, "")


def as_file(drawing: str, *, title: str, up: str, key: Sequence[tuple[str, str]], style: str) -> str:
    """Return a drawing as an SVG file: its title above, below it a line for each kind of mark, and its own colours.

    Args:
        drawing: What a function of this module drew.
        title: What stands above it.
        up: What its upright axis has.
        key: The kind of each mark, and what it means.
        style: CSS with the colours, for light and dark.
    """
    top, line = 44, 19
    height = int(re.search(r'height="(\d+)"', drawing)[1])  # type: ignore[index]  # `_svg` wrote it
    marks = "".join(
        f'<g transform="translate({_LEFT} {top + height + line * i + 4})">{mark(kind)}'
        f'<text x="26" y="11">{html.escape(words)}</text></g>'
        for i, (kind, words) in enumerate(key)
    )
    whole = top + height + line * len(key) + 12
    name = html.escape(title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {whole}" width="{2 * WIDTH}" '
        f'height="{2 * whole}" role="img" aria-label="{name}">\n<style>\n{style}</style>\n'
        f'<rect class="page" width="{WIDTH}" height="{whole}"></rect>\n'
        f'<text class="title middle" x="{WIDTH / 2:g}" y="18">{name}</text>\n'
        f'<text class="soft" x="4" y="38">{html.escape(up)}</text>\n'
        f'<g transform="translate(0 {top})">{drawing}</g>\n{marks}\n</svg>\n'
    )


@dataclass(frozen=True)
class _Scale:
    """From values to places."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, about: int = 5) -> list[float]:
        """Return round values inside the scale, about so many."""
        raw = (self.high - self.low) / about
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= raw)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(i * step, 10) for i in range(first, last + 1)]


def _frame(values: Sequence[float], *, least: float, most: float) -> tuple[float, float]:
    """Return the ends of an axis: a little beyond the values, within `least` and `most`."""
    low, high = min(values), max(values)
    margin = max(0.08 * (high - low), 0.01)
    return max(low - margin, least), min(high + margin, most)


def _axes(x: _Scale, y: _Scale, x_ticks: Sequence[float], across: str, height: int) -> list[str]:
    body = [_line(_LEFT, y(tick), WIDTH - _RIGHT, y(tick), "grid") for tick in y.ticks()]
    body += [_text(_LEFT - 6, y(tick) + 4, f"{tick:g}", "end soft") for tick in y.ticks()]
    body += [_text(x(tick), height - _BOTTOM + 16, f"{tick:g}", "middle soft") for tick in x_ticks]
    body.append(_line(_LEFT, height - _BOTTOM, WIDTH - _RIGHT, height - _BOTTOM, "axis"))
    body.append(_text((_LEFT + WIDTH - _RIGHT) / 2, height - 3, across, "middle soft"))
    return body


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"></line>'


def _vertical(x: float, top: float, bottom: float, kind: str) -> str:
    return _line(x, top, x, bottom, kind)


def _text(x: float, y: float, words: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{html.escape(words)}</text>'


def _svg(height: float, title: str, words: str, body: Sequence[str]) -> str:
    name, said = html.escape(visible(title)), html.escape(visible(words[:1500]))
    size = f'viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" height="{height:.0f}"'
    return f'<svg {size} role="img" aria-label="{name}"><title>{name}</title><desc>{said}</desc>{"".join(body)}</svg>'
