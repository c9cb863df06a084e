"""JSON in its many shapes, Parquet and Arrow, fastText's format, folders and globs."""

import io
import json
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet as pq
from door_case import ROWS, TEXTS, Case, Row, case, table, with_text

_RECORDS: list[dict[str, Any]] = [{"text": text, "label": label} for text, label in ROWS]
_SETS: list[Row] = [(text, ("food", label) if i % 3 == 0 else (label,)) for i, (text, label) in enumerate(ROWS)]
_STARS: list[Row] = [(text, str(1 + i % 2)) for i, text in enumerate(TEXTS)]
_SERVER = frozenset({"server"})


def _lines(records: Sequence[Any]) -> str:
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in records)


def _replaced(row: int, **more: Any) -> list[Any]:
    """Return the usual records, one of them with other values; None takes a key away."""
    changed = {key: value for key, value in {**_RECORDS[row], **more}.items() if value is not None}
    return [*_RECORDS[:row], changed, *_RECORDS[row + 1 :]]


def _line(number: int, line: str) -> str:
    """Return JSON Lines with one line replaced."""
    lines = _lines(_RECORDS).splitlines(keepends=True)
    return "".join([*lines[: number - 1], line + "\n", *lines[number:]])


def _but(row: int, text: str | None = None) -> list[str | None]:
    return [*TEXTS[:row], text, *TEXTS[row + 1 :]]


_TASKS = [
    {"id": i, "data": {"text": text}, "annotations": [{"result": [{"value": {"choices": [label]}, "type": "choices"}]}]}
    for i, (text, label) in enumerate(ROWS)
]
_WITH_SURROGATE = _line(4, '{"text": "half \\ud83d a face", "label": "good"}')
_COLUMNS = {key: {str(i): each[key] for i, each in enumerate(_RECORDS)} for key in ("text", "label")}

