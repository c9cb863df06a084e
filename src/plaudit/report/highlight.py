"""Explanations as HTML: the text as it was written, each word marked by its share.

The one place that does so: the page of `plaudit explain --html` and a report's worst mistakes are made of it. Blue with
a solid line below speaks for the label, orange with a dashed one against it, so that neither colour alone says
anything; both are told apart with every common kind of colour blindness (Okabe and Ito 2008). Everything that comes
from texts and models is escaped, and nothing is loaded from anywhere.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from plaudit.evaluation import answer
from plaudit.explanation import MOST_WORDS, Explanation, Flip
from plaudit.report.frame import frame
from plaudit.report.mistakes import explain_wrong, find_wrong, named
from plaudit.report.visible import visible

if TYPE_CHECKING:
    from plaudit.data import Dataset
    from plaudit.models import Classifier

STYLE = """\
.why { --for: 0 114 178; --against: 213 94 0; --quiet: #57606a; --line: #d0d7de; line-height: 1.65; max-width: 50rem; }
.why article { border-top: 1px solid var(--line); padding: .8em 0; overflow-wrap: anywhere; break-inside: avoid; }
.why h3 { font-size: 1em; margin: 0 0 .4em; }
.why .text { white-space: pre-wrap; unicode-bidi: isolate; margin: 0 0 .5em; max-width: none; }
.why .facts { color: var(--quiet); font-size: .87em; margin: .15em 0; }
.why .text span { border-radius: .2em; padding: 0 .1em; }
.why .for { border-bottom: 2px solid rgb(var(--for)); }
.why .against { border-bottom: 2px dashed rgb(var(--against)); }
.why .for.l1 { background: rgb(var(--for) / .1); } .why .against.l1 { background: rgb(var(--against) / .12); }
.why .for.l2 { background: rgb(var(--for) / .22); } .why .against.l2 { background: rgb(var(--against) / .26); }
.why .for.l3 { background: rgb(var(--for) / .38); font-weight: 600; }
.why .against.l3 { background: rgb(var(--against) / .42); font-weight: 600; }
.why .unseen { outline: 1px dotted var(--quiet); }
.why .unread { color: var(--quiet); font-style: italic; } .why .facts span { color: var(--ink); }
@media (prefers-color-scheme: dark) {
  .why { --for: 86 180 233; --against: 230 159 0; --quiet: #9da7b1; --line: #3d444d; }
}
@media print { .why { --for: 0 114 178; --against: 213 94 0; --quiet: #444; --line: #bbb; } }
"""
_LEGEND = (
    '<p class="facts">A word <span class="for l2">marked so</span> speaks for the class whose logit is given below, '
    '<span class="against l2">marked so</span> against it; more colour means more weight. '
    '<span class="unseen">Dotted</span>: unknown to the model. <span class="unread">Italic</span>: in a part that the '
    "model does not read.</p>"
)
_PAGE_STYLE = """\
body { max-width: 50rem; }
.why h2 { font-size: 1.05rem; margin: 0 0 .4em; padding: 0; border: 0; }
.text .for::after, .text .against::after { content: attr(title); font: 400 .68em/1 system-ui, sans-serif; }
.text .for::after, .text .against::after { vertical-align: super; margin-left: .15em; }
"""
_STRONGEST = 5


def highlight(explanation: Explanation) -> str:
    """Return the text as HTML, each word with a share, unknown or unread in a span; style it with `STYLE`."""
    columns = (explanation.starts, explanation.ends, explanation.shares, explanation.levels())
    marks = (explanation.unseen, explanation.unread)
    rows = zip(*(column.tolist() for column in (*columns, *marks)), strict=True)
    return mark_words(explanation.text, rows)


def mark_words(text: str, marks: Iterable[tuple[int, int, float, int, bool, bool]]) -> str:
    """Return a text as HTML with some of its words in spans.

    Args:
        text: As it was written.
        marks: In the order of the text, start, end, share, level (-3 to 3), and whether it is unseen and unread.
    """
    parts, position = [], 0
    for start, end, share, level, unseen, unread in marks:
        classes = [f"{'for' if level > 0 else 'against'} l{abs(level)}"] if level else []
        classes += ["unseen"] * unseen + ["unread"] * unread
        parts.append(_escaped(text[position:start]))
        word = _escaped(text[start:end])
        parts.append(f'<span class="{" ".join(classes)}" title="{share:+.3f}">{word}</span>' if classes else word)
        position = end
    return "".join([*parts, _escaped(text[position:])])


def explanation_html(
    explanation: Explanation, flip: Flip | None = None, *, heading: str, asked_flip: bool, level: int = 3
) -> str:
    """Return one explanation as an HTML article.

    Args:
        explanation: What to show.
        flip: Words without which the answer changes.
        heading: What stands above it, plain text.
        asked_flip: Whether such words were looked for.
        level: Of the heading, 2 on a page of explanations alone.
    """
    lines = fact_lines(explanation)
    if asked_flip:
        lines.append(flip_line(explanation, flip))
    if n_unread := int(explanation.unread.sum()):
        lines.append(f"{n_unread:,} words lie in a part that the model does not read.")
    facts = "\n".join(f'<p class="facts">{_escaped(line)}</p>' for line in lines)
    return (
        f"<article>\n<h{level}>{_escaped(heading)}</h{level}>\n"
        f'<p class="text" dir="auto">{highlight(explanation)}</p>\n{facts}\n</article>'
    )


def explanations_html(articles: Sequence[str]) -> str:
    """Return articles with their style and legend as a fragment that stands in any page."""
    body = "\n".join(articles) or "<p>No texts.</p>"
    return f'<section class="why">\n{_LEGEND}\n{body}\n</section>'


def explanation_page(articles: Sequence[str], *, title: str, note: str) -> str:
    """Return articles as a page of its own, with a plain-text note at its end."""
    main = f"{explanations_html(articles)}\n<p>{_escaped(note)}</p>"
    body = f"<header><h1>{_escaped(title)}</h1></header>\n<main>\n{main}\n</main>\n"
    return frame(title, style=STYLE + _PAGE_STYLE, body=body)


def worst_mistakes(model: Classifier, dataset: Dataset, *, n: int = 10) -> str:
    """Return the wrong answers that the model was surest of, with their words marked, as an HTML fragment with style.

    Surest is by the greatest loss. Multi-label the label that is most wrong is explained, of many classes the one that
    was predicted.

    Args:
        model: A fitted classifier.
        dataset: Labelled texts; its classes are matched by name.
        n: How many, from 1.

    Raises:
        DataError: The texts have no labels, or one that the model does not know.
    """
    logits = model.logits(dataset.texts)
    wrong = find_wrong(answer(model, dataset, logits=logits), dataset.texts, logits, n=n)
    explained = explain_wrong(model, dataset, wrong, logits)
    truths = dataset.take(wrong.rows).label_names()
    articles = [
        explanation_html(one, heading=f"{named(one.predicted)}; the label is {named(truth)}", asked_flip=False)
        for one, truth in zip(explained, truths, strict=True)
    ]
    return f"<style>\n{STYLE}</style>\n{explanations_html(articles)}"


def flip_line(explanation: Explanation, flip: Flip | None) -> str:
    """Say which words the answer hangs on."""
    if flip is None:
        return f"Removing the words that speak most for the answer, up to {MOST_WORDS}, does not change it."
    words = explanation.words
    shown = ", ".join(f'"{words[i]}"' for i in flip.words)
    return f"Without {shown} the answer is {named(flip.predicted)}."


def fact_lines(explanation: Explanation) -> list[str]:
    """Return the lines of figures below an explained text, plain text: the sum, and the strongest words."""
    return [_arithmetic(explanation), *_strongest_lines(explanation)]


def _arithmetic(explanation: Explanation) -> str:
    total = float(explanation.shares.sum())
    return (
        f"logit of {explanation.label} {explanation.logit:+.3f} = start {explanation.base_logit:+.3f} and words "
        f"{total:+.3f} (error {explanation.completeness_error:.1g}); probability of "
        f"{explanation.label} {explanation.probability:.3f}."
    )


def _strongest_lines(explanation: Explanation) -> list[str]:
    against = "against it" if explanation.against is None else f"for {explanation.against}"
    words, lines = explanation.words, []
    for sign, side in ((1, f"for {explanation.label}"), (-1, against)):
        if found := explanation.strongest(_STRONGEST, sign=sign):
            lines.append(f"{side}: " + ", ".join(f"{words[i]} {explanation.shares[i]:+.2f}" for i in found))
    return lines


def _escaped(text: str) -> str:
    return html.escape(visible(text))
