"""How a delimited text is written, found by looking at its first rows: the delimiter, quotes, the header.

This module knows nothing of files. The decisions to question: the name's own delimiter (a comma in .csv, a tab in .tsv)
wins where the first rows agree with it, and others are looked for only where they do not; TSV has no quotes unless
they are those of a program, as spreadsheets and pandas write them; and a first row is data only on evidence: its label
comes again below it, or it holds a sentence or a number where the column does.
"""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from plaudit.data.column_facts import DATE, NUMBER, count_wide
from plaudit.data.column_names import is_header, is_known_name, is_other_name, is_whole_name
from plaudit.data.readers.title_rows import RULE, above_header, header_row, is_ruled, rows_below, said_below
from plaudit.errors import DataError
from plaudit.setting_values import typed

NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_LOOKED_AT = 1_000  # rows
_MOST_FIELDS = 20_000  # of a row that is looked at; the reader itself counts them all
_SEPARATOR_LINE = re.compile(r'"?sep ?= ?(\\t|.)"?\r?\n', re.IGNORECASE)  # Excel's own
_WHOLE = re.compile(r"\d+")
_SPACED = re.compile(r'"[^"]*"(?: "[^"]*")+\r?')  # as R writes a table
_SPACED_ROW = re.compile(r'(?:"(?:[^"\\]|\\.|"")*"|NA|[-+.\w]+)(?: (?:"(?:[^"\\]|\\.|"")*"|NA|[-+.\w]+))+\r?')
_IN_NAMES = " _-.:/()[]\"'\r"  # marks that stand in a column's name
_QUOTED_FIELD = re.compile(r'"[^"]*(?:""[^"]*)*"')
_SENTENCE_WORDS = 5
_SENTENCE_CHARACTERS = 60
_SEVERAL_ROWS = 4  # from which few labels are a column's
_TEXT_ENDS = (".", "!", "…", "。", "！")  # no name of a column ends so


@dataclass(frozen=True)
class Dialect:
    """How rows are written.

    Attributes:
        delimiter: Between fields.
        is_quoted: Whether a field in quotation marks may hold delimiters, line ends and doubled quotes.
        has_header: Whether the first row names the columns.
        lines_before: Lines before the first row: Excel's ``sep=;``.
        skips_spaces: Whether spaces stand between a delimiter and the quotation mark that opens a field.
        said: What was found by looking.
        has_row_names: Whether rows begin with a number that the first row has no name for, as R writes tables.
        n_below: Rows below the header that explain it.
        is_padded: Whether spaces around fields are no part of them: of a table drawn in text.
    """

    delimiter: str
    is_quoted: bool
    has_header: bool = True
    lines_before: int = 0
    skips_spaces: bool = False
    said: tuple[str, ...] = ()
    has_row_names: bool = False
    n_below: int = 0
    is_padded: bool = False


def find_dialect(
    head: str, *, is_whole: bool, own: str, delimiter: str | None, header: bool | None, where: str
) -> Dialect:
    """Return how a text is written.

    Args:
        head: Its first lines.
        is_whole: Whether these are all.
        own: The delimiter that its name promises.
        delimiter: As the user says, or None.
        header: Whether there is one, as the user says, or None.
        where: The file, for messages.

    Raises:
        DataError: It begins with lines of comment.
    """
    said: list[str] = []
    lines_before = 0
    if match := _SEPARATOR_LINE.match(head):
        lines_before, head = 1, head[match.end() :]
        told = "\t" if match[1] == "\\t" else match[1]
        if told in head.partition("\n")[0]:
            delimiter = delimiter or told
    found = delimiter or _find_delimiter(head, own, is_whole=is_whole, where=where)
    if found != own and found != delimiter:
        said.append(f"fields are separated by {NAMES.get(found, 'spaces' if found == ' ' else repr(found))}")
    is_quoted = _are_quoted(head, found, is_whole=is_whole) if found == "\t" else True
    skips_spaces = (
        is_quoted and re.search(rf'{re.escape(found)} +"[^"\n]*" *(?:{re.escape(found)}|\r?\n|$)', head) is not None
    )
    rows = _sample(head, found, is_quoted=is_quoted, is_whole=is_whole, skips_spaces=skips_spaces)
    _refuse_comments(rows, where, lines_before)
    if header is None:
        _refuse_titles(head, rows, found, is_whole=is_whole, where=where, lines_before=lines_before)
    has_header = header if header is not None else not is_headless(rows)
    if header is None and not has_header:
        said.append("no header line: its first row is taken as a text (--header if it names the columns)")
    has_row_names = has_header and _have_row_names(rows)
    if has_row_names:
        said.append("rows begin with a number that the first line has no name for")
    if n_below := rows_below(rows) if has_header else 0:
        said.append(said_below(n_below))
    return Dialect(
        found, is_quoted, has_header, lines_before, skips_spaces, tuple(said), has_row_names, n_below, is_ruled(rows)
    )