JSON: list[Case] = [
    case("JSON Lines", _lines(_RECORDS), "data.jsonl", rows=ROWS),
    case("JSON Lines in a .json", _lines(_RECORDS), "data.json", rows=ROWS),
    case("JSON Lines in a .ndjson, CRLF", _lines(_RECORDS).replace("\n", "\r\n"), "data.ndjson", rows=ROWS),
    case("JSON Lines with blank lines", _lines(_RECORDS).replace("\n", "\n\n"), "data.jsonl", rows=ROWS),
    case("JSON Lines with the mark of UTF-8", b"\xef\xbb\xbf" + _lines(_RECORDS).encode(), "data.jsonl", rows=ROWS),
    case("JSON Lines, keys in another order", _lines([dict(reversed(each.items())) for each in _RECORDS]), "data.jsonl", rows=ROWS),
    case("a list on one line", json.dumps(_RECORDS), "data.json", rows=ROWS),
    case("a list on many lines", json.dumps(_RECORDS, indent=2), "data.json", rows=ROWS),
    case("a list, an object a line", "[\n" + ",\n".join(json.dumps(each) for each in _RECORDS) + "\n]\n", "data.json", rows=ROWS),
    case("a list in a .jsonl", json.dumps(_RECORDS), "data.jsonl", rows=ROWS),
    case('{"data": […]}', json.dumps({"data": _RECORDS}), "data.json", rows=ROWS),
    case('{"rows": […]} on many lines', json.dumps({"rows": _RECORDS}, indent=1), "data.json", rows=ROWS),
    case("a list beside other facts", json.dumps({"count": 12, "reviews": _RECORDS}), "data.json", rows=ROWS),
    case("a list beside a record", json.dumps({"meta": {"v": 1}, "data": _RECORDS}), "data.json", rows=ROWS),
    case("a list beside a record, on many lines", json.dumps({"meta": {"v": 1}, "data": _RECORDS}, indent=1), "data.json", rows=ROWS),
    case("Label Studio's tasks", json.dumps(_TASKS), "data.json", rows=ROWS, said="data.text.*annotations", told="data.text"),
    case("Label Studio's tasks, a line each", _lines(_TASKS), "data.jsonl", rows=ROWS, said="data.text.*annotations", told="data.text"),
    case("a list in a .txt", json.dumps(_RECORDS), "data.txt", rows=ROWS, said="text file of JSON", skip=_SERVER),
    case("a list on many lines in a .txt", json.dumps(_RECORDS, indent=1), "data.txt", rows=ROWS, said="text file of JSON", skip=_SERVER),
    case("texts within records, named", _lines([{"post": {"body": text}, "label": label} for text, label in ROWS]), "data.jsonl",
         flags=("--text-column", "post.body"), rows=ROWS),
    case("Prodigy's rejected rows", _lines([{**each, "_task_hash": i, "answer": "reject" if i == 2 else "accept"}
         for i, each in enumerate(_RECORDS)]), "data.jsonl", refused="missing", line=3, scored=TEXTS,
         audited=[*ROWS[:2], (TEXTS[2], None), *ROWS[3:]]),
    case("pandas: a table with its schema", json.dumps({"schema": {"fields": [{"name": "text"}]}, "data": _RECORDS}), "data.json",
         rows=ROWS),
    case("objects on many lines, one after the other", "\n".join(json.dumps(each, indent=2) for each in _RECORDS), "data.json",
         rows=ROWS),
    case("pandas: by columns", json.dumps(_COLUMNS), "data.json", refused="(?i)lines|records|list", scored=None),
    case("pandas: split", json.dumps({"columns": ["text", "label"], "index": [*range(12)], "data": [list(row) for row in ROWS]}),
         "data.json", refused="(?i)list|records|object", scored=None),
    case("a list of lists", json.dumps([list(row) for row in ROWS]), "data.json", refused="(?i)object", scored=None),
    case("a list of strings", json.dumps(TEXTS), "data.json", refused="(?i)object", scored=None),
    case("an empty list", "[]", "data.json", refused="(?i)empty|no rows|no record", scored=None),
    case("one string", '"all of it"', "data.json", refused="(?i)object", scored=None),
    case("a comma behind the last of a list", json.dumps(_RECORDS)[:-1] + ",]", "data.json", refused="(?i)json", scored=None),
    case("a list that is cut off", json.dumps(_RECORDS)[:-30], "data.json", refused="(?i)json", scored=None),
    case("a comma behind each object", _lines(_RECORDS).replace("}\n", "},\n"), "data.jsonl", refused="(?i)json|comma", scored=None),
    case("Python's own quotes", _line(3, str(_RECORDS[2])), "data.jsonl", refused="(?i)not json", line=3, scored=_but(2)),
    case("a line that is cut off", _line(12, '{"text": "a hair in the'), "data.jsonl", refused="(?i)not json", line=12, scored=_but(11)),
    case("a line that is cut off, left out", _line(12, '{"text": "a hair in the'), "data.jsonl", flags=("--skip-invalid",),
         rows=ROWS[:11], noted="1 of (the )?12|left out", scored=_but(11)),
    case("a comment", _line(2, "// from here on by hand"), "data.jsonl", refused="(?i)not json", line=2, scored=_but(1)),
    case("a key named twice", _line(4, '{"text": "we sat", "text": "they sat", "label": "good"}'), "data.jsonl",
         refused="(?i)twice.*text|text.*twice|two.*'text'", line=4, scored=_but(3)),
    case("a label named twice in a list file", json.dumps(_RECORDS).replace('"label": "bad"}', '"label": "bad", "label": "good"}', 1),
         "data.json", refused="(?i)twice|two", scored=_but(1)),
    case("an object as the text", _lines(_replaced(2, text={"body": "we sat"})), "data.jsonl", refused="(?i)string", line=3,
         scored=_but(2)),
    case("a number as the text", _lines(_replaced(2, text=17)), "data.jsonl", refused="(?i)string", line=3, scored=_but(2)),
    case("a text that is null", _line(4, '{"text": null, "label": "good"}'), "data.jsonl", refused="blank|missing", line=4,
         scored=_but(3), why="no text", audited=[*ROWS[:3], ("", "good"), *ROWS[4:]]),
    case("a text that is not there", _line(4, '{"label": "good"}'), "data.jsonl", refused="blank|missing", line=4,
         scored=_but(3), why="no text", audited=[*ROWS[:3], ("", "good"), *ROWS[4:]]),
    case("a label that is null", _line(4, json.dumps({"text": TEXTS[3], "label": None})), "data.jsonl", refused="label.*missing", line=4,
         scored=TEXTS, audited=[*ROWS[:3], (TEXTS[3], None), *ROWS[4:]]),
    case("a label that is NaN", _lines(_replaced(3, label=float("nan"))), "data.jsonl", refused="label.*missing", line=4,
         scored=TEXTS, audited=[*ROWS[:3], (TEXTS[3], None), *ROWS[4:]]),
    case("further values of all kinds", _lines([{**each, "n": [1, "x", {"a": None}, 10**30, float("nan"), True][i % 6]}
         for i, each in enumerate(_RECORDS)]), "data.jsonl", rows=ROWS),
    case("half a surrogate pair", _WITH_SURROGATE, "data.jsonl", refused="surrogate", line=4, scored=_but(3)),
    case("a whole surrogate pair", _line(1, '{"text": "a \\ud83d\\ude42 face", "label": "good"}'), "data.jsonl",
         rows=with_text("a 🙂 face")),
    case("line separators within a string", _line(1, '{"text": "one\u2028two\u2029three", "label": "good"}'), "data.jsonl",
         rows=with_text("one\u2028two\u2029three")),
    case("nested without end", _line(2, "[" * 100_000), "data.jsonl", refused="(?i)nested|not json|object", line=2, scored=_but(1)),
    case("labels 0 and 1", _lines([{"text": text, "label": i % 2} for i, text in enumerate(TEXTS)]), "data.jsonl",
         rows=[(text, str(i % 2)) for i, text in enumerate(TEXTS)]),
    case("labels 1 and 1.0", _lines([{"text": text, "label": [1, 2, 1.0, 2.0][i % 4]} for i, text in enumerate(TEXTS)]), "data.jsonl",
         rows=_STARS),
    case("labels true and false", _lines([{"text": text, "label": i % 2 == 0} for i, text in enumerate(TEXTS)]), "data.jsonl",
         rows=[(text, "true" if i % 2 == 0 else "false") for i, text in enumerate(TEXTS)]),
    case("lists of labels", _lines([{"text": text, "labels": list(names or ())} for text, names in _SETS]), "data.jsonl", rows=_SETS),
    case("lists of one label each", _lines([{"text": text, "labels": [label]} for text, label in ROWS]), "data.jsonl",
         rows=[(text, (label,)) for text, label in ROWS]),
]  # fmt: skip


