"""Read JSON: an object a line (JSON Lines), a list of objects, or an object that wraps such a list.

This module knows nothing of which key is the text. The decisions to question: a key that a record lacks is a missing
value, not an error, because exports leave out what is null; a record that names a key twice is broken, because one of
the two values would be lost. In JSON Lines a broken record costs no other; in a list nobody can tell where the next one
begins, so it ends the reading.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from plaudit.budget import current
from plaudit.config import DataSpec
from plaudit.data.columns import is_known_name
from plaudit.data.readers.encodings import Encoding
from plaudit.data.readers.rows import Reader, Rows, groups, too_long
from plaudit.data.readers.text_input import TextInput
from plaudit.errors import DataError

if TYPE_CHECKING:
    from plaudit.data.readers.sources import Source

_Record = dict[str, Any]  # Any: what JSON holds
_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = r'"(?:[^"\\]|\\.)*"'
_LISTS = ("data", "records", "rows", "items", "results", "examples", "documents", "entries")  # beside other records
_PLAIN = rf"{_STRING}|[-+\w.]+"
_WRAPPED = re.compile(
    rf"\s*\{{\s*(?:(?:{_STRING}\s*:\s*(?:{_PLAIN})\s*,\s*)*{_STRING}"
    rf"|(?:{_STRING}\s*:\s*(?:{_PLAIN}|\{{[^{{}}]*\}})\s*,\s*)*\"(?:{'|'.join(_LISTS)})\")\s*:\s*\[\s*\{{"
)
_TABLE = re.compile(r'\s*\{\s*"schema"\s*:\s*\{.*?\}\s*,\s*"data"\s*:\s*\[\s*\{', re.DOTALL)
_COLUMNS = "JSON of columns, not of records (pandas: write it with to_json(orient='records', lines=True))"
_SCHEMA = "schema"  # which pandas puts in front (orient="table")
_PIECE = 2**18


class _Found(NamedTuple):
    """A record, or what is wrong with it; the line that it begins on; its text."""

    record: _Record | None
    line: int
    text: str | None
    size_bytes: int
    fault: str | None = None


class JsonReader(Reader):
    """Records of JSON, whose keys are the columns, in the order in which they first appear."""

    def __init__(self, source: Source, spec: DataSpec, *, keep_lines: bool = False) -> None:
        """Read the first batch.

        Args:
            source: A file, or standard input.
            spec: What the user says of it.
            keep_lines: Whether rows come with their records' text.

        Raises:
            DataError: The file is empty or no text, or nothing in its first batch is a record.
        """
        self._input = TextInput(source, spec.encoding, is_unicode=True)
        self.name, self.said = source.name, self._input.said
        self._keep_lines = keep_lines
        with self._input.kept_open():
            if self._input.is_empty:
                raise DataError(f"{self.name}: the file is empty.")
            is_list = is_one_document(self._input.head, is_whole=self._input.is_whole)
            found = _Document(self._input).records() if is_list else _lines(self._input)
            if is_list and "\n" not in self._input.head.strip():  # all on one line
                self.unit = "row"
                found = (each._replace(line=row) for row, each in enumerate(found, start=1))
            self._batches = groups(found, lambda each: each.size_bytes)
            self._first = next(self._batches, [])
            self.names = self._names_of(self._first)
            if not self.names:
                fault = next((f"{self.name}:{each.line}: {each.fault}" for each in self._first if each.fault), None)
                raise DataError(fault or f"{self.name}: holds no record with keys.")
        self.decided = {} if self._input.encoding.is_utf8 else {"encoding": self._input.encoding.name}

    def batches(self) -> Iterator[Rows]:
        """Yield all rows, in order."""
        with self._input:
            yield self._rows(self._first)
            self._first = []
            for group in self._batches:
                yield self._rows(group)

    def close(self) -> None:
        """Close the file."""
        self._input.close()

    def _names_of(self, group: list[_Found]) -> tuple[str, ...]:
        """Return the keys of a batch, as they first appear: each is a column, so there may not be too many."""
        names: dict[str, None] = {}
        budget = current()
        for each in group:
            if each.record:
                names.update(dict.fromkeys(each.record))
                if len(names) > budget.columns:
                    budget.check_columns(len(names), f"{self.name}:{each.line}")
        return tuple(names)

    def _rows(self, group: list[_Found]) -> Rows:
        names = self._names_of(group)
        records = [each.record or {} for each in group]
        return Rows(
            {name: [record.get(name) for record in records] for name in names},
            [each.line for each in group],
            {i: each.fault for i, each in enumerate(group) if each.fault is not None},
            self._input.position(),
            [each.text for each in group] if self._keep_lines else None,
        )


def _lines(file: TextInput) -> Iterator[_Found]:
    for number, line in file.lines():
        if line is None:
            yield _Found(None, number, None, file.most_bytes, too_long())
        elif line.strip():
            yield _parsed(line, number, file.encoding)


def _parsed(line: bytes, number: int, encoding: Encoding) -> _Found:
    fault: str | None
    try:
        text = line.decode("utf-8")
        record = _decode(text)
    except UnicodeDecodeError as error:
        fault = f"byte 0x{line[error.start]:02x} is not {encoding.shown}. {encoding.advice}"
    except json.JSONDecodeError as error:
        hint = " A JSON array is not JSON Lines: write one object a line." if line.lstrip()[:1] == b"[" else ""
        if _ends_in_a_comma(text):
            hint = " JSON Lines has no comma after an object: remove it, or put [ and ] around them all."
        fault = f"not JSON: {error.msg} at character {error.colno}.{hint}"
    except (ValueError, RecursionError) as error:
        fault = _odd(error)
    else:
        fault = _fault_of(record, text)
        if fault is None:
            return _Found(record, number, text, len(line))
    return _Found(None, number, None, len(line), fault)


def _fault_of(record: object, text: str) -> str | None:
    if not isinstance(record, dict):
        return f"expected a JSON object a line, got {type(record).__name__}."
    if "\\u" not in text:
        return None
    try:
        json.dumps(record, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return "a string holds half of a surrogate pair (\\ud800 to \\udfff), which is not a character."
    return None


class _RepeatedKeyError(ValueError):
    """An object names a key twice."""


def _once(pairs: list[tuple[str, Any]]) -> _Record:
    record = dict(pairs)
    if len(record) < len(pairs):
        ((repeated, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise _RepeatedKeyError(f"names the key {repeated[:100]!r} twice; keep one.")
    return record


_DECODER = json.JSONDecoder(object_pairs_hook=_once)
_decode = _DECODER.decode


def _odd(error: Exception) -> str:
    """Say what is wrong with JSON that the parser gives up on."""
    if isinstance(error, RecursionError):
        return "not a record: the JSON is nested too deeply."
    if isinstance(error, _RepeatedKeyError):
        return str(error)
    return f"not a record: {str(error).partition(';')[0]}."  # a number of thousands of digits


def is_one_document(head: str, *, is_whole: bool) -> bool:
    """Say whether a file is one list of records, or an object around one, or objects over several lines."""
    text = head.lstrip()
    line, _, rest = text.partition("\n")
    second = rest.lstrip().partition("\n")[0]
    try:
        first = _decode(line)
    except (ValueError, RecursionError):
        if text.startswith("["):
            return text[1:].lstrip()[:1] in ("{", "]", "")
        if not text.startswith("{"):
            return False
        if not rest and not is_whole:
            return (_WRAPPED.match(text) or _TABLE.match(text)) is not None
        if _ends_in_a_comma(line):  # a line a record, as in a list without its brackets
            return False
        return not _is_object(second) and line.rstrip().endswith(("{", "[", ",", "}", ":")) and bool(second)
    if isinstance(first, list):
        return not first or isinstance(first[0], dict)
    if not isinstance(first, dict) or rest.strip():
        return False
    return _list_of_records(first) is not None or _is_of_columns(first)


def _ends_in_a_comma(line: str) -> bool:
    """Say whether a line is an object with a comma behind it."""
    return line.rstrip().endswith("},") and _is_object(line.rstrip()[:-1])


def _is_object(line: str) -> bool:
    try:
        return isinstance(_decode(line), dict)
    except (ValueError, RecursionError):
        return False


def _list_of_records(record: _Record) -> str | None:
    found = [name for name, value in record.items() if isinstance(value, list) and value and _all_records(value)]
    others = [value for name, value in record.items() if isinstance(value, list | dict) and name != _SCHEMA]
    has_text = any(isinstance(value, str) and is_known_name(name) for name, value in record.items())
    is_known = bool(found) and found[0] in _LISTS
    return found[0] if len(found) == 1 and (len(others) == 1 or is_known) and not has_text else None


def _all_records(values: list[Any]) -> bool:
    return all(isinstance(value, dict) for value in values)


def _is_of_columns(record: _Record) -> bool:
    """Say whether a lone object is what pandas writes by default: an object, or a list, for each column."""
    values = list(record.values())
    if len(values) < 2:
        return False
    if set(record) >= {"columns", "data"}:
        return True
    sizes = {len(value) for value in values if isinstance(value, list | dict)}
    return all(isinstance(value, list | dict) for value in values) and len(sizes) == 1 and sizes != {0}


class _Document:
    """A file that is one value, or objects one after the other, read record by record."""

    def __init__(self, file: TextInput) -> None:
        self._file, self._most = file, file.most_bytes
        self._text, self._at, self._line, self._is_over = "", 0, 1, False
        self._bytes = b""

    def records(self) -> Iterator[_Found]:
        """Yield each record.

        Raises:
            DataError: What is there is no record, and what follows it cannot be told.
        """
        if self._peek() == "[":
            yield from self._listed()
        elif self._looks_wrapped():
            yield from self._wrapped()
        else:
            while self._peek():
                yield self._record(self._next())
            return
        if self._peek():
            raise self._broken("something follows the end")

    def _looks_wrapped(self) -> bool:
        if _WRAPPED.match(self._text, self._at) or _TABLE.match(self._text, self._at):
            return True
        if self._is_over or len(self._text) < _PIECE:
            try:
                record = _decode(self._text[self._at :])
            except (ValueError, RecursionError):
                return False
            if isinstance(record, dict) and _is_of_columns(record):
                raise DataError(f"{self._file.source.name}: {_COLUMNS}.")
        return False

    def _listed(self) -> Iterator[_Found]:
        self._take("[")
        if self._peek() == "]":
            self._take("]")
            return
        while True:
            yield self._record(self._next())
            if self._peek() != ",":
                break
            self._take(",")
        self._take("]")

    def _wrapped(self) -> Iterator[_Found]:
        self._take("{")
        n_lists = 0
        while True:
            self._next()  # the key
            self._take(":")
            if self._peek() == "[":
                n_lists += 1
                if n_lists > 1:
                    raise self._broken("a second list of records; keep one")
                yield from self._listed()
            else:
                self._next()
            if self._peek() != ",":
                break
            self._take(",")
        self._take("}")

    def _record(self, found: tuple[Any, int, str]) -> _Found:
        value, line, text = found
        if isinstance(value, _RepeatedKeyError):
            return _Found(None, line, None, len(text), str(value))
        fault = _fault_of(value, text)
        if fault is not None:
            fault = fault.replace("a JSON object a line", "a JSON object")
            return _Found(None, line, None, len(text), fault)
        kept = text if "\n" not in text else json.dumps(value, ensure_ascii=False)
        return _Found(value, line, kept, len(text))

    def _next(self) -> tuple[Any, int, str]:
        """Return the value that comes next, the line that it begins on and its text."""
        self._peek()
        while True:
            start = self._at
            try:
                value, end = _DECODER.raw_decode(self._text, start)
                if end == len(self._text) and not self._is_over:
                    raise json.JSONDecodeError("cut", self._text, end)  # a number that may go on
            except json.JSONDecodeError as error:
                is_cut = error.pos >= len(self._text) - 8 or error.msg.startswith(("Unterminated", "cut"))
                if not is_cut or self._is_over:
                    raise self._broken(f"not JSON: {error.msg}", error.pos) from error
                self._read()
                continue
            except _RepeatedKeyError as error:
                value, end = error, json.JSONDecoder().raw_decode(self._text, start)[1]
            except (ValueError, RecursionError) as error:
                raise self._broken(_odd(error).rstrip(".")) from error
            line, text = self._line, self._text[start:end]
            self._line += text.count("\n")
            self._at = end
            return value, line, text

    def _take(self, mark: str) -> None:
        if self._peek() != mark:
            raise self._broken(f"not JSON: expected {mark!r}")
        self._at += 1

    def _peek(self) -> str:
        """Return the next character that is not space, "" at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            assert match is not None
            self._line += match[0].count("\n")
            self._at = match.end()
            if self._at < len(self._text):
                return self._text[self._at]
            if self._is_over:
                return ""
            self._read()

    def _read(self) -> None:
        """Add further text, about as much as is there, so that a long record is not parsed too often."""
        kept = self._text[self._at :]
        if len(kept) > self._most:
            raise self._broken(f"a record {too_long().rstrip('.')}")
        data = self._bytes + self._file.stream.read(max(_PIECE, len(kept)))
        self._is_over = len(data) == len(self._bytes)
        cut = len(data)
        if not self._is_over:
            while cut and data[cut - 1] & 0xC0 == 0x80:  # inside a character
                cut -= 1
            cut -= bool(cut) and data[cut - 1] >= 0xC0
        try:
            self._text = kept + data[:cut].decode("utf-8")
        except UnicodeDecodeError as error:
            raise self._broken(f"byte 0x{data[error.start]:02x} is not UTF-8") from error
        self._at, self._bytes = 0, data[cut:]

    def _broken(self, fault: str, position: int | None = None) -> DataError:
        line = self._line + self._text.count("\n", self._at, self._at if position is None else position)
        return DataError(f"{self._file.source.name}:{line}: {fault}.")