def _have_row_names(rows: Sequence[Sequence[str]]) -> bool:
    """Say whether all rows have one field more than the first one, and begin with their number."""
    rest = rows[1:]
    is_longer = bool(rest) and {*map(len, rest)} == {len(rows[0]) + 1}
    return is_longer and all(_WHOLE.fullmatch(row[0]) for row in rest) and len({row[0] for row in rest}) == len(rest)


def _sample(
    head: str, delimiter: str, *, is_quoted: bool, is_whole: bool, skips_spaces: bool = False
) -> list[list[str]]:
    """Return the first rows that are not blank, as fields."""
    if is_quoted:
        reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, skipinitialspace=skips_spaces)
        rows: list[list[str]] = []
        with contextlib.suppress(csv.Error):
            rows += itertools.islice((row for row in reader if row), _LOOKED_AT + 1)
    else:
        lines = (line.removesuffix("\r") for line in head.split("\n"))
        rows = [line.split(delimiter) for line in itertools.islice((line for line in lines if line), _LOOKED_AT + 1)]
    is_cut = not is_whole and len(rows) <= _LOOKED_AT
    return rows[:-1] if is_cut and len(rows) > 2 else rows[:_LOOKED_AT]


def _find_delimiter(head: str, own: str, *, is_whole: bool, where: str) -> str:
    """Return the delimiter with which the rows have equally many fields; `own` where that is one, or none is better.

    Raises:
        DataError: Two are as good, and a name of `own`'s columns holds the other: "text, raw;label".
    """
    counts: dict[str, Counter[int]] = {}
    firsts: dict[str, int] = {}
    first_line = head.lstrip("\r\n").partition("\n")[0]
    if _SPACED.fullmatch(first_line):
        return " "
    for each in dict.fromkeys((own, *NAMES)):
        if each not in first_line:
            continue
        quoted = each != "\t" or _are_quoted(head, each, is_whole=is_whole)
        rows = _sample(head, each, is_quoted=quoted, is_whole=is_whole)
        if rows and 2 <= len(rows[0]) <= _MOST_FIELDS:
            counts[each], firsts[each] = Counter(map(len, rows)), len(rows[0])
    shares = {each: found[firsts[each]] / found.total() for each, found in counts.items()}
    if not shares:
        return _rare_delimiter(head, first_line, is_whole=is_whole) or own
    exact = [each for each, share in shares.items() if share == 1 and counts[each].total() > 1]
    if shares.get(own, 0) == 1:
        names = first_line.split(own)
        others = [each for each in exact if each != own and any(each in name for name in names)]
        if own in exact and others:
            flags = " or ".join(f'--delimiter "{typed(each)}"' for each in (own, *others))
            raise DataError(
                f"{where}:1: {NAMES.get(own, own)} or {NAMES[others[0]]} may separate the fields. Say which: {flags}."
            )
        return own
    if exact:
        return max(exact, key=lambda each: (_knows_names(first_line, each), firsts[each]))
    best = max(shares, key=lambda each: (shares[each], _knows_names(first_line, each), each == own))
    return best if best == own or shares[best] > max(shares.get(own, 0), 0.5) else own


def _rare_delimiter(head: str, first_line: str, *, is_whole: bool) -> str | None:
    """Return a mark that stands between names of a text and a label, and equally often in every row; else None."""
    marks = (each for each in dict.fromkeys(first_line) if not each.isalnum() and each not in _IN_NAMES)
    for mark in marks:
        rows = _sample(head, mark, is_quoted=True, is_whole=is_whole)
        is_even = len(rows) > 1 and {*map(len, rows)} == {len(rows[0])} != {1}
        if is_even and all(name.strip() for name in rows[0]) and any(map(is_whole_name, rows[0])):
            return mark
    return None


def _knows_names(line: str, delimiter: str) -> bool:
    return any(is_known_name(name.strip(' "\r')) for name in line.split(delimiter))