def _parquet(columns: Any, **options: Any) -> bytes:  # Any: a table, or what makes one
    held = io.BytesIO()
    pq.write_table(columns if isinstance(columns, pa.Table) else pa.table(columns), held, **options)
    return held.getvalue()


def _periods() -> bytes:
    """Return a label of pandas' periods, as it lies in a file: a number with a meaning that is not written out."""
    meaning = {"ARROW:extension:name": "pandas.period", "ARROW:extension:metadata": '{"freq": "Y-DEC"}'}
    schema = pa.schema([pa.field("text", pa.string()), pa.field("label", pa.int64(), metadata=meaning)])
    return _parquet(pa.table([TEXTS, [54 + i % 2 for i in range(12)]], schema=schema))


def _arrow(columns: dict[str, Any], new: Callable[..., Any] = pa.ipc.new_file, **options: Any) -> bytes:
    held, whole = io.BytesIO(), pa.table(columns)
    with new(held, whole.schema, **options) as writer:
        writer.write_table(whole, max_chunksize=5)
    return held.getvalue()


def _feather(**options: Any) -> bytes:
    held = io.BytesIO()
    pyarrow.feather.write_feather(pa.table({"text": _T, "label": _L}), held, **options)
    return held.getvalue()


_T, _L = list(TEXTS), [label for _, label in ROWS]
_LISTS = [list(names or ()) for _, names in _SETS]
_EVEN: list[Row] = [(text, ("food", label)) for text, label in ROWS]
_BOOLS = pa.array([label == "good" for label in _L])
_NULL_TEXT, _NULL_LABEL = [*_T[:3], None, *_T[4:]], [*_L[:3], None, *_L[4:]]

