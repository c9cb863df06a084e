"""Excel workbooks and databases."""

import importlib.util
import sqlite3
import tempfile
import zipfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from door_case import ROWS, TEXTS, Case, case, with_text
from workbook import Cell, workbook

_SERVER = frozenset({"server"})
_STARS = [(text, str(1 + i % 2)) for i, text in enumerate(TEXTS)]
_HEAD: tuple[Cell, ...] = ("text", "label")


def _book(rows: Sequence[Sequence[Cell]] = ROWS, head: Sequence[Cell] | None = _HEAD, **more: Any) -> bytes:
    return workbook({"reviews": rows if head is None else [head, *rows]}, **more)


def _with_stray_cell(content: bytes) -> bytes:
    """Return a workbook whose sheet has a cell in the last row and column that Excel has."""
    held = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            stray = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
            new.writestr(name, old.read(name).replace(b"</sheetData>", stray))
    return held.getvalue()


_MARKS = with_text("one\ntwo, three", 'a "quote" & <b>more</b>', " outer space ", "汤很热 🙂")
_MIXED_TEXTS = [(*row, 45_000 + i, i % 2 == 0) for i, row in enumerate(ROWS)]

EXCEL: list[Case] = [
    Case(name, {source: content}, source, skip=_SERVER, **more)
    for name, source, content, more in (
        ("Excel", "data.xlsx", _book(), {"rows": ROWS}),
        ("Excel, texts with marks and line ends", "data.xlsx", _book(_MARKS), {"rows": _MARKS}),
        ("Excel, a .xlsm", "data.xlsm", _book(), {"rows": ROWS}),
        ("Excel, whole numbers as labels", "data.xlsx", _book([(text, 1.0 + i % 2) for i, text in enumerate(TEXTS)]), {"rows": _STARS}),
        ("Excel, truth values as labels", "data.xlsx", _book([(text, i % 2 == 0) for i, text in enumerate(TEXTS)]),
         {"rows": [(text, "true" if i % 2 == 0 else "false") for i, text in enumerate(TEXTS)]}),
        ("Excel, dates and numbers beside", "data.xlsx", _book(_MIXED_TEXTS, head=(*_HEAD, "when", "new"), dates=[2]), {"rows": ROWS}),
        ("Excel, numbers as texts", "data.xlsx", _book([(100.0 + i, label) for i, (_, label) in enumerate(ROWS)]),
         {"rows": [(str(100 + i), label) for i, (_, label) in enumerate(ROWS)]}),
        ("Excel, empty rows and columns around", "data.xlsx",
         workbook({"reviews": [(None, *_HEAD), (), *((None, *row) for row in ROWS[:6]), (), *((None, *row) for row in ROWS[6:]), ()]},
         first_row=3), {"rows": ROWS}),
        ("Excel, no names", "data.xlsx", _book(head=None), {"rows": ROWS, "said": "no (row of names|header)"}),
        ("Excel, a title above", "data.xlsx", workbook({"reviews": [("What our guests say",), (), _HEAD, *ROWS]}),
         {"refused": "row 1.*on row 3. Remove the 2 rows above the header", "scored": None}),
        ("Excel, two sheets", "data.xlsx", workbook({"reviews": [_HEAD, *ROWS], "notes": [("a",)]}), {"rows": ROWS, "said": "'reviews'"}),
        ("Excel, the first sheet hidden", "data.xlsx", workbook({"notes": [("a",)], "reviews": [_HEAD, *ROWS]}, hidden=["notes"]),
         {"rows": ROWS, "said": "'reviews'"}),
        ("Excel, a sheet that is told", "data.xlsx", workbook({"notes": [("a",)], "reviews": [_HEAD, *ROWS]}),
         {"rows": ROWS, "flags": ("--sheet", "reviews")}),
        ("Excel, a sheet that is not there", "data.xlsx", _book(), {"flags": ("--sheet", "June"), "refused": "June.*reviews", "scored": None}),
        ("Excel, a label is missing", "data.xlsx", _book([*ROWS[:3], (TEXTS[3], None), *ROWS[4:]]),
         {"refused": "label.*missing", "line": 5, "scored": TEXTS, "audited": [*ROWS[:3], (TEXTS[3], None), *ROWS[4:]]}),
        ("Excel, an empty sheet", "data.xlsx", workbook({"reviews": []}), {"refused": "empty", "scored": None}),
        ("Excel, a cell far down", "data.xlsx", _with_stray_cell(_book()), {"refused": "cells|far", "scored": None}),
        ("Excel cut in two", "data.xlsx", _book()[:400], {"refused": "(?i)excel|zip", "scored": None}),
        ("CSV named .xlsx", "data.xlsx", b"text,label\na,b\n", {"refused": "(?i)excel|zip", "scored": None}),
    )
] if importlib.util.find_spec("python_calamine") else []  # fmt: skip
EXCEL.append(case("Excel named .csv", _book(), refused="(?i)zip|office|excel", scored=None))


