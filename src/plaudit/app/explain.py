"""What `plaudit explain` does with texts: explain them, and show that on the terminal, as JSON or as a page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.text import Text

from plaudit.app.errors_as_lines import errors_as_lines, plain
from plaudit.app.options import AsJson, Model, check_target, reads_data
from plaudit.app.terminal import make_console, print_json, print_table
from plaudit.config import DataSpec
from plaudit.data.publish import publish_file
from plaudit.errors import ConfigError
from plaudit.progress import doing
from plaudit.wording import counted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from plaudit.app.run.own_run import Chosen
    from plaudit.data import Dataset
    from plaudit.explanation import ClassWords, Explanation, Flip
    from plaudit.models import Classifier


@errors_as_lines
@reads_data
def explain(
    model: Model,
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            help="Texts to explain. Without them, and without -i: the words that weigh most over the model's own "
            "validation texts, or over --data."
        ),
    ] = None,
    input_file: Annotated[Path | None, typer.Option("--input", "-i", help="A file of texts instead.")] = None,
    output_file: Annotated[
        Path | None, typer.Option("--output", "-o", help="With -i: a .jsonl or .html file to write.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Also write a self-contained page.")] = None,
    as_json: AsJson = False,
    label: Annotated[str | None, typer.Option("--class", help="The class to explain. [the predicted one]")] = None,
    flip: Annotated[
        bool | None,
        typer.Option("--flip/--no-flip", help="Find the words that change the answer when removed. [on; with -i off]"),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="The words that weigh most: over imdb, sample, a file or a folder; never a test part."),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Without texts: how many words of each class.")] = 20,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Without texts: how many texts at most, evenly spaced. [all; with an encoder 200]"),
    ] = None,
    *,
    spec: DataSpec,
) -> None:
    """Show how much each word contributes to an answer."""
    if texts or input_file is not None:
        _check_alone("is for the words over a data set; leave out the texts, or it", {"--data": data, "--limit": limit})
        _explain_texts(
            model, texts or [], input_file=input_file, output_file=output_file, html=html, as_json=as_json,
            label=label, flip=flip, spec=spec,
        )  # fmt: skip
        return
    options = {"-o": output_file, "--html": html, "--flip": flip}
    _check_alone('goes with texts: give some ("…" "…"), or a file (-i FILE)', options)
    _explain_data(model, data, top=top, limit=limit, label=label, as_json=as_json, spec=spec)


_SUFFIXES = (".jsonl", ".html")
_STYLES = {1: "blue", 2: "bold blue", 3: "bold reverse blue"}
_STYLES |= {-level: style.replace("blue", "yellow") for level, style in _STYLES.items()}
_LEGEND = (
    "[+word] speaks for the class whose logit is given, [-word] against it; more signs, more weight.",
    "[?word] is unknown to the model, [~word] is in a part that it does not read.",
)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def _check_alone(why: str, given: Mapping[str, object]) -> None:
    """Refuse options that go with something else.

    Raises:
        ConfigError: There is one.
    """
    for option, value in given.items():
        if value is not None:
            raise ConfigError(f"explain: {option} {why}.")


def _explain_texts(
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
    from plaudit.explanation import explain as explain_each
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
    with doing("Finding each word's share"):
        found = explain_each(classifier, column, label)
        odd = doubts(classifier, column)
    why = [odd[one.row] for one in found]
    asked_flip = input_file is None if flip is None else flip
    flips: list[Flip | None] = [None] * len(found)
    if asked_flip:
        sound = [i for i, doubt in enumerate(why) if doubt is None]  # of others no answer hangs on a word
        with doing("Finding the words that decide the answer"):
            for i, each in zip(sound, find_flips(classifier, [found[i] for i in sound]), strict=True):
                flips[i] = each
    title = f"Why {model.resolve().name} answers so"
    for target in filter(None, (output_file, html)):
        if target.suffix.lower() == ".jsonl":
            lines = (json.dumps(record, ensure_ascii=False) for record in _records(found, flips, why, asked_flip))
            publish_file(target, "".join(f"{line}\n" for line in lines).encode())
        else:
            publish_file(target, _page(found, flips, why, asked_flip=asked_flip, title=title).encode())
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


_MISTAKES, _LINE = 5, 160  # lines, and letters of one
_SLOW_TEXTS = 200  # of a model that takes seconds a text


def _explain_data(
    model: Path,
    data: str | None,
    *,
    top: int,
    limit: int | None,
    label: str | None,
    as_json: bool,
    spec: DataSpec,
) -> None:
    """Print for each class the words with the greatest sum of shares."""
    import numpy as np

    from plaudit.explanation import top_words
    from plaudit.explanation.shares import explains_slowly
    from plaudit.models import load
    from plaudit.models.targets import count_logits

    classifier = load(model)
    chosen = _choose(model, data, spec, count_logits(len(classifier.classes_), multi_label=classifier.multi_label_))
    most = limit or (_SLOW_TEXTS if explains_slowly(classifier) else None)
    dataset, n, held = chosen.dataset, len(chosen.dataset), chosen.logits
    if most is not None and n > most:
        rows = np.linspace(0, n - 1, most).astype(np.int64)
        dataset, held = dataset.take(rows), None if held is None else held[rows]
    logits = classifier.logits(dataset.texts)
    found = top_words(classifier, dataset.texts, n=top, label=label, logits=logits)
    mistakes = _mistakes(classifier, dataset, logits if held is None else held)
    what = (
        chosen.what if len(dataset) == n else f"{chosen.what}, {len(dataset):,} of {counted(n, 'text')}, evenly spaced"
    )
    if as_json:
        told = {} if mistakes is None else {"mistakes": mistakes}
        print_json({**_record(found, what, len(dataset)), **told})
        return
    _print(found, what, has_two=len(classifier.classes_) == 2 and not classifier.multi_label_)
    if mistakes:
        _print_mistakes(mistakes)


def _choose(model: Path, data: str | None, spec: DataSpec, n_logits: int) -> Chosen:
    """Return the validation texts of the model's own run, or the texts of other data except for a test part.

    After a refit the former come with what the model answered before it; where that is not known, without labels.
    """
    from plaudit.app.run.own_run import Chosen, OwnRun
    from plaudit.app.run.record import read_held_out
    from plaudit.data import has_parts, load_dataset, read_file
    from plaudit.models.remembered import remembered_spec

    run = OwnRun.of(model, data_dir=spec.data_dir)
    if data is None and run is None:
        raise ConfigError(f"{model}: its run.toml is missing or unreadable; name texts, a file (-i) or --data DATA.")
    if run is not None and (data is None or run.is_of(data)):
        part = run.part("validation", instead="name texts, or a file (-i)")
        what, logits = f"{run.config.data.source}: the validation texts of this model", None
        if run.config.training.refit and (logits := read_held_out(run.folder, len(part), n_logits)) is None:
            part = replace(part, labels=None, classes=())
        return Chosen(part, what, logits=logits)
    assert data is not None
    remembered = remembered_spec(model)
    if not has_parts(data):
        dataset = read_file(data, spec=spec, require_labels=False, remembered=remembered)
        return Chosen(dataset, f"{data}: every row")
    splits = load_dataset(data, spec=spec, parts=("train", "validation"), remembered=remembered)
    if splits.validation is not None:
        return Chosen(splits.validation, f"{data}: its validation part")
    return Chosen(splits.train, f"{data}: its training part")


def _mistakes(model: Classifier, dataset: Dataset, logits: NDArray[np.float32]) -> list[dict[str, Any]] | None:
    """Return the wrong answers that the model was surest of; None for texts without labels, or with others."""
    import pyarrow as pa

    from plaudit.evaluation import answer
    from plaudit.report.mistakes import find_wrong, named, place_of

    if dataset.labels is None or not set(dataset.classes) <= set(model.class_names):
        return None
    answers = answer(model, dataset, logits=logits)
    rows = find_wrong(answers, dataset.texts, logits, n=_MISTAKES).rows
    truths, predicted = dataset.take(rows).label_names(), model.predicted(logits[rows])
    said = model.label_sets(predicted) if model.multi_label_ else predicted.tolist()
    texts = dataset.texts.take(pa.array(rows)).to_pylist()
    return [
        {"place": place_of(dataset, row), "label": named(truth), "predicted": named(given), "text": text}
        for row, truth, given, text in zip(rows.tolist(), truths, said, texts, strict=True)
    ]


def _print_mistakes(mistakes: list[dict[str, Any]]) -> None:
    from plaudit.report.drawing import shorten

    console = make_console()
    console.print("\nSurest wrong answers", style="bold")
    for each in mistakes:
        place = "" if each["place"] is None else f"{each['place']}: "
        line = f"{place}answered {each['predicted']}, the label is {each['label']}: {' '.join(each['text'].split())}"
        console.print(plain(shorten(line, _LINE)), markup=False)


def _record(found: list[ClassWords], what: str, n: int) -> dict[str, Any]:
    classes = [
        {
            "label": one.label,
            "texts": one.n_texts,
            "words": [{"word": w.word, "share": w.share, "count": w.count, "total": w.total} for w in one.words],
        }
        for one in found
    ]
    return {"data": what, "texts": n, "classes": classes}


def _print(found: list[ClassWords], what: str, *, has_two: bool) -> None:
    from rich.table import Table

    console = make_console()
    console.print(f"Words that weigh most: {plain(what)}", markup=False, style="bold")
    for one in found:
        where = "" if has_two else " (where the model gives it)"
        console.print(f"\n{plain(str(one.label))}: {counted(one.n_texts, 'text')}{where}", markup=False)
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for heading in ("word", "sum", "mean share", "times"):
            table.add_column(heading, justify="left" if heading == "word" else "right")
        for word in one.words:
            cells = (plain(word.word), f"{word.total:.1f}", f"{word.share:.3f}", f"{word.count:,}")
            table.add_row(*map(escape, cells))
        print_table(console, table)
    if not found:
        console.print("The model gives none of these texts a label.")
