"""The engine of one machine: read, score and write at once, a batch each, on all cores."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import pyarrow as pa

from plaudit.batch.pipeline import ahead, in_order
from plaudit.batch.scoring import check_names, count_answers, count_unanswered, score
from plaudit.cores import usable_cores

if TYPE_CHECKING:
    from plaudit.batch.job import Piece
    from plaudit.batch.plan import Plan
    from plaudit.batch.reading import Batch, BatchReader
    from plaudit.batch.work import Part
    from plaudit.models import Classifier


_MOST_UNDER_WAY = 8  # batches scored at a time; each is 50 to 100 MiB of memory


@dataclass(frozen=True)
class Scored:
    """A batch as bytes of the output.

    Attributes:
        data: The bytes.
        rows: How many rows they are.
        unanswered: Of these, how many have no answer.
        unscored: Of these, how many have no text.
        position: How many bytes of the source are used up.
        mix: How many rows have each answer.
        reason: Why the first row without a text has none.
    """

    data: bytes
    rows: int
    unanswered: int
    unscored: int
    position: int
    mix: Mapping[str, int]
    reason: str


class LocalEngine:
    """Scores one source after the other in this process."""

    def run(self, plan: Plan, watch: Callable[[int, int], None]) -> None:
        """Score what is not done; a part goes on where it ends.

        Raises:
            DataError: As `score_piece`.
            OSError: As `score_piece`.
        """
        for piece, part in zip(plan.pieces, plan.parts, strict=True):
            if not part.progress.is_done:
                score_piece(
                    piece, plan.model, plan.fields, part, reader=plan.reader, watch=partial(watch, piece.number)
                )


def score_piece(
    piece: Piece,
    model: Classifier,
    fields: Sequence[pa.Field],
    part: Part,
    *,
    reader: BatchReader | None = None,
    at_once: int | None = None,
    watch: Callable[[int], None] = lambda position: None,
) -> None:
    """Score a source into a part, from where the part ends.

    Args:
        piece: What to read and how to write it.
        model: A fitted classifier.
        fields: `added_fields` of it.
        part: Where the bytes go.
        reader: The source, if it is open.
        at_once: As in `scored`.
        watch: Called after each batch, with the bytes of the source that are used up.

    Raises:
        DataError: The source cannot be read on, a row cannot be scored and must be, or the output cannot hold a value.
        OSError: The part cannot be written.
    """
    if piece.is_empty:
        with part.growing(b""):
            part.finish()
        return
    with closing(reader or piece.open()) as source:
        head = piece.head(whole_schema(piece, source, fields))
        stream = scored(piece, model, fields, source, skip=part.progress.batches, at_once=at_once)
        with part.growing(head), closing(stream) as batches:
            for batch in batches:
                progress = part.progress.plus(
                    len(batch.data), rows=batch.rows, unanswered=batch.unanswered, unscored=batch.unscored,
                    mix=batch.mix, reason=batch.reason,
                )  # fmt: skip
                part.append(batch.data, progress)
                watch(batch.position)
            part.finish()


def whole_schema(piece: Piece, reader: BatchReader, fields: Sequence[pa.Field]) -> pa.Schema:
    """Return all columns that go out.

    Raises:
        DataError: The source has a column of a name that scoring adds.
    """
    if not piece.keep_lines:
        check_names(reader.schema.names, fields, piece.source.name)
    return pa.schema([*(piece.schema or reader.schema), *fields])


def scored(
    piece: Piece,
    model: Classifier,
    fields: Sequence[pa.Field],
    reader: BatchReader,
    *,
    skip: int = 0,
    at_once: int | None = None,
) -> Generator[Scored]:
    """Yield a source's batches scored, except for the first `skip`: each is read, scored and encoded in its own thread.

    `at_once` batches are scored at a time; None for as many as keep this machine's cores busy.

    Raises:
        DataError: As `score_piece`.
    """
    schema = piece.schema or reader.schema
    with ahead(reader.batches()) as batches, ahead(_answered(batches, model, fields, skip, at_once)) as answered:
        for first_row, batch, answers in answered:
            if piece.keep_lines:
                check_names([*batch.keys], fields, piece.source.name)
            added = pa.RecordBatch.from_arrays(answers, schema=pa.schema(fields))
            data = piece.encode(_conformed(batch.rows, schema), added, first_row)
            reason = batch.reasons[min(batch.reasons)] if batch.reasons else ""
            yield Scored(
                data, len(batch.texts), count_unanswered(answers), len(batch.reasons), batch.position,
                count_answers(answers), reason,
            )  # fmt: skip


def _answered(
    batches: Iterator[Batch], model: Classifier, fields: Sequence[pa.Field], skip: int, at_once: int | None
) -> Iterator[tuple[int, Batch, list[pa.Array]]]:
    def answer(numbered: tuple[int, Batch]) -> tuple[int, Batch, list[pa.Array]]:
        first_row, batch = numbered
        return first_row, batch, score(model, batch, fields)

    # A model that PyTorch scores takes all cores for one batch.
    n = at_once or (1 if "torch" in model.packages else min(usable_cores(), _MOST_UNDER_WAY))
    return in_order(answer, islice(_numbered(batches), skip, None), n)


def _numbered(batches: Iterator[Batch]) -> Iterator[tuple[int, Batch]]:
    first_row = 1
    for batch in batches:
        yield first_row, batch
        first_row += len(batch.texts)


def _conformed(rows: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return the rows with the columns of an output that holds other sources' rows too."""
    if rows.schema == schema:
        return rows
    columns = []
    for field in schema:
        if field.name in rows.schema.names:
            columns.append(rows.column(field.name).cast(field.type))
        else:
            columns.append(pa.nulls(rows.num_rows, field.type))
    return pa.RecordBatch.from_arrays(columns, schema=schema)
