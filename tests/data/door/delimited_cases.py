"""Delimiters, headers, quotes, comments, blank lines and line ends."""

from door_case import ROWS, TEXTS, Case, case, swapped, table, with_label, with_text

_COMMAS = with_text(
    "the soup, warm and red, was lovely to have", "cold chips, again", "we sat, and sat, and watched, and sat",
    "the table was sticky", "best dumplings, fair prices", "they forgot us, twice",
)  # fmt: skip
_MIXED = with_text(
    'she said "fine" and meant it', "two lines\nof one text", "commas, and; semicolons\tand tabs", '"quoted" it began',
)  # fmt: skip
_SEMICOLONS = with_text("warm soup; kind people", "cold chips; no sorry; nothing", "we sat; we watched")
_NUMBERED = [(str(i), text, label) for i, (text, label) in enumerate(ROWS, start=1)]
_PRICED = [(text, label, f"{i},50") for i, (text, label) in enumerate(ROWS)]
_BROKEN = table().split("\n")


def _with_line(number: int, line: str) -> str:
    """Return the usual table with its line `number` (counted from 1) replaced."""
    return "\n".join([*_BROKEN[: number - 1], line, *_BROKEN[number:]])


def _but(row: int) -> list[str | None]:
    """Return the usual texts except for one, which cannot be scored."""
    return [None if i == row else text for i, text in enumerate(TEXTS)]


DELIMITERS: list[Case] = [
    case("commas", table(), rows=ROWS),
    case("commas, the label first", table(swapped(), header=("label", "text")), rows=ROWS),
    case("commas, all quoted", table(_MIXED, quote=True), rows=_MIXED),
    case("commas, the names alone quoted", '"text","label"\n' + table(header=None), rows=ROWS),
    case("commas, spaces after them", table([(text, " " + label) for text, label in ROWS], header=("text", " label")), rows=ROWS),
    case("semicolons", table(by=";"), rows=ROWS, said="semicolons?|';'"),
    case("semicolons, quoted", table(_MIXED, by=";", quote=True), rows=_MIXED, said="semicolons?|';'"),
    case("semicolons, commas in the texts", table(_COMMAS, by=";"), rows=_COMMAS, said="semicolons?|';'"),
    case("semicolons, one comma in each text",
         table([(text.replace(" and ", ", and "), label) for text, label in ROWS], by=";"),
         rows=[(text.replace(" and ", ", and "), label) for text, label in ROWS], said="semicolons?|';'"),
    case("semicolons, a number in front", table(_NUMBERED, by=";", header=("id", "text", "label")), rows=ROWS,
         said="semicolons?|';'"),
    case("semicolons, decimals with commas", table(_PRICED, by=";", header=("text", "label", "price")), rows=ROWS,
         said="semicolons?|';'"),
    case("semicolons in a .tsv", table(by=";"), "data.tsv", rows=ROWS, said="semicolons?|';'"),
    case("commas, semicolons in the texts", table(_SEMICOLONS), rows=_SEMICOLONS),
    case("tabs", table(by="\t"), "data.tsv", rows=ROWS),
    case("tabs in a .tab", table(by="\t"), "data.tab", rows=ROWS),
    case("tabs in a .csv", table(by="\t"), rows=ROWS, said=r"tabs?|\\t"),
    case("tabs in a .txt", table(by="\t"), "data.txt", rows=ROWS, said=r"tabs?|\\t"),
    case("tabs, quoted as a spreadsheet does", table(_MIXED, by="\t", quote=True), "data.tsv", rows=_MIXED),
    case("tabs, quotes that are none", table(with_text('"fine" he said', 'it was 5" wide'), by="\t"), "data.tsv",
         rows=with_text('"fine" he said', 'it was 5" wide')),
    case("tabs, a quote opened in one text and closed in another",
         table(with_text('"fine', "so so", 'they said" again'), by="\t"), "data.tsv",
         rows=with_text('"fine', "so so", 'they said" again')),
    case("tabs, commas quoted as Excel does",
         table([(f'"{text}"' if "," in text else text, label) for text, label in _COMMAS], by="\t"), "data.tsv", rows=_COMMAS),
    case("tabs, the text last holds some", table([(label, text.replace(" and ", "\tand ")) for text, label in ROWS],
         by="\t", header=("label", "text")), "data.tsv", rows=[(text.replace(" and ", "\tand "), label) for text, label in ROWS]),
    case("commas in a .tsv", table(), "data.tsv", rows=ROWS, said="commas?|','"),
    case("bars", table(by="|"), rows=ROWS, said=r"bars?|pipes?|'\|'"),
    case("bars, quoted", table(_MIXED, by="|", quote=True), rows=_MIXED, said=r"bars?|pipes?|'\|'"),
    case("bars, commas in the texts", table(_COMMAS, by="|"), rows=_COMMAS, said=r"bars?|pipes?|'\|'"),
    case("Excel's sep=;", "sep=;\n" + table(by=";"), rows=ROWS),
    case("Excel's sep=, and a CRLF", "sep=,\r\n" + table(end="\r\n"), rows=ROWS),
    case("Excel's sep= and a tab", "sep=\t\n" + table(by="\t"), rows=ROWS),
    case("a caret, told", table(by="^"), flags=("--delimiter", "^"), rows=ROWS),
    case("a caret, not told", table(by="^"), rows=ROWS, said=r"'\^'"),
    case("semicolons, told", table(by=";"), flags=("--delimiter", ";"), rows=ROWS),
    case("tabs, told by name", table(by="\t"), flags=("--delimiter", "tab"), rows=ROWS),
    case("bars told, semicolons in the header alone", table(_SEMICOLONS, by="|"), flags=("--delimiter", "|"), rows=_SEMICOLONS),
    case("some rows with semicolons", "".join(
         f"{text}{';' if i % 3 == 2 else ','}{label}\n" for i, (text, label) in enumerate((("text", "label"), *ROWS))),
         refused=r"expected 2 fields|delimiter", line=3,
         scored=[None if i % 3 == 1 else text for i, text in enumerate(TEXTS)]),
    case("a comma too many in a row", _with_line(5, "the table, sticky as ever,bad"),
         refused=r"expected 2 fields.*got 3.*(quot|--skip-invalid)", line=5, scored=_but(3)),
    case("a comma in texts before the label", table(_COMMAS), refused=r"expected 2 fields.*got [345].*quot", line=2,
         scored=[None if "," in text else text for text, _ in _COMMAS],
         audited=[("", None) if "," in text else (text, label) for text, label in _COMMAS]),
    case("a row cut short", _with_line(8, "my mother loved the plum cake"), refused="expected 2 fields.*got 1", line=8,
         scored=_but(6)),
    case("a row cut short, left out", _with_line(8, "my mother loved the plum cake"), flags=("--skip-invalid",),
         rows=[*ROWS[:6], *ROWS[7:]], noted="1 of (the )?12|left out", scored=_but(6)),
    case("a delimiter at the end of every line", table([(*row, "") for row in ROWS], header=("text", "label", "")), rows=ROWS),
    case("a delimiter at the end of the rows alone", table([(*row, "") for row in ROWS]), refused="expected 2 fields.*got 3", line=2,
         scored=[None] * 12, audited=()),
]  # fmt: skip

