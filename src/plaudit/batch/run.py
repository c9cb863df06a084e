"""Score a source of any size into an output that appears whole or not at all.

A source is a sequence of numbered batches; scored batches are appended to a part; a journal says how far; at the end
the parts become the output by a rename. This module knows nothing of formats. The decision to question: a run that was
cut off is never started again silently, since what it scored took time; and what cannot be scored again in the same way
(another model, a changed input) is refused.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from plaudit.batch.encoding import SUFFIXES
from plaudit.batch.job import Options, an_output_each, check_target, one_output, output_names, record
from plaudit.batch.joining import join_parts, make_folder
from plaudit.batch.local import LocalEngine, scored, whole_schema
from plaudit.batch.plan import Engine, Plan
from plaudit.batch.reading import is_read_twice
from plaudit.batch.scoring import added_fields
from plaudit.batch.work import Work, add_counts, cannot_write
from plaudit.data.readers.sources import Source, find_sources, is_many, not_empty, spooled
from plaudit.data.readers.text_input import standard_input
from plaudit.errors import ConfigError, DataError, PlauditError

if TYPE_CHECKING:
    from plaudit.models import Classifier


class Watch(Protocol):
    """Who follows a run."""

    def understood(self, said: Sequence[str]) -> None:
        """Take note of how a source is read, a line each."""

    def begin(self, size_bytes: int, rows: int) -> None:
        """Take note of how much there is to read, and how many rows an earlier run left."""

    def step(self, position: int, rows: int) -> None:
        """Take note of how much is read, and how many rows are done in all."""


@dataclass(frozen=True)
class Totals:
    """What a run did.

    Attributes:
        rows: The output's rows.
        unanswered: Of these, how many have no answer: no text, or the model's rule gave none.
        unscored: Of these, how many could not be scored.
        earlier_rows: Of these, how many an earlier run had scored.
        mix: How many rows have each answer; of sets of labels, each label.
        reason: Why the first row that could not be scored could not.
    """

    rows: int
    unanswered: int
    unscored: int
    earlier_rows: int = 0
    mix: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""


def predict_files(
    model_folder: str | Path,
    source: str,
    target: str | Path,
    *,
    options: Options | None = None,
    resume: bool = False,
    engine: Engine | None = None,
    watch: Watch | None = None,
) -> Totals:
    """Label a source's rows: one row out for each row in, in order, all other columns kept.

    The columns added are those of `scoring.added_fields`. Memory does not grow with the source.

    Args:
        model_folder: A model's folder.
        source: A file, a folder or a glob of files, or "-" for standard input.
        target: A .csv, .tsv, .jsonl or .parquet file for all rows; or, for a folder or glob of sources, a new folder
            for a file each.
        options: What the user chose; None for nothing.
        resume: Whether to go on with a run that was cut off; without one, begin.
        engine: Who scores; None for this process.
        watch: Who follows.

    Raises:
        PlauditError: The model, the source or the target cannot be used; the message says what to do.
    """
    from plaudit.models import load

    target, folder = Path(target), Path(model_folder)
    options = _remembering(options, folder)
    sources = find_sources(source, options.spec.format)
    is_folder = is_many(source, sources) and (target.is_dir() or target.suffix.lower() not in SUFFIXES)
    if not is_folder:
        sources = not_empty(sources)
    work = Work(target, len(sources))
    if not (resume and work.folder.is_dir()):
        check_target(target, sources, is_folder=is_folder)
    if resume and sources[0].path is None:
        raise ConfigError("--resume: standard input cannot be read again; write it to a file first.")
    model = load(folder)
    with work.open(record(folder, sources, options), resume=resume):
        earlier = work.n_rows()
        if work.is_published():
            work.remove()
            return _totals(work, earlier)
        try:
            suffix = check_target(target, sources, is_folder=is_folder)
            with ExitStack() as stack:
                first = sources[0]
                if first.path is None and is_read_twice(first, keep_lines=suffix == ".jsonl"):
                    sources = [stack.enter_context(spooled(first, standard_input(), work.folder))]
                plan = _planned(sources, suffix, options, model, folder, work, watch)
                _run(plan, watch, engine or LocalEngine(), work)
            if not work.n_rows():  # before an older output is replaced
                raise DataError(f"{source}: no rows; nothing was scored, and nothing was written.")
            _publish(work, plan, suffix)
        except KeyboardInterrupt:
            if not work.n_rows() or sources[0].path is None:
                work.remove()
            raise
        except PlauditError as error:
            is_final = isinstance(error, DataError) and not isinstance(error.__cause__, OSError)
            if is_final or not work.n_rows():  # else (a disk that fails, no cluster) what is scored is of use
                work.remove()
            raise
        except OSError as error:
            kept = work.n_rows() if sources[0].path is not None else 0
            if not kept:
                work.remove()
            advice = f" {kept:,} scored rows are kept: make room, and the same command with --resume continues."
            raise cannot_write(target, error, advice if kept else "") from error
        return _totals(work, earlier)


def predict_stream(
    model_folder: str | Path,
    source: str,
    target: BinaryIO,
    suffix: str,
    *,
    options: Options | None = None,
    watch: Watch | None = None,
) -> Totals:
    """Label a source's rows onto a stream, as they are scored: what is written before an error stays written.

    Args:
        model_folder: As in `predict_files`.
        source: As in `predict_files`.
        target: Where the bytes go.
        suffix: ".csv", ".tsv" or ".jsonl".
        options: As in `predict_files`.
        watch: Who follows.

    Raises:
        PlauditError: The model or the source cannot be used.
    """
    from plaudit.models import load

    options = _remembering(options, Path(model_folder))
    sources = not_empty(find_sources(source, options.spec.format))
    model = load(model_folder)
    fields = added_fields(model, strict=options.strict)
    rows = unanswered = unscored = done = 0
    mix: dict[str, int] = {}
    reason = ""
    with ExitStack() as stack:
        if sources[0].path is None and is_read_twice(sources[0], keep_lines=suffix == ".jsonl"):
            sources = [stack.enter_context(spooled(sources[0], standard_input(), None))]
        pieces, reader = one_output(sources, suffix, options, fields)
        if watch is not None:
            watch.begin(sum(piece.source.size_bytes for piece in pieces), 0)
        for piece in pieces:
            with closing(reader or piece.open()) as opened:
                if watch is not None:
                    watch.understood(opened.intake.said)
                target.write(piece.head(whole_schema(piece, opened, fields)))
                with closing(scored(piece, model, fields, opened)) as batches:
                    for batch in batches:
                        target.write(batch.data)
                        target.flush()
                        rows, unanswered = rows + batch.rows, unanswered + batch.unanswered
                        unscored += batch.unscored
                        mix, reason = add_counts(mix, batch.mix), reason or batch.reason
                        if watch is not None:
                            watch.step(done + batch.position, rows)
            reader, done = None, done + piece.source.size_bytes
    return Totals(rows, unanswered, unscored, mix=mix, reason=reason)


def _planned(
    sources: list[Source],
    suffix: str | None,
    options: Options,
    model: Classifier,
    folder: Path,
    work: Work,
    watch: Watch | None,
) -> Plan:
    fields, reader = added_fields(model, strict=options.strict), None
    if suffix is None:
        pieces = an_output_each(sources, options)
        output_names(pieces)
    else:
        pieces, reader = one_output(sources, suffix, options, fields)
    if watch is not None and reader is not None:
        watch.understood(reader.intake.said)
    return Plan(pieces, work.parts, fields, model, folder, reader)


def _publish(work: Work, plan: Plan, suffix: str | None) -> None:
    """Join the parts into the output, a file or a folder of files, and put it in its place."""
    if suffix is None:
        make_folder(work, plan.pieces, output_names(plan.pieces))
    else:
        join_parts(work, suffix)
    work.publish()


def _run(plan: Plan, watch: Watch | None, engine: Engine, work: Work) -> None:
    sizes = [piece.source.size_bytes for piece in plan.pieces]
    if watch is not None:
        watch.begin(sum(sizes), work.n_rows())

    def step(number: int, position: int) -> None:
        if watch is not None:
            done = sum(size for size, part in zip(sizes, plan.parts, strict=True) if part.progress.is_done)
            watch.step(done + (0 if plan.parts[number].progress.is_done else position), work.n_rows())

    engine.run(plan, step)


def _totals(work: Work, earlier: int) -> Totals:
    found = [part.progress for part in work.parts]
    return Totals(
        sum(each.rows for each in found),
        sum(each.unanswered for each in found),
        sum(each.unscored for each in found),
        earlier,
        functools.reduce(add_counts, (each.mix for each in found), {}),
        next((each.reason for each in found if each.reason), ""),
    )


def _remembering(options: Options | None, folder: Path) -> Options:
    """Return the options with how the model's own data were read."""
    from plaudit.models.remembered import remembered_spec

    options = options or Options()
    return replace(options, remembered=remembered_spec(folder)) if options.remembered is None else options
