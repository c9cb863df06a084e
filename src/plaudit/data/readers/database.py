"""Read a table or the rows of a query from a database file: SQLite or DuckDB, never written to.

    sqlite:///reviews.db?table=reviews                                  relative, as SQLAlchemy writes it
    sqlite:////data/reviews.db?query=select body, stars from reviews    absolute
    duckdb:///reviews.duckdb?query=select …

What stands behind ``query=`` is taken as it is, so nothing in it needs an escape. The decisions to question: SQLite is
read with Python's own module and not with ADBC, whose driver takes a column's type from its first rows, while SQLite
has a type a cell; and DuckDB runs on one thread, so that a query without ORDER BY gives its rows in the same order when
a run goes on after a kill.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from plaudit.budget import current
from plaudit.config import DataSpec
from plaudit.data.readers import rows
from plaudit.data.readers.columnar import ColumnarReader
from plaudit.data.readers.rows import Reader, Rows, groups, named_columns
from plaudit.errors import ConfigError, DataError, require

if TYPE_CHECKING:
    from plaudit.data.readers.sources import Source

_ADDRESS = re.compile(r"(sqlite|duckdb):///(.+)", re.DOTALL)
_SHORT = re.compile(r"(sqlite|duckdb)://?[^/]")
_SQLITE, _DUCKDB = "sqlite", "duckdb"
_SQLITE_STEPS = 500_000  # of its virtual machine: some milliseconds
_ROW_BYTES = 512  # that a row of few and short cells costs, about: a view may have rows without end
_DUCKDB_BATCH_ROWS = 2_048  # DuckDB's own vectors


@dataclass(frozen=True)
class Address:
    """What a database's address says.

    Attributes:
        engine: "sqlite" or "duckdb".
        path: The file.
        query: What to run, or None.
        table: What to read, or None.
    """

    engine: str
    path: Path
    query: str | None = None
    table: str | None = None

    def statement(self, tables: list[str], name: str) -> str:
        """Return the SQL to run: the query, or all of the table that is named or is the only one.

        Raises:
            DataError: There is no such table, or several and none is named.
        """
        if self.query is not None:
            return self.query
        table = self.table if self.table is not None else tables[0] if len(tables) == 1 else None
        listed = ", ".join(map(repr, tables[:20])) or "none"
        if table is None:
            raise DataError(
                f"{name}: the tables are {listed}; say which, {self.engine}:///{self.path}?table=NAME, or give "
                "?query=select …"
            )
        if table not in tables:
            raise DataError(f"{name}: no table {table!r}; the tables are {listed}.")
        quoted = table.replace('"', '""')
        return f'select * from "{quoted}"'


def find_address(spec: str) -> Address | None:
    """Return what an address says, None for what is no database's address.

    Raises:
        ConfigError: What stands behind the file is neither ``?query=`` nor ``?table=``.
    """
    match = _ADDRESS.fullmatch(spec)
    if match is None:
        if short := _SHORT.match(spec):
            raise ConfigError(f"{spec}: expected three slashes before a path, or four: {short[1]}:///FILE.")
        return None
    place, mark, what = match[2].partition("?")
    key, _, value = what.partition("=")
    if mark and (key not in ("query", "table") or not value.strip()):
        raise ConfigError(f"{spec}: expected ?query=select … or ?table=NAME behind the file, got ?{what}.")
    return Address(match[1], Path(place).expanduser(), **({key: value.strip()} if mark else {}))


def database_file(spec: str) -> Path | None:
    """Return the file of a database's address, None for what is no such address.

    Raises:
        ConfigError: As `find_address`.
    """
    address = find_address(spec)
    return None if address is None else address.path


def open_database(source: Source, spec: DataSpec) -> Reader:
    """Open a database: by its address, or by the file alone, which then has one table.

    Raises:
        DataError: It cannot be read, or the query gives no rows.
    """
    assert source.path is not None
    address = find_address(source.name) or Address(_engine(source.path), source.path)
    return SqliteReader(source, address) if address.engine == _SQLITE else DuckdbReader(source, address)


def _engine(path: Path) -> str:
    with path.open("rb") as file:
        return _SQLITE if file.read(15) == b"SQLite format 3" else _DUCKDB


class SqliteReader(Reader):
    """Rows of SQLite, whose cells have types of their own: numbers, strings, or bytes (which are read as missing)."""

    unit = "row"

    def __init__(self, source: Source, address: Address) -> None:
        """Run the query, without reading its rows.

        Raises:
            DataError: The file is no database, or SQLite refuses the query.
            LimitError: It computes too long.
        """
        self.name, self._size = str(source.path), source.size_bytes
        with self._readable():
            place = f"{address.path.absolute().as_uri()}?mode=ro"
            self._connection = sqlite3.connect(place, uri=True, check_same_thread=False)
        self._stopped: BaseException | None = None
        self._since = time.monotonic()
        self._connection.set_progress_handler(self._goes_on, _SQLITE_STEPS)
        try:
            with self._readable():
                self._connection.execute("pragma query_only = on")
                self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, current().row_bytes)
                found = self._connection.execute(
                    "select name from sqlite_master where type in ('table', 'view') and name not like 'sqlite_%' "
                    "order by name"
                )
                statement = address.statement([name for (name,) in found], self.name)
                self._cursor = self._connection.execute(statement)
            if self._cursor.description is None:
                raise DataError(f"{self.name}: the query gives no rows; expected a select.")
            self.names = named_columns([each[0] for each in self._cursor.description], f"{self.name}, the query")
        except BaseException:
            self.close()
            raise
        if address.query is None and address.table is None:
            self.said = (f"table: {statement.partition('from ')[2]}, the only one",)

    def batches(self) -> Iterator[Rows]:
        """Yield all rows, in order."""
        budget, done, n_bytes = current(), 0, 0
        with self._readable(), contextlib.closing(self):
            for group in groups(self._cursor, _size_of):
                budget.check_time(self.name)
                n_bytes += sum(map(_size_of, group)) + _ROW_BYTES * len(group)
                budget.check_expansion(self._size, n_bytes, self.name)
                faults = {i: fault for i, row in enumerate(group) if (fault := _fault_of(row, self.names)) is not None}
                kept = [(None,) * len(self.names) if i in faults else row for i, row in enumerate(group)]
                columns = dict(zip(self.names, map(list, zip(*kept, strict=True)), strict=True))
                yield Rows(columns, range(done + 1, done + len(group) + 1), faults)
                done += len(group)
                self._since = time.monotonic()

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def _goes_on(self) -> int:
        """Let SQLite compute, 0, or stop it; it asks each few milliseconds, so that Ctrl-C is heard, too."""
        try:
            current().check_time(self.name)
            current().check_query(time.monotonic() - self._since, self.name)
        except BaseException as error:  # which SQLite would not hand on
            self._stopped = error
        return self._stopped is not None

    @contextlib.contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, sqlite3.Warning) as error:
            if self._stopped is not None:
                raise self._stopped from None
            reason = " ".join(str(error).split())[:300]
            raise DataError(f"{self.name}: SQLite cannot read it so: {reason}.") from error


def _size_of(row: tuple[Any, ...]) -> int:  # Any: a cell of SQLite
    return sum(len(cell) if isinstance(cell, str | bytes) else 8 for cell in row)


def _fault_of(row: tuple[Any, ...], names: tuple[str, ...]) -> str | None:  # Any: a cell of SQLite
    for name, cell in zip(names, row, strict=True):
        if isinstance(cell, bytes):
            return f"column {name!r}: bytes (a BLOB); expected a string or a number."
    return None


class DuckdbReader(ColumnarReader):
    """Rows of DuckDB, which are Arrow's."""

    _kind, _row_bytes = "DuckDB", 256

    def __init__(self, source: Source, spec: DataSpec | Address) -> None:
        """Run the query, without reading its rows; errors as `SqliteReader`'s, and without duckdb."""
        require("duckdb", extra="sql", purpose="Reading DuckDB files")
        import duckdb

        assert isinstance(spec, Address)
        self._address, self._errors = spec, duckdb.Error
        super().__init__(source, DataSpec())

    def _open(self, source: Source) -> pa.Schema:
        import duckdb

        # A query reads this file and no other, and writes none.
        settings: dict[str, Any] = {
            "threads": 1, "enable_external_access": False, "memory_limit": f"{current().query_bytes}B",
            "temp_directory": "",  # nor fills the disk
        }  # fmt: skip
        self._connection = duckdb.connect(str(source.path), read_only=True, config=settings)
        tables = [
            name for (name,) in self._connection.execute("select table_name from information_schema.tables").fetchall()
        ]
        with self._timed():
            relation = self._connection.sql(self._address.statement(sorted(tables), self.name))
            if relation is None:
                raise DataError(f"{self.name}: the query gives no rows; expected a select.")
            self._reader = relation.to_arrow_reader(_DUCKDB_BATCH_ROWS)
            return self._reader.schema

    @contextlib.contextmanager
    def _timed(self) -> Iterator[None]:
        """Stop DuckDB when it has computed too long within the block; errors as `Budget.check_query`."""
        budget = current()
        timer = threading.Timer(budget.query_seconds, self._connection.interrupt)
        timer.daemon = True
        start = time.monotonic()
        timer.start()
        try:
            yield
        except Exception:  # DuckDB's own, or Arrow's for it
            budget.check_query(time.monotonic() - start, self.name)
            raise
        finally:
            timer.cancel()

    def _parts(self) -> Iterator[tuple[pa.RecordBatch, float]]:
        while True:
            with self._timed():
                whole = next(self._reader, None)
            if whole is None:
                return
            mean = whole.nbytes / max(whole.num_rows, 1)
            n_rows = max(1, min(rows.BATCH_ROWS, int(rows.BATCH_BYTES / max(mean, 1))))
            for start in range(0, whole.num_rows, n_rows):
                yield whole.slice(start, n_rows), 0.0

    @contextlib.contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            with super()._readable():
                yield
        except self._errors as error:
            if "Out of Memory" in str(error) and "failed to allocate" in str(error):
                most = current().query_bytes
                current().check("query_bytes", 2 * most, self.name, "bytes of memory or more for the query")
            reason = " ".join(str(error).split())[:300]
            raise DataError(f"{self.name}: DuckDB cannot read it so: {reason}") from error

    def close(self) -> None:
        """Close the database."""
        self._connection.close()