HEADERS: list[Case] = [
    case("no header", table(header=None), rows=ROWS, said="no header"),
    case("no header, the label first", table(swapped(), header=None), rows=ROWS, said="no header"),
    case("no header, labels 0 and 1", table([(text, str(int(label == "good"))) for text, label in ROWS], header=None),
         rows=[(text, str(int(label == "good"))) for text, label in ROWS], said="no header"),
    case("no header, a number in front", table(_NUMBERED, header=None), rows=ROWS, said="no header"),
    case("no header, tabs", table(header=None, by="\t"), "data.tsv", rows=ROWS, said="no header"),
    case("no header, semicolons", table(header=None, by=";"), rows=ROWS, said="no header"),
    case("no header, quoted", table(_MIXED, header=None, quote=True), rows=_MIXED, said="no header"),
    case("no header, told", table(header=None), flags=("--no-header",), rows=ROWS),
    case("a header that is told", table(header=("good one", "good")), flags=("--header",), rows=ROWS),
    case("a header of numbers, as pandas writes", table(header=("0", "1")), rows=ROWS, said="'0'"),
    case("a header in capitals", table(header=("TEXT", "LABEL")), rows=ROWS),
    case("a header with spaces", table(header=(" text ", " label ")), rows=ROWS),
    case("a header with the mark of UTF-8", b"\xef\xbb\xbf" + table(quote=True).encode(), rows=ROWS),
    case("an index without a name, as pandas writes", table(_NUMBERED, header=("", "text", "label")), rows=ROWS),
    case("a text column without a name", table(header=("", "label")), rows=ROWS, said="column 1"),
    case("two columns of one name", table([(*row, "x") for row in ROWS], header=("text", "label", "label")), refused="two columns.*'label'"),
    case("two texts of one name", table(_NUMBERED, header=("text", "text", "label")), refused="two columns.*'text'"),
    case("a header and nothing else", "text,label\n", refused="no rows|empty"),
    case("texts alone, with a header", table([(text,) for text in TEXTS], header=("text",)), refused="label", scored=TEXTS),
    case("texts alone, without a header", table([(text,) for text in TEXTS], header=None), refused="label", scored=TEXTS),
    case("a number and a text, no label", table([row[:2] for row in _NUMBERED], header=("id", "text")),
         refused="label.*(id|--label-column)", scored=TEXTS),
    case("too many columns", ",".join(f"c{i}" for i in range(20_000)) + "\n" + "x," * 19_999 + "x\n", refused="columns"),
    case("a blank line before the header", "\n" + table(), rows=ROWS),
    case("a comment before the header", "# written by the till on Monday\n" + table(), refused="comment", line=1),
    case("two comments before the header", "# one, two, three\n# four\n" + table(), refused="comment", line=1),
    case("a title above the header", "What our guests say\n\n" + table(), refused="on line 3. Remove the 2 lines above the header",
         line=1),
    case("a title above the header, padded as a sheet is", "What our guests say,\n,\n" + table(),
         refused="on line 3. Remove the 2 lines above the header", line=1),
    case("a title above a header with semicolons", "What our guests say\n" + table(by=";"),
         refused="on line 2. Remove the line above the header", line=1),
    case("no row has all fields", "text,label\n" + "".join(f"{text}\n" for text in TEXTS),
         refused="expected 2 fields.*No usable row is left", line=2, scored=[None] * len(TEXTS), audited=(), why="expected 2"),
    case("the header again in the middle", table((*ROWS[:6], ("text", "label"), *ROWS[6:])), refused="header|columns' names",
         line=8, scored=[*TEXTS[:6], None, *TEXTS[6:]]),
]  # fmt: skip

