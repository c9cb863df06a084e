"""`plaudit predict`: a line or a JSON object for each text, or the rows of files with their answers."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Literal, Self

import typer

from plaudit.app.errors_as_lines import errors_as_lines, plain
from plaudit.app.options import AsJson, Model, reads_data
from plaudit.app.terminal import make_console, make_error_console, print_json
from plaudit.config import DataSpec
from plaudit.errors import ConfigError, DataError
from plaudit.progress import doing
from plaudit.wording import counted

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from plaudit.batch import Options
    from plaudit.batch.plan import Engine
    from plaudit.models import Classifier


@errors_as_lines
@reads_data
def predict(
    model: Model,
    texts: Annotated[list[str] | None, typer.Argument(help="Texts to label.")] = None,
    input_file: Annotated[
        str | None,
        typer.Option("--input", "-i", help='Instead: a file, a folder, a glob ("logs/*.jsonl"), - for standard input.'),
    ] = None,
    output_file: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", help="Where the rows go: a .csv, .tsv, .jsonl or .parquet, or a new folder. [printed]"
        ),
    ] = None,
    as_json: AsJson = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at the first row that cannot be scored; write nothing.")
    ] = False,
    for_spreadsheet: Annotated[
        bool,
        typer.Option(
            "--for-spreadsheet",
            help="CSV, TSV: UTF-8's mark, and an apostrophe before added cells that would run as formulas.",
        ),
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted run.")] = False,
    engine: Annotated[
        Literal["local", "ray"] | None, typer.Option(help="What scores files: this process, or Ray. [local]")
    ] = None,
    address: Annotated[str | None, typer.Option(help="ray: a cluster's address. [one on this machine]")] = None,
    *,
    spec: DataSpec,
) -> None:
    """Label texts: one answer for each text, in order."""
    from plaudit.batch import Options
    from plaudit.data.readers.formats import has_known_suffix

    if bool(texts) == (input_file is not None):
        raise ConfigError('predict: give either texts ("…" "…") or a file (-i FILE).')
    if input_file is None:
        given = {
            "-o": output_file, "--strict": strict, "--for-spreadsheet": for_spreadsheet, "--resume": resume,
            "--engine": engine, "--address": address,
        }  # fmt: skip
        if extra := [*(name for name, value in given.items() if value), *spec.flags()]:
            raise ConfigError(f"predict: {extra[0]} goes with -i FILE.")
        text = texts[0] if texts and len(texts) == 1 else ""
        if text and "\0" not in text and len(text) < 1_000 and has_known_suffix(Path(text)) and Path(text).is_file():
            raise ConfigError(f"predict: {text} is a file; its rows: plaudit predict {model} -i {text}.")
        predict_texts(model, texts or [], as_json=as_json)
        return
    if output_file not in (None, "-") and as_json:
        raise ConfigError("predict: --json prints; to write JSON Lines, name the file -o NAME.jsonl.")
    is_lines = (
        as_json if output_file in (None, "-") else Path(str(output_file)).suffix.lower() in (".jsonl", ".parquet")
    )
    if for_spreadsheet and is_lines:
        raise ConfigError("predict: --for-spreadsheet goes with CSV and TSV; name such a file with -o.")
    predict_file(
        model, input_file, output_file,
        options=Options(spec, strict, for_spreadsheet), as_json=as_json, resume=resume, engine=engine, address=address,
    )  # fmt: skip


_LOCAL, _RAY = "local", "ray"
_MOSTLY_UNSCORED = 3  # the exit code when more than half of the rows could not be scored
_SHOWN = 8  # answers
_MANY = 1_000  # rows: of fewer, most of the time was the start


def predict_file(
    model: Path,
    source: str,
    target: str | None,
    *,
    options: Options,
    as_json: bool,
    resume: bool,
    engine: str | None,
    address: str | None,
) -> None:
    """Write the rows of `source` with the model's answers; at the end a line on standard error says how many.

    Args:
        model: A model's folder.
        source: What `plaudit.batch.predict_files` takes.
        target: Where they go; None or "-" prints.
        options: What the user chose.
        as_json: Print JSON Lines instead of CSV.
        resume: Whether to go on with a run that was cut off.
        engine: "local" or "ray"; None is local.
        address: A Ray cluster's; None for one on this machine.

    Raises:
        PlauditError: What was asked for cannot be done.
    """
    from plaudit.batch import predict_files, predict_stream
    from plaudit.batch.reading import sentence

    is_printed = target in (None, "-")
    if is_printed and (resume or engine == _RAY):
        raise ConfigError(f"{'--resume' if resume else '--engine ray'} goes with -o FILE.")
    if address is not None and engine != _RAY:
        raise ConfigError("--address goes with --engine ray.")
    if source == "-" and engine == _RAY:
        raise ConfigError("--engine ray: workers cannot read standard input; write it to a file.")
    start = time.perf_counter()
    with ScoringLine() as line:
        try:
            if is_printed:
                suffix = ".jsonl" if as_json else ".csv"
                totals = predict_stream(model, source, sys.stdout.buffer, suffix, options=options, watch=line)
            else:
                assert target is not None
                totals = predict_files(
                    model, source, target,
                    options=options, resume=resume, engine=_engine(engine, address), watch=line,
                )  # fmt: skip
        except KeyboardInterrupt:
            if line.rows and not is_printed and source != "-":
                line.say("Stopped. The same command with --resume continues.")
            raise
    if not totals.rows:
        raise DataError(f"{'standard input' if source == '-' else source}: no rows; nothing was scored.")
    seconds = time.perf_counter() - start
    n_scored = totals.rows - totals.earlier_rows
    speed = f", {n_scored / seconds:,.0f} rows a second" if n_scored >= _MANY else ""
    more = f"; {totals.unanswered:,} without an answer" if totals.unanswered else ""
    more += f", of them {totals.unscored:,} that could not be scored (see reason)" if totals.unscored else ""
    earlier = f", {totals.earlier_rows:,} of them by an earlier run" if totals.earlier_rows else ""
    where = "" if is_printed else f" -> {target}"
    mix = describe_mix(totals.mix, totals.rows)
    answers = f" Answers: {mix}." if mix else ""
    line.say(f"{counted(totals.rows, 'row')}{earlier}, {seconds:.1f} s{speed}{more}{where}.{answers}")
    if totals.unscored > totals.rows / 2:
        line.say(f"More than half of the rows could not be scored; the first: {sentence(plain(totals.reason))}")
        raise typer.Exit(_MOSTLY_UNSCORED)


def describe_mix(mix: Mapping[str, int], n: int) -> str:
    """Say how often each answer was given, the commonest first."""
    common = sorted(mix.items(), key=lambda each: -each[1])
    shown = [f"{plain(name)} {count:,} ({100 * count / max(n, 1):.0f} %)" for name, count in common[:_SHOWN]]
    return ", ".join([*shown, *([f"and {len(common) - _SHOWN} more"] if len(common) > _SHOWN else [])])


def _engine(name: str | None, address: str | None) -> Engine | None:
    if name != _RAY:
        return None
    from plaudit.batch.ray_engine import RayEngine

    return RayEngine(address)


class ScoringLine:
    """On a terminal a line on standard error with rows, rate, the share that is read and the time left; else nothing.

    Attributes:
        rows: How many rows are done.
    """

    def __init__(self) -> None:
        self._console = make_error_console()
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._earlier = self.rows = 0
        self._start = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def understood(self, said: Sequence[str]) -> None:
        """Print how a source is read."""
        for each in said:
            self.say(plain(each))

    def say(self, line: str) -> None:
        """Print a line on standard error."""
        self._console.print(line, markup=False)

    def begin(self, size_bytes: int, rows: int) -> None:
        """Take note of how much there is to read, and how many rows an earlier run left."""
        self._earlier = self.rows = rows
        self._start = time.perf_counter()
        if self._console.is_terminal:
            from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(bar_width=24))
            left = (TaskProgressColumn(), TimeRemainingColumn()) if size_bytes else ()
            self._progress = Progress(*columns, *left, console=self._console, transient=True)
            self._progress.start()
            self._task = self._progress.add_task(counted(rows, "row"), total=size_bytes or None)

    def step(self, position: int, rows: int) -> None:
        """Take note of how much is read, and how many rows are done in all."""
        self.rows = rows
        if self._progress is not None and self._task is not None:
            rate = (rows - self._earlier) / max(time.perf_counter() - self._start, 1e-9)
            said = f"{counted(rows, 'row')}, {rate:,.0f} a second"
            self._progress.update(self._task, completed=position, description=said)


def answer_lines(model: Classifier, texts: Sequence[str]) -> list[str]:
    """Return a line for each text: its label and probability, or, multi-label, each of them; "-" for none.

    Where the model's rule gives no answer, the line says so, with the most probable class.
    """
    from plaudit.models.answers import answer_records, doubts

    answers = []
    names = [plain(str(name)) for name in model.classes_.tolist()]
    width = 0 if model.multi_label_ else max(map(len, names))
    for record, doubt in zip(answer_records(model, texts), doubts(model, texts), strict=True):
        by_class = record["probabilities"]
        found = record["label"] if model.multi_label_ else [record["label"]]
        if doubt is not None or found == [None]:
            likeliest, why = max(by_class, key=by_class.__getitem__), "" if doubt is None else f": {doubt}"
            answers.append(f"no answer{why} ({plain(likeliest)} {by_class[likeliest]:.3f})")
            continue
        named = (f"{plain(str(name)):<{width}}  {by_class[str(name)]:.3f}" for name in found)
        answers.append(", ".join(named) or "-")
    width = max(map(len, answers), default=0)
    return [f"{answer:<{width}}  {plain(text)}" for answer, text in zip(answers, texts, strict=True)]


def predict_texts(model: Path, texts: list[str], *, as_json: bool) -> None:
    """Label texts given as arguments."""
    from plaudit.models import load
    from plaudit.models.answers import answer_records

    classifier = load(model)
    if as_json:
        for record in answer_records(classifier, texts):
            print_json(record)
        return
    console = make_console()
    with doing("Answering"):
        lines = answer_lines(classifier, texts)
    for line in lines:
        console.print(line, markup=False)