COLUMNAR: list[Case] = [
    Case(name, {"data.parquet": content}, "data.parquet", skip=_SERVER, **more)
    for name, content, more in (
        ("Parquet", _parquet({"text": _T, "label": _L}), {"rows": ROWS}),
        ("Parquet, row groups and zstd", _parquet({"text": _T, "label": _L}, row_group_size=5, compression="zstd"), {"rows": ROWS}),
        ("Parquet, large strings", _parquet({"text": pa.array(_T, pa.large_string()), "label": pa.array(_L, pa.large_string())}),
         {"rows": ROWS}),
        ("Parquet, string views", _parquet({"text": pa.array(_T, pa.string_view()), "label": pa.array(_L, pa.string_view())}),
         {"rows": ROWS}),
        ("Parquet, dictionaries", _parquet({"text": pa.array(_T).dictionary_encode(), "label": pa.array(_L).dictionary_encode()}),
         {"rows": ROWS}),
        ("Parquet, whole numbers as labels", _parquet({"text": _T, "label": pa.array([1 + i % 2 for i in range(12)], pa.int8())}),
         {"rows": _STARS}),
        ("Parquet, floats as labels", _parquet({"text": _T, "label": [1.0 + i % 2 for i in range(12)]}), {"rows": _STARS}),
        ("Parquet, pandas' periods as labels", _periods(), {"refused": "a word or a number", "line": 1, "scored": TEXTS, "audited": ()}),
        ("Parquet, truth values as labels", _parquet({"text": _T, "label": _BOOLS}),
         {"rows": [(text, "true" if label == "good" else "false") for text, label in ROWS]}),
        ("Parquet, lists of labels", _parquet({"text": _T, "labels": pa.array(_LISTS, pa.list_(pa.string()))}), {"rows": _SETS}),
        ("Parquet, large lists of labels", _parquet({"text": _T, "labels": pa.array(_LISTS, pa.large_list(pa.string()))}),
         {"rows": _SETS}),
        ("Parquet, lists of labels of one size",
         _parquet({"text": _T, "labels": pa.array([["food", label] for label in _L], pa.list_(pa.string(), 2))}), {"rows": _EVEN}),
        ("Parquet, a struct as the text", _parquet({"text": [{"body": text} for text in _T], "label": _L}),
         {"refused": "struct.*|'text'.*string", "scored": None}),
        ("Parquet, a struct as the label", _parquet({"text": _T, "label": [{"name": label} for label in _L]}),
         {"refused": "label.*(struct|dict)|no text has a label", "scored": TEXTS}),
        ("Parquet, bytes as the text", _parquet({"text": pa.array([text.encode() for text in _T]), "label": _L}),
         {"rows": ROWS}),
        ("Parquet, bytes that are no text", _parquet({"text": pa.array([b"\xff\xfe", *[text.encode() for text in _T[1:]]]), "label": _L}),
         {"refused": "row 1: column 'text': byte 0xff is not UTF-8", "scored": _but(0)}),
        ("Parquet, Hugging Face's class numbers", _parquet(pa.table({"text": _T, "label": [i % 2 for i in range(12)]}).replace_schema_metadata(
         {"huggingface": json.dumps({"info": {"features": {"label": {"names": ["good", "bad"], "_type": "ClassLabel"}}}})})),
         {"rows": [(text, ("good", "bad")[i % 2]) for i, text in enumerate(TEXTS)]}),
        ("Parquet, floats of 4 bytes as labels", _parquet({"text": _T, "label": pa.array([0.1 + i % 2 for i in range(12)], pa.float32())}),
         {"rows": [(text, ("0.1", "1.1")[i % 2]) for i, text in enumerate(TEXTS)]}),
        ("Parquet, numbers as the text", _parquet({"text": pa.array(range(12)), "label": _L}), {"refused": "'text'.*(int64|string)", "scored": None}),
        ("Parquet, a text is null", _parquet({"text": _NULL_TEXT, "label": _L}),
         {"refused": "blank|missing", "line": 4, "scored": _but(3), "why": "no text", "audited": [*ROWS[:3], ("", "bad"), *ROWS[4:]]}),
        ("Parquet, a label is null", _parquet({"text": _T, "label": _NULL_LABEL}),
         {"refused": "label.*missing", "line": 4, "scored": TEXTS, "audited": [*ROWS[:3], (TEXTS[3], None), *ROWS[4:]]}),
        ("Parquet, times, decimals and structs beside", _parquet({"text": _T, "label": _L, "at": pa.array(range(12), pa.timestamp("us")),
         "price": pa.array(range(12)).cast(pa.decimal128(22, 2)), "who": [{"a": 1}] * 12}), {"rows": ROWS}),
        ("Parquet without rows", _parquet({"text": pa.array([], pa.string()), "label": pa.array([], pa.string())}), {"refused": "no rows"}),
        ("Parquet cut in two", _parquet({"text": _T, "label": _L})[:-40], {"refused": "(?i)parquet", "scored": None}),
    )
]  # fmt: skip
COLUMNAR += [
    case("Parquet named .csv", _parquet({"text": _T, "label": _L}), refused="(?i)parquet", scored=None),
    case("CSV named .parquet", table(), "data.parquet", refused="(?i)parquet", skip=_SERVER, scored=None),
    case("Feather", _feather(), "data.feather", rows=ROWS, skip=_SERVER),
    case("Feather, Zstandard", _feather(compression="zstd"), "data.feather", rows=ROWS, skip=_SERVER),
    case("Arrow, a file", _arrow({"text": _T, "label": _L}), "data.arrow", rows=ROWS, skip=_SERVER),
    case("Arrow, a stream", _arrow({"text": _T, "label": _L}, pa.ipc.new_stream), "data.arrows", rows=ROWS, skip=_SERVER),
    case("Arrow, a stream named .arrow", _arrow({"text": _T, "label": _L}, pa.ipc.new_stream), "data.arrow", rows=ROWS, skip=_SERVER),
    case("Arrow, dictionaries and lists", _arrow({"text": pa.array(_T).dictionary_encode(), "labels": pa.array(_LISTS)}), "data.arrow",
         rows=_SETS, skip=_SERVER),
    case("Arrow cut in two", _arrow({"text": _T, "label": _L})[:-200], "data.arrow", refused="(?i)arrow", skip=_SERVER, scored=None),
]  # fmt: skip


