"""A file of texts through the same queue as everything else: CSV in, CSV with the answers out.

It is read and written by threads of the service, within the server's budget: its columns, its rows' bytes, what it may
expand to, and its time, which is over when the client leaves.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from plaudit.batch.encoding import encode_table
from plaudit.batch.scoring import check_names
from plaudit.budget import SERVER, Budget, spending
from plaudit.data import Dataset, read_file
from plaudit.errors import DataError, LimitError
from plaudit.models.answers import PREDICTION, answer_columns, answer_fields
from plaudit.server.refusals import Refusal

if TYPE_CHECKING:
    from plaudit.models.answers import Answers
    from plaudit.server.served_model import Loaded
    from plaudit.server.service import Service

_EXPANSION = 10  # times the largest body that a compressed file may have: CSV gives 3 to 10
_NAME = "the file"  # what messages call it, instead of a temporary path


@dataclass(frozen=True)
class Scored:
    """A file with its answers.

    Attributes:
        content: CSV, UTF-8.
        n_rows: Rows without the header.
    """

    content: bytes
    n_rows: int


async def score_file(
    service: Service, loaded: Loaded, body: bytes, format: str, text_column: str | None, left: threading.Event
) -> Scored:
    """Return a CSV or TSV file's rows, in order, with two more columns, as CSV.

    They are "prediction" and its "probability"; multi-label the labels' names joined by a comma, and each class has a
    column "probability_NAME". Where the model's rule gives no answer the prediction is empty, and the probability is
    that of the likeliest class.

    Raises:
        Refusal: The file cannot be read, a text is too long or there are too many (422), the time is over (504); the
            batcher's.
    """
    limits, clock = service.limits, asyncio.get_running_loop().time
    end = clock() + limits.file_timeout_s
    budget = replace(SERVER, expanded_bytes=max(SERVER.expanded_bytes, _EXPANSION * limits.body_bytes))
    budget = budget.until(seconds=limits.file_timeout_s, cancelled=left)
    try:
        async with asyncio.timeout_at(end):
            dataset = await service.readers.run(_read, budget, body, format, text_column)
            texts = service.texts(dataset.texts, limits.file_rows)
            found = await service.batcher.score(loaded, texts, timeout_s=max(end - clock(), 0.001))
            content = await service.readers.run(_write, budget, dataset, loaded, found)
    except TimeoutError:
        raise Refusal(
            504, f"no answer within {limits.file_timeout_s:g} seconds; send fewer rows at once.", reason="timeout"
        ) from None
    return Scored(content, len(dataset))


def _read(budget: Budget, body: bytes, format: str, text_column: str | None) -> Dataset:
    with spending(budget), tempfile.TemporaryDirectory(prefix="plaudit-") as folder:
        path = Path(folder) / f"file.{format}"
        path.write_bytes(body)
        try:
            return read_file(path, text_column=text_column, require_labels=False)
        except (DataError, LimitError) as error:
            if isinstance(error, LimitError) and error.limit == "seconds":
                raise
            message = str(error).replace(str(path), _NAME).replace("--text-column", "text_column")
            raise Refusal(422, message) from None


def _write(budget: Budget, dataset: Dataset, loaded: Loaded, found: Answers) -> bytes:
    budget.check_time(_NAME)
    model = loaded.classifier
    columns: dict[str, object] = {dataset.text_name: dataset.texts}
    if dataset.labels is not None:
        columns[dataset.label_name] = pa.array(dataset.label_names(), pa.large_string())
    columns |= {name: dataset.extra[name] for name in dataset.extra.column_names}
    fields, added = answer_fields(model), answer_columns(model, found)
    try:
        check_names(list(columns), fields, _NAME)
    except DataError as error:
        raise Refusal(422, str(error)) from None
    columns |= {field.name: column for field, column in zip(fields, added, strict=True)}
    return encode_table(pa.table(columns), ".csv", joined=(PREDICTION,))