def _sqlite(rows: Sequence[tuple[Any, ...]] = ROWS, *statements: str) -> bytes:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "data.db"
        connection = sqlite3.connect(path)
        connection.execute("create table reviews (text, label)")
        connection.executemany("insert into reviews values (?, ?)", rows)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()
        return path.read_bytes()


def _duckdb() -> bytes:
    import duckdb

    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "data.duckdb"
        connection = duckdb.connect(str(path))
        connection.execute("create table reviews (text varchar, label varchar)")
        connection.executemany("insert into reviews values (?, ?)", [list(row) for row in ROWS])
        connection.close()
        return path.read_bytes()


_TWO_TABLES = _sqlite(ROWS, "create table notes (n)")
_NULL = [*ROWS[:3], (TEXTS[3], None), *ROWS[4:]]

DATABASES: list[Case] = [
    Case(name, {"data.db": content}, f"sqlite:///data.db{what}", skip=_SERVER, **more)
    for name, content, what, more in (
        ("SQLite, its one table", _sqlite(), "", {"rows": ROWS}),
        ("SQLite, a table", _TWO_TABLES, "?table=reviews", {"rows": ROWS}),
        ("SQLite, several tables and none named", _TWO_TABLES, "", {"refused": "'notes', 'reviews'.*table=", "scored": None}),
        ("SQLite, a table that is not there", _TWO_TABLES, "?table=review", {"refused": "no table 'review'", "scored": None}),
        ("SQLite, a query", _TWO_TABLES, "?query=select upper(label) as label, text from reviews where text like '%' and 1 != 2",
         {"rows": [(text, label.upper()) for text, label in ROWS]}),
        ("SQLite, a query with a fault", _TWO_TABLES, "?query=selekt 1", {"refused": "selekt", "scored": None}),
        ("SQLite, a query that writes", _TWO_TABLES, "?query=delete from reviews", {"refused": "readonly|read-only|select", "scored": None}),
        ("SQLite, a query without rows", _TWO_TABLES, "?query=select text, label from reviews where 1 = 2", {"refused": "no rows"}),
        ("SQLite, numbers as labels", _sqlite([(text, 1 + i % 2) for i, text in enumerate(TEXTS)]), "?table=reviews", {"rows": _STARS}),
        ("SQLite, a label is null", _sqlite(_NULL), "?table=reviews",
         {"refused": "label.*missing", "line": 4, "scored": TEXTS, "audited": _NULL}),
        ("SQLite, neither a table nor a query", _TWO_TABLES, "?tabel=reviews", {"refused": "query=", "scored": None}),
        ("SQLite, no database", b"text,label\n", "?table=reviews", {"refused": "(?i)sqlite", "scored": None}),
    )
]  # fmt: skip
DATABASES.append(case("SQLite by its file alone", _sqlite(), "data.sqlite", rows=ROWS, skip=_SERVER))
if importlib.util.find_spec("duckdb"):
    _FILE = _duckdb()
    DATABASES += [
        Case(name, {"data.duckdb": content}, f"duckdb:///data.duckdb{what}", skip=_SERVER, **more)
        for name, content, what, more in (
            ("DuckDB, its one table", _FILE, "", {"rows": ROWS}),
            ("DuckDB, a query", _FILE, "?query=select text, upper(label) as label from reviews",
             {"rows": [(text, label.upper()) for text, label in ROWS]}),
            ("DuckDB, a query with a fault", _FILE, "?query=selekt 1", {"refused": "selekt", "scored": None}),
            ("DuckDB, a query that writes", _FILE, "?query=delete from reviews", {"refused": "read-only|select", "scored": None}),
            ("DuckDB, a query of another file", _FILE, "?query=select * from read_csv('data.csv')", {"refused": "disabled", "scored": None}),
            ("DuckDB, no database", b"text,label\n", "?table=reviews", {"refused": "(?i)duckdb", "scored": None}),
        )
    ]  # fmt: skip

CASES = [*EXCEL, *DATABASES]