QUOTES: list[Case] = [
    case("a quote never closed", _with_line(4, '"we sat by the window,good'), refused="quote", line=4, scored=_but(2)),
    case("a quote never closed, in a large file", _with_line(4, '"we sat by the window,good') + table(ROWS * 300, header=None),
         refused="quote", line=4, scored=[*_but(2), *TEXTS * 300]),
    case("quotes within a text without quotes", table(with_text('the "soup" was warm', 'cold "chips"')),
         rows=with_text('the "soup" was warm', 'cold "chips"')),
    case("letters after a closing quote", _with_line(4, '"we sat" by the window,good'), refused="quote|CSV", line=4, scored=_but(2)),
    case("quotes after a backslash", _with_line(4, '"we \\"sat\\" by the window, and watched",good'), refused="quote|CSV|fields", line=4,
         scored=_but(2)),
    case("single quotes around fields", _with_line(4, "'we sat, by the window','good'"), refused="expected 2 fields", line=4,
         scored=_but(2)),
    case("a text over many lines", table(with_text("one\ntwo\n\nthree\n"), quote=True), rows=with_text("one\ntwo\n\nthree\n")),
    case("curly quotes", table(with_text("“the soup” was ‘warm’")), rows=with_text("“the soup” was ‘warm’")),
    case("a quoted empty label", table(with_label(""), quote=True), refused="label.*missing|missing.*label", line=2,
         scored=TEXTS, audited=[(TEXTS[0], None), *ROWS[1:]]),
    case("a formula", table(with_text("=SUM(A1:A9) is what it said", "@here and -1 and +1"), quote=True),
         rows=with_text("=SUM(A1:A9) is what it said", "@here and -1 and +1")),
]  # fmt: skip

