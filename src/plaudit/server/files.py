"""A file of texts through the same queue as everything else: CSV in, CSV with the answers out, or JSON Lines.

It is read and written by threads of the service, within the server's budget: its columns, its rows' bytes, what it may
expand to, and its time, which is over when the client leaves.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
import threading
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from plaudit.batch.encoding import encode_lines, encode_table
from plaudit.batch.reading import BatchReader, sentence
from plaudit.batch.scoring import added_fields, check_names, reasons_of_rows, spread
from plaudit.budget import SERVER, Budget, spending
from plaudit.config import DataSpec
from plaudit.data.readers import Source
from plaudit.errors import DataError, LimitError
from plaudit.models.answers import PREDICTION, answer_columns
from plaudit.server.refusals import Refusal

if TYPE_CHECKING:
    from plaudit.models.answers import Answering
    from plaudit.server.served_model import Loaded
    from plaudit.server.service import Service

_EXPANSION = 10  # times the largest body that a compressed file may have: CSV gives 3 to 10
_OPTION = re.compile(r"--([a-z][a-z-]+)")
_NAME = "the file"  # what messages call it, instead of a temporary path


FORMATS = ("csv", "tsv", "jsonl")


@dataclass(frozen=True)
class AnsweredFile:
    """A file with its answers.

    Attributes:
        content: CSV, or of JSON JSON Lines; UTF-8.
        n_rows: Rows without the header.
        media_type: What it is.
    """

    content: bytes
    n_rows: int
    media_type: str


@dataclass(frozen=True)
class _Read:
    """A file's N rows.

    Attributes:
        rows: Its columns, in their order; of JSON each record's text.
        texts: ``large_string`` [N], null where there is nothing to score.
        reasons: Why there is not, by row.
        keys: Of JSON the names in its records.
        keeps_lines: Whether it is JSON.
    """

    rows: pa.Table
    texts: pa.LargeStringArray
    reasons: dict[int, str]
    keys: Collection[str]
    keeps_lines: bool


async def score_file(
    service: Service, loaded: Loaded, body: bytes, format: str, spec: DataSpec, left: threading.Event
) -> AnsweredFile:
    """Return a file's rows, in order, with further columns, as CSV; of JSON as JSON Lines.

    They are "prediction" and its "probability" (multi-label the labels' names joined by a comma, and each class has a
    column "probability_NAME"), and "reason": why a row could not be scored. Where the model's rule gives no answer the
    prediction is empty, and the probability is that of the most probable class.

    Raises:
        Refusal: The file cannot be read, none of its rows can be scored, a text is too long or there are too many
            (422), the time is over (504); the batcher's.
    """
    limits, clock = service.limits, asyncio.get_running_loop().time
    end = clock() + limits.file_timeout_s
    budget = replace(SERVER, expanded_bytes=max(SERVER.expanded_bytes, _EXPANSION * limits.body_bytes))
    budget = budget.until(seconds=limits.file_timeout_s, cancelled=left)
    try:
        async with asyncio.timeout_at(end):
            remembered = service.models[loaded.name].remembered
            read = await service.readers.run(read_rows, budget, body, format, spec, remembered)
            service.texts(read.texts, limits.file_rows)
            texts = read.texts.drop_null()
            service.check_file(loaded, len(texts))
            found = await service.batcher.score(loaded, texts, timeout_s=max(end - clock(), 0.001))
            content = await service.readers.run(_write, budget, read, loaded, found)
    except TimeoutError:
        raise Refusal(
            504, f"no answer within {limits.file_timeout_s:g} seconds; send fewer rows at once.", reason="timeout"
        ) from None
    media_type = "application/x-ndjson" if read.keeps_lines else "text/csv; charset=utf-8"
    return AnsweredFile(content, len(read.texts), media_type)


def read_rows(budget: Budget, body: bytes, format: str, spec: DataSpec, remembered: DataSpec | None) -> _Read:
    """Return the rows of an uploaded file.

    Raises:
        Refusal: It cannot be read, or none of its rows has a text (422).
        LimitError: The time is over, or the client has left.
    """
    with spending(budget), tempfile.TemporaryDirectory(prefix="plaudit-") as folder:
        path = Path(folder) / f"file.{format}"
        path.write_bytes(body)
        source = Source(path, _NAME, format, len(body))
        try:
            reader = BatchReader(source, spec, remembered=remembered, keep_lines=format == "jsonl")
            with closing(reader):
                batches = list(reader.batches())
        except (DataError, LimitError) as error:
            if isinstance(error, LimitError) and error.limit in ("seconds", "cancelled"):
                raise
            raise Refusal(422, as_parameters(str(error))) from None
    reasons: dict[int, str] = {}
    n = 0
    for batch in batches:
        reasons |= {n + i: reason for i, reason in batch.reasons.items()}
        n += len(batch.texts)
    if not n:
        raise Refusal(422, f"{_NAME}: no rows, only the columns {', '.join(reader.intake.names)[:80]}.")
    if len(reasons) == n:
        raise Refusal(422, f"none of the {n:,} rows can be scored; the first: {sentence(reasons[0])}")
    rows = pa.Table.from_batches([batch.rows for batch in batches], reader.schema)
    texts = pa.concat_arrays([batch.texts for batch in batches])
    return _Read(rows, texts, reasons, batches[-1].keys or rows.column_names, reader.keeps_lines)


def as_parameters(message: str) -> str:
    """Return a message that names options of the command line with the parameters of a request instead."""
    return _OPTION.sub(lambda match: match[1].replace("-", "_"), message.replace("--no-header", "header=false"))


def _write(budget: Budget, read: _Read, loaded: Loaded, found: Answering) -> bytes:
    budget.check_time(_NAME)
    model = loaded.classifier
    fields = added_fields(model, strict=False)
    try:
        check_names(list(read.keys), fields, _NAME)
    except DataError as error:
        raise Refusal(422, str(error)) from None
    reasons = {**read.reasons, **reasons_of_rows(found, read.texts)}
    added = pa.table(spread(answer_columns(model, found), read.texts, reasons, fields), schema=pa.schema(fields))
    if read.keeps_lines:
        return encode_lines(read.rows.column(0).to_pylist(), added)
    columns = {name: read.rows[name] for name in read.rows.column_names}
    columns |= {name: added[name] for name in added.column_names}
    return encode_table(pa.table(columns), ".csv", joined=(PREDICTION,))