def _fasttext(rows: Sequence[Row] = ROWS, prefix: str = "__label__", between: str = " ") -> str:
    names = [(label,) if isinstance(label, str) else label or () for _, label in rows]
    return "".join(
        between.join([*(prefix + each for each in own), text]) + "\n"
        for (text, _), own in zip(rows, names, strict=True)
    )


_HASHED = "".join(f"__label__{label},{text}\n" for text, label in ROWS)

FASTTEXT: list[Case] = [
    Case(name, {"data.txt": content.encode()}, "data.txt", skip=_SERVER, **more)
    for name, content, more in (
        ("fastText", _fasttext(), {"rows": ROWS}),
        ("fastText, CRLF", _fasttext().replace("\n", "\r\n"), {"rows": ROWS}),
        ("fastText, tabs behind labels", _fasttext(between="\t"), {"rows": ROWS}),
        ("fastText, several labels", _fasttext(_SETS), {"rows": _SETS}),
        ("fastText, __class__", _fasttext(prefix="__class__"), {"rows": ROWS, "said": "__class__"}),
        ("fastText, a prefix that is told", _fasttext(prefix="#"), {"rows": ROWS, "flags": ("--label-prefix", "#")}),
        ("fastText, a label within a text", _fasttext(with_text("the soup __label__good was warm")),
         {"refused": "__label__good", "line": 1, "scored": _but(0)}),
        ("fastText, labels behind the texts", "".join(f"{text} __label__{label}\n" for text, label in ROWS),
         {"refused": "comes after", "line": 1, "scored": None}),
        ("fastText, a line without a label", _fasttext((*ROWS[:3], (TEXTS[3], ()), *ROWS[4:])),
         {"refused": "label.*missing", "line": 4, "scored": TEXTS, "audited": [*ROWS[:3], (TEXTS[3], None), *ROWS[4:]]}),
        ("fastText, a label without a text", _fasttext(with_text("")),
         {"refused": "blank", "line": 1, "scored": ["", *TEXTS[1:]], "audited": [("", "good"), *ROWS[1:]]}),
        ("fastText, a comma in place of the space", _HASHED, {"refused": "comma", "line": 1, "scored": None}),
        ("lines without labels", "".join(text + "\n" for text in TEXTS), {"refused": "label", "scored": TEXTS}),
    )
]  # fmt: skip