LINES: list[Case] = [
    case("CRLF", table(end="\r\n"), rows=ROWS),
    case("CR alone", table(end="\r"), rows=ROWS),
    case("CR alone, tabs", table(end="\r", by="\t"), "data.tsv", rows=ROWS),
    case("LF and CRLF", table(ROWS[:6], end="\r\n") + table(ROWS[6:], header=None), rows=ROWS),
    case("LF and CRLF, tabs", table(ROWS[:6], by="\t", end="\r\n") + table(ROWS[6:], by="\t", header=None), "data.tsv", rows=ROWS),
    case("no last line end", table().rstrip("\n"), rows=ROWS),
    case("no last line end, CRLF", table(end="\r\n").rstrip("\r\n"), rows=ROWS),
    case("CRLF, tabs", table(end="\r\n", by="\t"), "data.tsv", rows=ROWS),
    case("blank lines between and after", table(ROWS[:6]) + "\n\n" + table(ROWS[6:], header=None) + "\n\n\n", rows=ROWS),
    case("a blank line of CRLF", table(ROWS[:6], end="\r\n") + "\r\n" + table(ROWS[6:], header=None, end="\r\n"), rows=ROWS),
    case("a CRLF within quotes", table(with_text("one\r\ntwo"), end="\r\n", quote=True), rows=with_text("one\r\ntwo")),
    case("other line separators in a text", table(with_text("one\u2028two\x0bthree\x0cfour\x85five")),
         rows=with_text("one\u2028two\x0bthree\x0cfour\x85five")),
    case("Qualtrics' rows below the header", "Q1_date,text,label\nDate,How was it?,Mood\n"
         + '"{""ImportId"":""d""}","{""ImportId"":""QID1""}","{""ImportId"":""QID2""}"\n'
         + table([("2024-01-01", *row) for row in ROWS], header=None), rows=ROWS, said="left out: 2 rows below the header"),
    case("SurveyMonkey's row below the header", "Respondent,text,label\n,Open-Ended Response,Response\n"
         + table([("7", *row) for row in ROWS], header=None), rows=ROWS, said="left out: a row below the header"),
    case("a rule below the header", "text,label\n----,-----\n" + table(header=None), rows=ROWS, said="left out: a row below the header"),
    case("the columns' types below the header", "text,label\nstring,varchar(20)\n" + table(header=None), rows=ROWS, said="left out: a row"),
    case("a table of Markdown", "| text | label |\n|---|---|\n" + "".join(f"| {text} | {label} |\n" for text, label in ROWS), rows=ROWS,
         said="left out: a row below the header"),
    case("a database shell's table in a .txt", " text | label \n-----+------\n" + "".join(f" {text} | {label}\n" for text, label in ROWS),
         "data.txt", rows=ROWS, said="vertical bars: read as columns"),
    case("a comment with as many commas as the header", "# text, label of tickets\n" + table(), refused="comment", line=1, scored=None),
    case("commas or semicolons", "text, raw;label\n" + "".join(f"{text}, so;{label}\n" for text, label in ROWS),
         refused="commas or semicolons.*--delimiter", line=1, scored=None),
    case("a semicolon behind each row", "text;label\n" + "".join(f"{text};{label};\n" for text, label in ROWS),
         refused="only one column|fields with", scored=None),
    case("whole lines in quotation marks", "".join(f'"{line}"\n' for line in table().splitlines()), refused="only one column|quotation marks", scored=None),
    case("two colons between", table(by="::"), refused="only one column|fields with", scored=None),
    case("a control character between, no header", table(by="\x01", header=None), refused="only one column|fields with", scored=None),
    case("sep=\\t in words", "sep=\\t\n" + table(by="\t"), rows=ROWS),
    case("SEP=; in capitals", "SEP=;\n" + table(by=";"), rows=ROWS),
    case("sep=; above commas", "sep=;\n" + table(), rows=ROWS),
    case("single quotes around all fields", table([(f"'{text}'", f"'{label}'") for text, label in ROWS], header=("'text'", "'label'")),
         refused="surrounds fields", line=1, scored=None),
    case("a pointer of Git LFS", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", refused="Git LFS", scored=None),
    case("XML", '<?xml version="1.0"?>\n<rows><row>warm soup</row></rows>\n', refused="XML", scored=None),
    case("R's table in a .txt", '"text" "label"\n' + "".join(f'"{i}" "{text}" "{label}"\n' for i, (text, label) in enumerate(ROWS, 1)),
         "data.txt", rows=ROWS, said="spaces: read as columns"),
    case("a row of empty fields", table((*ROWS[:6], ("", ""), *ROWS[6:])), refused="blank|missing", line=8,
         scored=[*TEXTS[:6], "", *TEXTS[6:]], audited=[*ROWS[:6], ("", None), *ROWS[6:]]),
]  # fmt: skip

CASES = [*DELIMITERS, *HEADERS, *QUOTES, *LINES]
