"""What `plaudit explain` does with texts: explain them, and show that on the terminal, as JSON or as a page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from plaudit.app.output_files import check_target, write_whole
from plaudit.app.plain import plain
from plaudit.app.terminal import make_console, print_json
from plaudit.config import DataSpec
from plaudit.errors import ConfigError

if TYPE_CHECKING:
    from plaudit.explanation import Explanation, Flip

_SUFFIXES = (".jsonl", ".html")
_STYLES = {1: "blue", 2: "bold blue", 3: "bold reverse blue"}
_STYLES |= {-level: style.replace("blue", "yellow") for level, style in _STYLES.items()}
_LEGEND = (
    "[+word] speaks for the class whose logit is given, [-word] against it; more signs, more weight.",
    "[?word] is unknown to the model, [~word] is in a part that it does not read.",
)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def check_texts_alone(data: str | None, limit: int | None) -> None:
    """Refuse options of the words over a data set beside texts.

    Raises:
        ConfigError: There is one.
    """
    for option, value in (("--data", data), ("--limit", limit)):
        if value is not None:
            raise ConfigError(f"explain: {option} is for the words over a data set; leave out the texts, or it.")


def check_data_alone(output: Path | None, html: Path | None, flip: bool | None) -> None:
    """Refuse options of single texts where there are none.

    Raises:
        ConfigError: There is one.
    """
    for option, value in (("-o", output), ("--html", html), ("--flip", flip)):
        if value is not None:
            raise ConfigError(f'explain: {option} goes with texts: give some ("…" "…"), or a file (-i FILE).')


def explain(
    model: Path,
    texts: list[str],
    *,
    input_file: Path | None,
    output_file: Path | None,
    html: Path | None,
    as_json: bool,
    label: str | None,
    flip: bool | None,
    spec: DataSpec,
) -> None:
    """Explain texts given as arguments or in a file."""
    from plaudit.data import read_file
    from plaudit.explanation import explain as explain_texts
    from plaudit.explanation import find_flips
    from plaudit.models import load
    from plaudit.models.answers import doubts
    from plaudit.models.remembered import remembered_spec

    if texts and input_file is not None:
        raise ConfigError('explain: give either texts ("…" "…") or a file (-i FILE).')
    if output_file is not None and input_file is None:
        raise ConfigError("explain: -o goes with -i FILE; for texts, --json prints and --html NAME.html writes a page.")
    if output_file is not None and as_json:
        raise ConfigError("explain: --json prints; to write JSON Lines, name the file -o NAME.jsonl.")
    for target in (output_file, html):
        if target is not None:
            check_target(target, _SUFFIXES if target is output_file else (".html", ".htm"))
    classifier = load(model)
    column: Any = texts
    if input_file is not None:
        column = read_file(input_file, spec=spec, require_labels=False, remembered=remembered_spec(model)).texts
    found = explain_texts(classifier, column, label)
    odd = doubts(classifier, column)
    why = [odd[one.row] for one in found]
    asked_flip = input_file is None if flip is None else flip
    flips: list[Flip | None] = [None] * len(found)
    if asked_flip:
        sound = [i for i, doubt in enumerate(why) if doubt is None]  # of others no answer hangs on a word
        for i, each in zip(sound, find_flips(classifier, [found[i] for i in sound]), strict=True):
            flips[i] = each
    title = f"Why {model.resolve().name} answers so"
    for target in filter(None, (output_file, html)):
        if target.suffix.lower() == ".jsonl":
            lines = (json.dumps(record, ensure_ascii=False) for record in _records(found, flips, why, asked_flip))
            write_whole(target, "".join(f"{line}\n" for line in lines).encode())
        else:
            write_whole(target, _page(found, flips, why, asked_flip=asked_flip, title=title).encode())
    if as_json:
        _print_records(_records(found, flips, why, asked_flip))
    elif output_file is None and html is None:
        _print_texts(found, flips, why, asked_flip=asked_flip)


def _records(
    found: Sequence[Explanation], flips: Sequence[Flip | None], why: Sequence[str | None], asked_flip: bool
) -> Iterator[dict[str, Any]]:
    """Yield each explanation as JSON values; "flip" is there where it was looked for, and null where none was found.

    "reason" says why there should be no answer, where the text is blank or unlike the training texts.
    """
    for one, flip, doubt in zip(found, flips, why, strict=True):
        record = one.to_dict()
        if doubt is not None:
            record["reason"] = f"no answer: {doubt}"
        if asked_flip:
            record["flip"] = None
            if flip is not None:
                answer = list(flip.predicted) if isinstance(flip.predicted, tuple) else flip.predicted
                record["flip"] = {"words": list(flip.words), "text": flip.text, "predicted": answer}
        yield record


def _print_records(records: Iterator[dict[str, Any]]) -> None:
    for record in records:
        print_json(record)


def _page(
    found: Sequence[Explanation],
    flips: Sequence[Flip | None],
    why: Sequence[str | None],
    *,
    asked_flip: bool,
    title: str,
) -> str:
    from plaudit.report.highlight import explanation_html, explanation_page

    articles = [
        explanation_html(one, flip, heading=_heading(one, doubt), asked_flip=asked_flip and doubt is None, level=2)
        for one, flip, doubt in zip(found, flips, why, strict=True)
    ]
    methods = "".join(sorted({f"\n{one.method[0].upper()}{one.method[1:]}." for one in found}))
    return explanation_page(articles, title=title, note=methods.strip())


def _heading(one: Explanation, doubt: str | None) -> str:
    from plaudit.report.mistakes import named

    if doubt is not None:
        return f"no answer: {doubt} (explained: {one.label})"
    is_said = one.predicted == one.label or one.against is not None
    return named(one.predicted) + ("" if is_said else f" (explained: {one.label})")


def _print_texts(
    found: Sequence[Explanation], flips: Sequence[Flip | None], why: Sequence[str | None], *, asked_flip: bool
) -> None:
    from plaudit.report.highlight import fact_lines, flip_line

    console = make_console()
    for one, flip, doubt in zip(found, flips, why, strict=True):
        console.print(Text(plain(_heading(one, doubt)), style="bold" if doubt is None else ""))
        console.print(_marked(one))
        lines = [*fact_lines(one), *([flip_line(one, flip)] if asked_flip and doubt is None else [])]
        for line in lines:
            console.print(f"  {plain(line)}", markup=False, style="dim")
        console.print()
    if found:
        for line in (*_LEGEND, *(f"Method: {method}." for method in sorted({one.method for one in found}))):
            console.print(line, markup=False)


def _marked(one: Explanation) -> Text:
    """Return the text with its words in brackets: signs say what colours say."""
    text, shown, position = one.text, Text(), 0
    rows = zip(one.starts.tolist(), one.ends.tolist(), one.levels().tolist(), one.unseen, one.unread, strict=True)
    for start, end, level, unseen, unread in rows:
        signs = "?" * bool(unseen) + "~" * bool(unread) + ("+" if level > 0 else "-") * abs(level)
        shown.append(_visible(text[position:start]))
        word = _visible(text[start:end])
        shown.append(f"[{signs}{word}]" if signs else word, style=_STYLES.get(level, "dim" if signs else ""))
        position = end
    shown.append(_visible(text[position:]))
    return shown


def _visible(text: str) -> str:
    """Return `text` with what a terminal would obey written out; line breaks stay."""
    return _CONTROL.sub(lambda match: ascii(match[0])[1:-1], text)