def _are_quoted(head: str, delimiter: str, *, is_whole: bool) -> bool:
    """Say whether quotation marks around fields of tab-separated text are quotes: on evidence that a program put them.

    A program quotes the columns' names too; or just the fields that hold a quotation mark, which it doubles, or a comma
    (Excel); or one that holds a tab or a line end, so that the lines by themselves have unequal numbers of fields. A
    person's quotation mark at the beginning of a text is none of these, and stays a part of the text.
    """
    if '"' not in head:
        return False
    lines = [
        line.removesuffix("\r").split(delimiter) for line in head.split("\n")[: _LOOKED_AT + 1] if line.strip("\r")
    ]
    lines = lines if is_whole or len(lines) < 2 else lines[:-1]
    if all(len(name) > 1 and name[0] == name[-1] == '"' for name in lines[0]) or len({*map(len, lines)}) > 1:
        return _is_even_when_quoted(head, delimiter, is_whole=is_whole)
    fields = [field for line in lines for field in line]
    quoted = [field for field in fields if '"' in field]
    if not all(map(_QUOTED_FIELD.fullmatch, quoted)):
        return False
    is_excel = all(("," in field) == ('"' in field) for field in fields)
    return is_excel or any('""' in field[1:-1] for field in quoted)


def _is_even_when_quoted(head: str, delimiter: str, *, is_whole: bool) -> bool:
    """Say whether rows have equally many fields, and no stray quotation mark, where quotes are read as such."""
    rows: list[list[str]] = []
    try:
        rows += itertools.islice(
            (row for row in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, strict=True) if row),
            _LOOKED_AT + 1,
        )
    except csv.Error as error:
        if is_whole or "unexpected end" not in str(error):
            return False
    rows = rows if is_whole or len(rows) < 2 else rows[:-1]
    return len({len(row) for row in rows}) == 1 and len(rows[0]) > 1


def _refuse_comments(rows: Sequence[Sequence[str]], where: str, lines_before: int) -> None:
    """Refuse a file whose first rows are a remark about it."""
    if len(rows) > 1 and rows[0] and rows[0][0].lstrip().startswith(("#", "//")):
        n = sum(1 for _ in itertools.takewhile(lambda row: row[0].lstrip().startswith(("#", "//")), rows))
        usual = Counter(map(len, rows[n:])).most_common(1)
        is_name = n < len(rows) and is_header(rows[n]) and len(rows) > n + 1
        if usual and (usual[0][0] != len(rows[0]) or is_name):
            raise DataError(
                f"{where}:{lines_before + 1}: a line of comment ({rows[0][0][:40]!r}); expected the columns' names. "
                f"Remove the {'line' if n == 1 else f'{n} lines'} before them."
            )
    quote = next((mark for mark in "'`" if rows and all(_stands_between(mark, cell) for cell in rows[0])), None)
    if quote is not None and sum(_stands_between(quote, cell) for row in rows for cell in row) > len(rows):
        raise DataError(f'{where}:{lines_before + 1}: {quote} surrounds fields; use quotation marks (") instead.')


def _stands_between(mark: str, cell: str) -> bool:
    return len(cell.strip()) > 1 and cell.strip()[0] == cell.strip()[-1] == mark


def column_delimiter(lines: Sequence[str]) -> str | None:
    """Return what stands between columns in lines of unknown kind: a tab, a mark between names, or R's spaces.

    Args:
        lines: The first ones that are not blank.
    """
    if len(lines) > 1 and all("\t" in line for line in lines):
        return "\t"
    if len(lines) > 1 and _SPACED.fullmatch(lines[0]) and all(map(_SPACED_ROW.fullmatch, lines)):
        return " "
    lines = [line for line in lines if not RULE.fullmatch(line.replace(" ", ""))]
    for mark in NAMES:
        rows = _sample("\n".join(lines), mark, is_quoted=True, is_whole=True)
        if len(rows) > 1 and {*map(len, rows)} == {len(rows[0])} != {1} and sum(map(is_whole_name, rows[0])) > 1:
            return mark
    return None


def _refuse_titles(
    head: str, rows: Sequence[Sequence[str]], delimiter: str, *, is_whole: bool, where: str, lines_before: int
) -> None:
    """Refuse a file with a title above its header, which may hide the delimiter too."""
    n, found = header_row(rows), delimiter
    if not n and rows and len(rows[0]) == 1:
        for each in (each for each in NAMES if each != delimiter):
            sample = _sample(head, each, is_quoted=True, is_whole=is_whole)
            if n := header_row(sample, is_named=True):
                rows, found = sample, each
                break
    if n:
        line, n_rows = 1, 0
        reader = csv.reader(io.StringIO(head, newline=""), delimiter=found)
        with contextlib.suppress(csv.Error):
            for row in reader:  # to the line on which the header begins; blank ones are no rows
                n_rows += bool(row)
                if n_rows > n:
                    break
                line = reader.line_num + 1
        fault = above_header(rows[0], rows[n], lines_before + line - 1, unit="line")
        raise DataError(f"{where}:{lines_before + 1}: {fault}")