def _class_folders(**more: bytes) -> dict[str, bytes]:
    files = {f"d/{label}/{i}.txt": text.encode() for i, (text, label) in enumerate(ROWS)}
    return files | {name.replace("__", "/").replace("_DOT_", "."): content for name, content in more.items()}


_SORTED = sorted(ROWS, key=lambda row: (row[1], f"{TEXTS.index(row[0])}.txt"))  # as the files' names are


def _with_x(text: str | None) -> list[str | None]:
    """Return the texts in the order of the files with one more, in bad/x.txt."""
    return [*(each for each, _ in _SORTED[:6]), text, *(each for each, _ in _SORTED[6:])]


def _half(first: bool) -> str:
    return table(ROWS[:6] if first else ROWS[6:])


FOLDERS: list[Case] = [
    Case(name, files, source, skip=_SERVER, **more)
    for name, files, source, more in (
        ("a folder per class", _class_folders(), "d", {"rows": _SORTED}),
        ("a folder per class, notes beside", _class_folders(d__README_DOT_txt=b"how we got these"), "d", {"rows": _SORTED}),
        ("a folder per class, hidden files", _class_folders(d__good___DOT_DS_Store=b"\0\1", d___DOT_git__x_DOT_txt=b"x"), "d",
         {"rows": _SORTED}),
        ("a folder per class, sub-folders", {f"d/{label}/{i % 2}/{i}.txt": text.encode() for i, (text, label) in enumerate(ROWS)}, "d",
         {"rows": [ROWS[i] for i in (1, 11, 3, 5, 7, 9, 0, 10, 2, 4, 6, 8)]}),
        ("a folder per class, an empty text", _class_folders(d__bad__x_DOT_txt=b""), "d",
         {"refused": "blank", "scored": _with_x(""), "audited": [*_SORTED[:6], ("", "bad"), *_SORTED[6:]]}),
        ("a folder per class, a file in Windows-1252", _class_folders(d__bad__x_DOT_txt="kalte Füße".encode("cp1252")), "d",
         {"rows": [*_SORTED[:6], ("kalte Füße", "bad"), *_SORTED[6:]], "said": "1252"}),
        ("a folder per class, a file in Windows-1251", _class_folders(d__bad__x_DOT_txt="холодный суп".encode("cp1251")), "d",
         {"refused": "x.txt", "scored": _with_x(None), "why": "UTF-8"}),
        ("a folder per class, one without texts", _class_folders(d__odd__x_DOT_md=b"x"), "d", {"refused": "odd.*txt", "scored": None}),
        ("a folder of CSV files", {"d/a.csv": _half(True).encode(), "d/b.csv": _half(False).encode()}, "d", {"rows": ROWS}),
        ("a folder of files of three formats", {"d/a.csv": table(ROWS[:4]).encode(), "d/b.jsonl": _lines(_RECORDS[4:8]).encode(),
         "d/c.tsv": table(ROWS[8:], by="\t").encode()}, "d", {"rows": ROWS}),
        ("a folder of compressed files and marks", {"d/a.csv": _half(True).encode(), "d/b.csv": _half(False).encode(), "d/_SUCCESS": b"",
         "d/.b.csv.crc": b"\0"}, "d", {"rows": ROWS}),
        ("a folder of Parquet files", {"d/0.parquet": _parquet({"text": _T[:6], "label": _L[:6]}),
         "d/1.parquet": _parquet({"text": _T[6:], "label": _L[6:]})}, "d", {"rows": ROWS}),
        ("a folder of files, an empty one", {"d/a.csv": table().encode(), "d/b.csv": b""}, "d", {"rows": ROWS}),
        ("a folder of files, columns in another order", {"d/a.csv": _half(True).encode(),
         "d/b.csv": table([(label, text) for text, label in ROWS[6:]], header=("label", "text")).encode()}, "d", {"rows": ROWS}),
        ("a folder of files, one without the label", {"d/a.csv": _half(True).encode(),
         "d/b.csv": table([(text,) for text in TEXTS[6:]], header=("text",)).encode()}, "d",
         {"refused": "b.csv.*label", "scored": TEXTS, "audited": ()}),
        ("a folder of files, a broken row in the second", {"d/a.csv": _half(True).encode(), "d/b.csv": (_half(False) + "x\n").encode()}, "d",
         {"refused": "b.csv:8", "scored": [*TEXTS, None]}),
        ("an empty folder", {"d/.keep": b""}, "d", {"refused": "d", "scored": None}),
        ("a folder with nothing to read", {"d/a.docx": b"x"}, "d", {"refused": "d", "scored": None}),
        ("a glob", {"d/a-1.csv": _half(True).encode(), "d/a-2.csv": _half(False).encode(), "d/b.csv": b"x"}, "d/a-*.csv", {"rows": ROWS}),
        ("a glob of any depth", {"d/1/a.csv": _half(True).encode(), "d/2/a.csv": _half(False).encode()}, "d/**/*.csv", {"rows": ROWS}),
        ("a folder of files beside a folder of files", {"d/a.csv": _half(True).encode(), "d/old/b.csv": _half(False).encode()}, "d",
         {"refused": r"old/b\.csv.*d/\*\*/\*\.csv", "scored": None}),
        ("a glob that matches a folder of files", {"d/a.csv": _half(True).encode(), "d/old/b.csv": _half(False).encode()}, "d/*",
         {"refused": r"old/b\.csv.*d/\*\*/\*\.csv", "scored": None}),
        ("a folder per class, names without suffix", {f"d/{label}/{i}": text.encode() for i, (text, label) in enumerate(ROWS)}, "d",
         {"rows": sorted(ROWS, key=lambda row: (row[1], str(TEXTS.index(row[0]))))}),
        ("a folder per class of mails", {f"d/{label}/{i}.eml": text.encode() for i, (text, label) in enumerate(ROWS)}, "d",
         {"refused": "no .txt files.*Save its texts as .txt", "scored": None}),
        ("folders of files", {"d/day=1/a.csv": _half(True).encode(), "d/day=2/a.csv": _half(False).encode()}, "d",
         {"refused": r"d/\*\*/\*\.csv", "scored": None}),
        ("a glob of nothing", {"d/a.csv": b"x"}, "d/*.tsv", {"refused": "no file", "scored": None}),
        ("two files for one part", {"d/train.csv": table().encode(), "d/train.jsonl": _lines(_RECORDS).encode()}, "d",
         {"refused": "train.csv.*train.jsonl", "scored": [*TEXTS, *TEXTS]}),
    )
]  # fmt: skip

CASES = [*JSON, *COLUMNAR, *FASTTEXT, *FOLDERS]
