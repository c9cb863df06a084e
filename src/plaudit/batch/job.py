"""What is to be done: which sources, scored by which model, into which output, decided before anything is scored.

This module knows nothing of engines. The decision to question: several files into one output need columns that agree,
so their columns are put together by name, and what a file lacks is null there; columns of one name and different types
end the run before it begins.
"""

from __future__ import annotations

import codecs
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

import plaudit
from plaudit.batch.encoding import SUFFIXES, encode_lines, encode_table
from plaudit.batch.reading import BatchReader
from plaudit.batch.scoring import check_names
from plaudit.config import DataSpec
from plaudit.data.readers import Source
from plaudit.data.readers.formats import PACKED, plain_suffix
from plaudit.errors import ConfigError, DataError
from plaudit.models.answers import PREDICTION
from plaudit.models.artifact import MANIFEST

_SUFFIX_OF = {"csv": ".csv", "tsv": ".tsv", "jsonl": ".jsonl", "parquet": ".parquet"}


@dataclass(frozen=True)
class Options:
    """What the user chose.

    Attributes:
        spec: How the sources are read.
        strict: Whether the first row that cannot be scored ends the run.
        for_spreadsheet: Whether cells of the added columns are guarded that a spreadsheet would run as a formula, and
            the file begins with UTF-8's mark.
        remembered: How the data were read that the model was made of, where its folder says so.
    """

    spec: DataSpec = field(default_factory=DataSpec)
    strict: bool = False
    for_spreadsheet: bool = False
    remembered: DataSpec | None = None


@dataclass(frozen=True)
class Piece:
    """One source, and how its rows go out; the same for every engine, and small enough to be sent to a worker.

    Attributes:
        number: Its place among the sources.
        source: What is read.
        suffix: The form of the output, one of `SUFFIXES`.
        has_header: Whether CSV and TSV begin with the columns' names.
        schema: The columns that go out before those that scoring adds; None for the source's own.
        keep_lines: Whether JSON Lines go out as they came in.
        options: What the user chose.
    """

    number: int
    source: Source
    suffix: str
    has_header: bool
    schema: pa.Schema | None
    keep_lines: bool
    options: Options

    @property
    def is_empty(self) -> bool:
        """Whether a folder's file has not a byte: so will its output."""
        path = self.source.path
        is_file = path is not None and path.is_file() and not self.source.size_bytes
        return self.schema is None and is_file and self.suffix != ".parquet"

    def open(self) -> BatchReader:
        """Open the source."""
        return open_batches(self.source, self.options, keep_lines=self.keep_lines)

    def head(self, schema: pa.Schema) -> bytes:
        """Return what a part begins with, given all columns that go out."""
        if self.suffix == ".parquet":
            return bytes(schema.serialize())
        if not self.has_header or self.suffix == ".jsonl":
            return b""
        empty = pa.table([pa.array([], field.type) for field in schema], schema=schema)
        mark = codecs.BOM_UTF8 if self.options.for_spreadsheet else b""  # or Excel takes it for the system's encoding
        return mark + encode_table(empty, self.suffix, joined=(PREDICTION,))

    def encode(self, rows: pa.RecordBatch, added: pa.RecordBatch, first_row: int) -> bytes:
        """Return a batch as the bytes that it adds to a part; Parquet's are Arrow's stream until the end.

        Raises:
            DataError: The format cannot hold a value.
        """
        if self.keep_lines:
            return encode_lines(rows.column(0).to_pylist(), pa.Table.from_batches([added]))
        joined = pa.RecordBatch.from_arrays(
            [*rows.columns, *added.columns], schema=pa.schema([*rows.schema, *added.schema])
        )
        if self.suffix == ".parquet":
            return bytes(joined.serialize())
        return encode_table(
            pa.Table.from_batches([joined]), self.suffix, joined=(PREDICTION,), has_header=False, first_row=first_row,
            guarded=added.schema.names if self.options.for_spreadsheet else (),
        )  # fmt: skip


def open_batches(source: Source, options: Options, *, keep_lines: bool) -> BatchReader:
    """Open a source as the user says."""
    return BatchReader(source, options.spec, remembered=options.remembered, keep_lines=keep_lines)