def is_headless(rows: Sequence[Sequence[str]]) -> bool:
    """Say whether the first row is data, on evidence from the rows below it.

    A cell that comes again below is a label: nobody names a column "Billing team" or "5 stars" that holds them. It is
    a name all the same ("spam" above spam and ham) where another cell of the row is one beyond doubt: a word above
    numbers or dates, or the name of a text or a label. And a row whose label none of many others has is no row.
    """
    if len(rows) < 2:
        return False
    first = [cell.strip() for cell in rows[0]]
    rest = [row for row in rows[1:] if len(row) == len(first) and [cell.strip() for cell in row] != first]
    if not rest:
        return False
    if first == [str(i) for i in range(len(first))] and len(first) > 1:
        return False  # what pandas names columns without names
    columns = [
        _Column(name, [value.strip() for value in column])
        for name, column in zip(first, zip(*rest, strict=True), strict=True)
    ]
    if any(column.is_below_a_name for column in columns):
        return False
    if any(column.is_number_among_numbers for column in columns):
        return not any(map(is_whole_name, first))
    if len(first) == 1:
        return columns[0].is_text_among_texts
    if recurring := [column for column in columns if column.name_recurs]:
        others = [column for column in columns if column not in recurring]
        is_known = all(is_whole_name(column.name) for column in recurring)
        return not any(is_whole_name(column.name) or (is_known and column.is_word_above_phrases) for column in others)
    if any(column.is_other_than_a_label for column in columns):
        return False
    is_data = any(column.is_sentence_among_sentences for column in columns)
    return is_data and not any(map(is_whole_name, first))


class _Column:
    """A column without its first cell, and that cell, which may be its name."""

    def __init__(self, name: str, values: Sequence[str]) -> None:
        self.name, self.values = name, values
        self._different = set(values)
        self._is_number, self._is_numeric = NUMBER.fullmatch(name) is not None, self._are(NUMBER)

    def _are(self, kind: re.Pattern[str]) -> bool:
        return sum(kind.fullmatch(value) is not None for value in self.values) >= 0.9 * len(self.values)

    @property
    def name_recurs(self) -> bool:
        """Whether the first cell is one of a few values, and no number."""
        is_few = len(self._different) <= max(2, len(self.values) / 2)
        return bool(self.name) and self.name in self._different and is_few and not self._is_number

    @property
    def is_word_above_phrases(self) -> bool:
        """Whether a single word stands above phrases."""
        return len(self.name.split()) == 1 and sum(" " in value for value in self.values) >= 0.8 * len(self.values)

    @property
    def is_below_a_name(self) -> bool:
        """Whether the first cell differs in kind: a word above numbers or dates, or nothing (pandas' index)."""
        if not self.name:
            return True
        if self._is_numeric and not self._is_number:
            return True
        return not DATE.fullmatch(self.name) and self._are(DATE)

    @property
    def is_number_among_numbers(self) -> bool:
        """Whether the first cell is a number as the others are."""
        return self._is_number and self._is_numeric

    @property
    def is_other_than_a_label(self) -> bool:
        """Whether the others are few labels, each of which comes again, and the first cell is none of them."""
        counts = Counter(self.values)
        is_few = len(self.values) >= _SEVERAL_ROWS and len(counts) <= len(self.values) / 3
        return is_few and self.name not in counts and min(counts.values()) > 1

    @property
    def is_text_among_texts(self) -> bool:
        """Whether the first cell of a single column is a text as the others are, and no name."""
        if is_whole_name(self.name):
            return False
        if self.name_recurs:
            return True
        if is_other_name(self.name):
            return False
        if self.name.endswith(_TEXT_ENDS) or (self.name[:1].islower() and " " in self.name):
            return True
        usual = sorted(map(_length, self.values))[len(self.values) // 2]
        return _length(self.name) >= max(usual / 2, 1) and not (is_known_name(self.name) and usual > 2)

    @property
    def is_sentence_among_sentences(self) -> bool:
        return _is_sentence(self.name) and sum(map(_is_sentence, self.values)) >= 0.5 * len(self.values)


def _length(value: str) -> float:
    """Return how many words a value has; of scripts without spaces two characters are one."""
    wide = count_wide(value)
    return len(value.split()) + max(wide / 2 - 1, 0)


def _is_sentence(value: str) -> bool:
    words = len(value.split())
    return (
        words >= _SENTENCE_WORDS
        or len(value) > _SENTENCE_CHARACTERS
        or (words > 1 and value.endswith((".", "!", "?", "…")))
        or count_wide(value) > 2 * _SENTENCE_WORDS  # scripts without spaces
    )
