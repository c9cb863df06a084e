"""Read a sheet of an Excel workbook (.xlsx): its first row with anything in it names the columns.

Cells are read as Excel's own CSV export would show them to a reader of files, as text: a whole number without ".0", a
date in ISO form. The decisions to question: python-calamine and not openpyxl, which takes twelve times as long (100,000
rows of 40 words: 1.1 s and 82 MiB here, 13.7 s and 49 MiB); and a sheet whose used area is larger than `_MOST_CELLS` is
refused before it is opened, because one stray cell far down costs memory for the whole rectangle.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.budget import current
from plaudit.config import DataSpec
from plaudit.data.readers.dialect import is_headless
from plaudit.data.readers.rows import Parsed, Reader, Rows, named_columns, string_rows, too_long
from plaudit.data.readers.title_rows import above_header, header_row, rows_below, said_below
from plaudit.errors import DataError, LimitError, require
from plaudit.expansion import DAMAGE, check_zip

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.data.readers.sources import Source

_MOST_CELLS = 50_000_000  # of the rectangle that holds all cells; 32 bytes each while it is read
_LOOKED_AT = 1_000  # rows
_PIECE_BYTES = 2**20
_LONGEST_PLACE = 32  # bytes of a cell's place, which the end of a piece may cut
_LONGEST_CELL = 256  # bytes of a cell that points to a shared string
_SHARED = re.compile(rb"""\bt\s*=\s*["']s["'][^>]*>\s*<(?:\w+:)?v>\s*(\d{1,9})\s*<""")
_END_OF_STRING = re.compile(rb"</(?:\w+:)?si>|<(?:\w+:)?si\s*/>")
_ROW = re.compile(rb"""<(?:\w+:)?row\b[^>]*?\br\s*=\s*["'](\d+)""")
_WIDE = re.compile(rb"""\br\s*=\s*["']([A-Z]{2,3})\d""")  # a column beyond Z


class ExcelReader(Reader):
    """A sheet of a workbook: the one that is named, or the first that is not hidden."""

    unit = "row"

    def __init__(self, source: Source, spec: DataSpec) -> None:
        """Open the workbook, and find the sheet and its columns.

        Raises:
            DataError: It is no workbook, needs a password, or has no such sheet; or the sheet is empty.
            LimitError: It is over the current budget.
            MissingExtraError: python-calamine is not installed.
        """
        require("python_calamine", extra="excel", purpose="Reading Excel files")
        import python_calamine

        assert source.path is not None
        self.name, self._size = source.name, source.size_bytes
        self._check_size(source)
        try:
            self._book = python_calamine.CalamineWorkbook.from_path(source.path)
            sheet = self._book.get_sheet_by_name(self._choose(spec.sheet))
        except python_calamine.PasswordError as error:
            raise DataError(f"{self.name}: the workbook has a password; save it without one.") from error
        except (python_calamine.CalamineError, OSError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise DataError(f"{self.name}: not a readable Excel file: {reason}.") from error
        self._rows = _numbered(sheet)
        self._n_rows = 0 if sheet.end is None else sheet.end[0] + 1
        self._first: list[tuple[int, list[str | None]]] = []
        for row in self._rows:
            self._first.append(row)
            if len(self._first) > _LOOKED_AT:
                break
        self._find_names(spec.header)

    def _choose(self, wanted: str | None) -> str:
        import python_calamine

        names = list(self._book.sheet_names)
        if wanted is not None:
            if wanted not in names:
                raise DataError(f"{self.name}: no sheet {wanted!r}; the sheets are {', '.join(map(repr, names[:20]))}.")
            self.decided = {"sheet": wanted}
            return wanted
        seen = [
            each.name
            for each in self._book.sheets_metadata
            if each.visible == python_calamine.SheetVisibleEnum.Visible
            and each.typ == python_calamine.SheetTypeEnum.WorkSheet
        ]
        if not seen:
            raise DataError(f"{self.name}: it has no sheet with cells.")
        if len(names) > 1:
            self.said = (f"sheet: {seen[0]!r}, the first of {len(names)} (--sheet names another)",)
            self.decided = {"sheet": seen[0]}
        if len(seen) > 1:
            others = ", ".join(map(repr, seen[1:6])) + (", …" if len(seen) > 6 else "")
            self.hint = f"This is the sheet {seen[0]!r}; --sheet names another one: {others}."
        return str(seen[0])

    def _find_names(self, header: bool | None) -> None:
        if not self._first:
            raise DataError(f"{self.name}: the sheet is empty. {self.hint}".rstrip())
        place, names = self._first[0]
        rest = [row for _, row in self._first[1:]]
        plain = [[cell or "" for cell in row] for row in (names, *rest)]
        if header is None and (n := header_row(plain)):
            fault = above_header(plain[0], plain[n], self._first[n][0] - 1, unit="row")
            raise DataError(f"{self.name}, row {place}: {fault} {self.hint}".rstrip())
        has_header = header if header is not None else not is_headless(plain)
        if not has_header:
            names = [None] * len(names)
            if header is None:
                self.said = (
                    *self.said,
                    "no row of names: the first row is taken as a text (--header if it names the columns)",
                )
        else:
            n_below = rows_below(plain)
            del self._first[: 1 + n_below]
            self.said = (*self.said, *([said_below(n_below)] if n_below else []))
        self.may_lack_header = has_header and header is None
        self.decided = {**self.decided, "header": has_header}
        self.names = named_columns([cell or "" for cell in names], f"{self.name}, row {place}")

    def batches(self) -> Iterator[Rows]:
        """Yield all rows but empty ones, in order."""
        done = 0

        def parsed() -> Iterator[Parsed]:
            nonlocal done
            budget, width = current(), len(self.names)
            for rows in (self._first, self._rows):
                for done, cells in rows:
                    size = sum(len(cell) for cell in cells if cell is not None)
                    if size > budget.row_bytes:
                        yield Parsed(None, done, size, too_long())
                    else:
                        yield Parsed([*cells[:width], *[None] * (width - len(cells))], done, size)

        def position() -> int:
            current().check_time(self.name)
            return self._size * done // max(self._n_rows, 1)

        yield from string_rows(self.names, parsed(), position)

    def close(self) -> None:
        """Close the workbook."""
        self._book.close()

    def _check_size(self, source: Source) -> None:
        """Refuse a workbook that would take too much memory; nothing of it is trusted, so all of it is uncompressed."""
        assert source.path is not None
        budget, n_out, n_shared = current(), 0, 0
        sizes = np.zeros(0, np.int64)
        try:
            with source.path.open("rb") as file:
                if (head := file.read(512)) and b"\0" not in head and not head.startswith(b"PK"):
                    raise DataError(f"{self.name}: not an Excel file but text; name it .csv, or give --format csv.")
                file.seek(0)
                check_zip(file, self.name)
                with zipfile.ZipFile(file) as archive:
                    members = sorted(archive.infolist(), key=lambda each: "sharedStrings" not in each.filename)
                    for member in members:
                        if "sharedStrings" in member.filename:
                            sizes = self._string_sizes(archive, member)
                        last_row, columns, tail, cut = 0, {b"Z"}, b"", b""
                        with archive.open(member) as content:
                            while piece := content.read(_PIECE_BYTES):
                                n_out += len(piece)
                                budget.check_expansion(self._size, n_out, self.name)
                                budget.check_time(self.name)
                                if "/worksheets/" in member.filename:
                                    found = tail + piece
                                    last_row = max([last_row, *map(int, _ROW.findall(found))])
                                    columns.update(_WIDE.findall(found))
                                    tail = piece[-_LONGEST_PLACE:]
                                    # A string stands once, but each cell that points to it gets a copy.
                                    found = cut + piece
                                    ends = [each for each in _SHARED.finditer(found) if each.end() > len(cut)]
                                    at = np.array([int(each[1]) for each in ends], np.int64)
                                    n_shared += int(sizes[at[at < len(sizes)]].sum())
                                    cut = piece[-_LONGEST_CELL:]
                                    budget.check_expansion(self._size, n_shared, self.name)
                        self._check_area(last_row, max(map(_number, columns)))
        except DAMAGE as error:
            reason = " ".join(str(error).split())
            raise DataError(f"{self.name}: not a readable Excel file: {reason}.") from error

    def _string_sizes(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[np.int64]:
        """Return the bytes of each shared string, with its marks; errors as `_check_size`."""
        budget, n_out, ends, tail = current(), 0, [0], b""
        with archive.open(member) as content:
            while piece := content.read(_PIECE_BYTES):
                found = tail + piece
                ends += [n_out - len(tail) + each.end() for each in _END_OF_STRING.finditer(found)]
                n_out += len(piece)
                budget.check_expansion(self._size, n_out, self.name)
                budget.check_time(self.name)
                tail = found[max(len(found) - _LONGEST_PLACE, ends[-1] - n_out + len(found)) :]
        places = np.array(ends, np.int64)
        return places[1:] - places[:-1]

    def _check_area(self, n_rows: int, n_columns: int) -> None:
        current().check_columns(n_columns, self.name)
        if n_rows * n_columns > _MOST_CELLS:
            raise LimitError(
                f"{self.name}: a sheet of {n_rows:,} rows and {n_columns:,} columns; at most {_MOST_CELLS:,} cells are "
                "read. Delete cells far from the table, or save the sheet as CSV.",
                limit="cells",
            )


def _number(column: bytes) -> int:
    """Return the number of a column, from 1, by its letters."""
    number = 0
    for letter in column:
        number = 26 * number + letter - ord("A") + 1
    return number


def _numbered(sheet: Any) -> Iterator[tuple[int, list[str | None]]]:  # Any: CalamineSheet
    """Yield each row that is not empty, and its number, counted from 1."""
    for number, row in enumerate(sheet.iter_rows(), start=1):
        cells = [_text(cell) for cell in row]
        if any(cell is not None for cell in cells):
            yield number, cells


def _text(cell: Any) -> str | None:  # Any: a cell's value
    """Return a cell as text, None for an empty one."""
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**63 else str(cell)
    return None if cell is None else str(cell)