def one_output(
    sources: Sequence[Source], suffix: str, options: Options, fields: Sequence[pa.Field]
) -> tuple[list[Piece], BatchReader | None]:
    """Return the pieces of an output that holds all sources' rows, and the open reader if there is one source.

    Raises:
        DataError: A source cannot be opened, has a column that scoring adds, or their columns do not agree.
    """
    keep_lines = suffix == ".jsonl" and all(source.format == "jsonl" for source in sources)
    schemas: list[pa.Schema] = []
    reader: BatchReader | None = None
    for source in sources:
        reader = open_batches(source, options, keep_lines=keep_lines)
        schemas.append(reader.schema)
        try:
            if not keep_lines:
                check_names(reader.schema.names, fields, source.name)
        except DataError:
            reader.close()
            raise
        if len(sources) > 1:
            reader.close()
    try:
        schema = pa.unify_schemas(schemas, promote_options="permissive")
    except pa.ArrowException as error:
        raise DataError(
            f"{sources[0].name} and what follows: {error}; convert one of them, or name a folder as the output: -o DIR/"
        ) from error
    pieces = [
        Piece(number, source, suffix, number == 0, schema, keep_lines, options) for number, source in enumerate(sources)
    ]
    return pieces, reader if len(sources) == 1 else None


def an_output_each(sources: Sequence[Source], options: Options) -> list[Piece]:
    """Return the pieces of a folder of outputs, one for each source."""
    pieces = []
    for number, source in enumerate(sources):
        suffix = _SUFFIX_OF.get(source.format, ".csv")
        keeps = source.format == "jsonl"
        pieces.append(Piece(number, source, suffix, True, None, keeps, options))
    return pieces


def output_names(pieces: Sequence[Piece]) -> list[str]:
    """Return the names of a folder's outputs: the sources', without .gz, under the folder that they have in common.

    Raises:
        ConfigError: Two are the same.
    """
    paths = [piece.source.path.absolute() for piece in pieces if piece.source.path is not None]
    root = Path(os.path.commonpath([path.parent for path in paths]))
    names = []
    for path, piece in zip(paths, pieces, strict=True):
        packed = next((each for each in PACKED if path.name.lower().endswith(each)), "")
        plain = path.with_name(path.name[: len(path.name) - len(packed)])
        is_told = piece.source.format in _SUFFIX_OF and plain_suffix(plain)
        names.append((plain if is_told else plain.with_suffix(piece.suffix)).relative_to(root).as_posix())
    if doubled := [name for name in names if names.count(name) > 1]:
        raise ConfigError(f"two inputs would be written to {doubled[0]!r}: score them apart.")
    return names


def check_target(target: Path, sources: Sequence[Source], *, is_folder: bool) -> str | None:
    """Return the suffix of the output, None for a folder.

    Raises:
        ConfigError: Its form cannot be told, nothing can stand there, it is a source, or it is a folder that is not
            empty.
    """
    for source in sources:
        if source.path is not None and target.exists() and source.path.exists() and target.samefile(source.path):
            raise ConfigError(f"{target} is read and cannot be written: name another output.")
    if not target.absolute().parent.is_dir():
        raise ConfigError(f"{target}: its folder does not exist.")
    if is_folder:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise ConfigError(f"{target}: is there and not empty; name a new folder.")
        return None
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES:
        raise ConfigError(f"{target}: cannot tell the format; name a file that ends in {', '.join(SUFFIXES)}.")
    if target.is_dir():
        raise ConfigError(f"{target}: is a folder.")
    return suffix


def record(model: Path, sources: Sequence[Source], options: Options) -> dict[str, object]:
    """Return what must be the same for a run that goes on, as JSON values.

    Raises:
        OSError: The model's manifest cannot be read.
    """
    return {
        "plaudit": plaudit.__version__,
        "model": hashlib.sha256((model / MANIFEST).read_bytes()).hexdigest(),  # it holds every file's own hash
        "sources": [source.record() for source in sources],
        "options": [
            options.strict,
            options.for_spreadsheet,
            *options.spec.flags(),
            *(options.remembered or DataSpec()).flags(),
        ],
        "is_resumable": all(source.path is not None for source in sources),
    }
