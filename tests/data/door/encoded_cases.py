"""Encodings and compressions, files that are something else, and names."""

import bz2
import gzip
import io
import lzma
import zipfile

import pyarrow as pa
from door_case import ROWS, TEXTS, Case, case, table, with_text

_GERMAN = with_text(
    "die Suppe war heiß und die Leute nett", "kalte Pommes für teures Geld", "schöne Aussicht über den Fluß"
)
_FRENCH = with_text("la soupe était chaude et le pain frais", "des frites froides à midi", "une très belle fenêtre")
_RUSSIAN = with_text(
    "суп был горячим и люди добрыми", "холодная картошка и никто не извинился", "мы сидели у окна весь вечер"
)
_JAPANESE = with_text(
    "スープは温かくて店の人も親切でした", "冷たいポテトで誰も謝らなかった", "窓の席から船を見ていました"
)
_CHINESE = with_text("汤很热服务员也很友好", "薯条是冷的没有人道歉", "我们坐在窗边看船")
_KOREAN = with_text("수프가 따뜻하고 친절했다", "감자튀김이 차가웠다", "창가에서 배를 보았다")
_EVERYWHERE = with_text(
    "soup 🙂 très bon 👩‍🍳", "холодная 冷たい", "مرحبا بالجميع", "e\u0301cole and école", "a\u200bb"
)
_CURLY = with_text("the soup \u2013 warm \u2013 wasn\u2019t \u201cred\u201d")
_WIDE = with_text("the soup was £5 and the café kind")


def _bytes(rows: tuple[tuple[str, str], ...], encoding: str, by: str = ",") -> bytes:
    return table(rows, by=by).encode(encoding)


def _zip(**members: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__DOT__", ".").replace("__IN__", "/"), content)
    return held.getvalue()


def _zst(content: bytes) -> bytes:
    held = pa.BufferOutputStream()
    with pa.CompressedOutputStream(held, "zstd") as stream:
        stream.write(content)
    return bytes(held.getvalue())


_NO_ASCII_ALONE = [None, None, None, *TEXTS[3:]]  # where three rows cannot be decoded
_PLAIN = table().encode()
_MOST_OF_GZIP = gzip.compress(_PLAIN)[:-20]
_BAD_BYTE = (
    table(with_text("das Essen war gut", "für alle ein Fest")).encode().replace("ü".encode(), b"\xfc\xfc")
    + "é,good\n".encode()
)
_JSON_LINES = "".join(f'{{"text": "{text}", "label": "{label}"}}\n' for text, label in _GERMAN)

ENCODINGS: list[Case] = [
    case("UTF-8", _bytes(_EVERYWHERE, "utf-8"), rows=_EVERYWHERE),
    case("UTF-8 with its mark", _bytes(_EVERYWHERE, "utf-8-sig"), rows=_EVERYWHERE),
    case("UTF-8 with its mark, told", _bytes(_EVERYWHERE, "utf-8-sig"), flags=("--encoding", "utf-8"), rows=_EVERYWHERE),
    case("UTF-16 little, marked", b"\xff\xfe" + _bytes(_EVERYWHERE, "utf-16-le"), rows=_EVERYWHERE, said="(?i)utf-16"),
    case("UTF-16 big, marked", b"\xfe\xff" + _bytes(_EVERYWHERE, "utf-16-be"), rows=_EVERYWHERE, said="(?i)utf-16"),
    case("UTF-16 little, no mark", _bytes(_WIDE, "utf-16-le"), rows=_WIDE, said="(?i)utf-16"),
    case("UTF-16 big, no mark", _bytes(_WIDE, "utf-16-be"), rows=_WIDE, said="(?i)utf-16"),
    case("UTF-16, tabs, as Excel saves Unicode text", b"\xff\xfe" + table(_GERMAN, by="\t", end="\r\n").encode("utf-16-le"),
         "data.txt", rows=_GERMAN, said="(?i)utf-16"),
    case("UTF-16, JSON Lines", b"\xff\xfe" + _JSON_LINES.encode("utf-16-le"), "data.jsonl", rows=_GERMAN, said="(?i)utf-16"),
    case("UTF-16, no mark, told", _bytes(_RUSSIAN, "utf-16-le"), flags=("--encoding", "utf-16-le"), rows=_RUSSIAN),
    case("UTF-32, marked", b"\xff\xfe\0\0" + _bytes(_GERMAN, "utf-32-le"), rows=_GERMAN, said="(?i)utf-32"),
    case("Windows-1252, German", _bytes(_GERMAN, "cp1252"), rows=_GERMAN, said="1252"),
    case("Windows-1252, French", _bytes(_FRENCH, "cp1252"), rows=_FRENCH, said="1252"),
    case("Windows-1252, curly quotes and dashes", _bytes(_CURLY, "cp1252"), rows=_CURLY, said="1252"),
    case("Windows-1252, semicolons, as Excel saves", table(_GERMAN, by=";", end="\r\n").encode("cp1252"), rows=_GERMAN,
         said="1252"),
    case("Windows-1252, tabs", _bytes(_GERMAN, "cp1252", by="\t"), "data.tsv", rows=_GERMAN, said="1252"),
    case("Windows-1252, JSON Lines", _JSON_LINES.encode("cp1252"), "data.jsonl", refused="--encoding", line=1, scored=_NO_ASCII_ALONE, why="UTF-8"),
    case("Windows-1252, JSON Lines, told", _JSON_LINES.encode("cp1252"), "data.jsonl", flags=("--encoding", "cp1252"), rows=_GERMAN),
    case("Windows-1252, fastText", "".join(f"__label__{label} {text}\n" for text, label in _GERMAN).encode("cp1252"), "data.txt",
         rows=_GERMAN, said="1252", skip=frozenset({"server"})),
    case("Latin-1, told", _bytes(_FRENCH, "latin-1"), flags=("--encoding", "latin-1"), rows=_FRENCH),
    case("Windows-1251, not told", _bytes(_RUSSIAN, "cp1251"), refused="--encoding", line=2, scored=_NO_ASCII_ALONE, why="UTF-8"),
    case("Windows-1251, told", _bytes(_RUSSIAN, "cp1251"), flags=("--encoding", "cp1251"), rows=_RUSSIAN),
    case("KOI8-R, not told", _bytes(_RUSSIAN, "koi8-r"), refused="--encoding", line=2, scored=_NO_ASCII_ALONE, why="UTF-8"),
    case("Shift-JIS, not told", _bytes(_JAPANESE, "shift_jis"), refused="--encoding", line=2, scored=_NO_ASCII_ALONE, why="UTF-8"),
    case("Shift-JIS, told", _bytes(_JAPANESE, "shift_jis"), flags=("--encoding", "shift_jis"), rows=_JAPANESE),
    case("EUC-JP, not told", _bytes(_JAPANESE, "euc_jp"), refused="--encoding", line=2, scored=_NO_ASCII_ALONE, why="UTF-8"),
    case("GB18030, not told", _bytes(_CHINESE, "gb18030"), refused="--encoding", line=2, scored=_NO_ASCII_ALONE, why="UTF-8"),
    case("GB18030, told", _bytes(_CHINESE, "gb18030"), flags=("--encoding", "gb18030"), rows=_CHINESE),
    case("Big5, told", _bytes(with_text("湯很熱服務員也很友好"), "big5"), flags=("--encoding", "big5"),
         rows=with_text("湯很熱服務員也很友好")),
    case("EUC-KR, not told", _bytes(_KOREAN, "euc_kr"), refused="--encoding", line=2, scored=_NO_ASCII_ALONE, why="UTF-8"),
    case("the wrong encoding told", _bytes(_GERMAN, "utf-8"), flags=("--encoding", "utf-32"), refused="(?i)utf-32", scored=None),
    case("an encoding that does not exist", _PLAIN, flags=("--encoding", "utf-9"), refused="--encoding utf-9", scored=None),
    case("two bytes that are not UTF-8 among such that are", _BAD_BYTE, refused="0xfc.*(--encoding|--skip-invalid)", line=3, scored=["das Essen war gut", None, *TEXTS[2:], "é"]),
    case("a last character cut in two", table(ROWS[:11]).encode() + "a hair in the salad and no café".encode()[:-1] + b",bad\n",
         refused="0xc3|UTF-8", line=13, scored=[*TEXTS[:11], None]),
    case("a null byte", table(with_text("the soup was\0 warm")), refused="null byte", line=2, scored=None),
    case("a mark in the middle", table((("\ufefffirst of the second file", "good"), *ROWS)),
         rows=(("\ufefffirst of the second file", "good"), *ROWS)),
]  # fmt: skip

COMPRESSIONS: list[Case] = [
    case("gzip", gzip.compress(_PLAIN), "data.csv.gz", rows=ROWS),
    case("bzip2", bz2.compress(_PLAIN), "data.csv.bz2", rows=ROWS),
    case("xz", lzma.compress(_PLAIN), "data.csv.xz", rows=ROWS),
    case("Zstandard", _zst(_PLAIN), "data.csv.zst", rows=ROWS),
    case("two gzip members, one after the other", gzip.compress(_PLAIN[:200]) + gzip.compress(_PLAIN[200:]), "data.csv.gz", rows=ROWS),
    case("gzip, JSON Lines", gzip.compress(_JSON_LINES.encode()), "data.jsonl.gz", rows=_GERMAN),
    case("xz, tabs", lzma.compress(table(by="\t").encode()), "data.tsv.xz", rows=ROWS),
    case("bzip2, fastText", bz2.compress("".join(f"__label__{label} {text}\n" for text, label in ROWS).encode()), "data.txt.bz2",
         rows=ROWS, skip=frozenset({"server"})),
    case("gzip, semicolons in Windows-1252", gzip.compress(table(_GERMAN, by=";").encode("cp1252")), "data.csv.gz", rows=_GERMAN,
         said="1252"),
    case("gzip without its suffix", gzip.compress(_PLAIN), "data.csv", rows=ROWS),
    case("the suffix of gzip alone", _PLAIN, "data.csv.gz", rows=ROWS),
    case("a zip of one file", _zip(reviews__DOT__csv=table()), "data.zip", rows=ROWS),
    case("a .csv.zip", _zip(data__DOT__csv=table()), "data.csv.zip", rows=ROWS),
    case("a zip made on a Mac", _zip(reviews__DOT__csv=table(), __MACOSX__IN____DOT___reviews__DOT__csv="x"), "data.zip", rows=ROWS),
    case("a zip of two files", _zip(one__DOT__csv=table(), two__DOT__csv=table()), "data.zip", refused="(?i)one file|2 files|two", scored=None),
    case("an empty zip", _zip(), "data.zip", refused="(?i)zip|empty|no file|null byte", scored=None),
    case("half a gzip", _MOST_OF_GZIP, "data.csv.gz", refused="(?i)gzip.*(truncated|damaged)", scored=None),
    case("bzip2 with bytes changed", bz2.compress(_PLAIN)[:60] + b"\0\0\0\0" + bz2.compress(_PLAIN)[64:], "data.csv.bz2",
         refused="(?i)damaged|truncated|bzip2", scored=None),
    case("a bomb", gzip.compress(b"text,label\n" + b"a" * 70_000_000 + b",good\n", 1), "data.csv.gz", refused="bytes|longer|no text has a label", scored=[None], audited=()),
]  # fmt: skip

FOREIGN: list[Case] = [
    case("nothing", b"", refused="empty"),
    case("white space", b" \n\n  \n", refused="empty"),
    case("a mark of UTF-8 and nothing", b"\xef\xbb\xbf", refused="empty"),
    case("a PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", refused="PDF"),
    case("a picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", refused="picture"),
    case("a Word document", _zip(**{"[Content_Types]__DOT__xml": "<x/>", "word__IN__document__DOT__xml": "<x/>"}), "data.docx",
         refused="(?i)document|format|suffix|end in", scored=None),
    case("a database named .csv", b"SQLite format 3\0" + bytes(84), refused="database", scored=None),
    case("an old Excel sheet", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "data.xls", refused="(?i)xlsx|office|format", scored=None),
    case("JSON Lines named .csv", _JSON_LINES, refused="(?i)json", scored=None),
    case("CSV named .jsonl", _PLAIN, "data.jsonl", refused="(?i)not json|expected a json", line=1, scored=None),
    case("a web page named .csv", "<!DOCTYPE html>\n<html><body>\n<p>Sign in, please, to see it</p>\n</body></html>\n",
         refused="(?i)html|web page|fields|column", scored=None),
    case("a suffix that says nothing", _PLAIN, "data.dat", refused="--format|rename", scored=None, skip=frozenset({"server"})),
    case("a suffix that says nothing, told", _PLAIN, "data.dat", flags=("--format", "csv"), rows=ROWS),
    case("no suffix, told", table(by="\t"), "data", flags=("--format", "tsv"), rows=ROWS),
    case("a suffix in capitals", _PLAIN, "DATA.CSV", rows=ROWS),
    case("a name with spaces, commas and umlauts", _PLAIN, "unsere Gäste, Mai [neu].csv", rows=ROWS),
    case("a format that does not exist", _PLAIN, flags=("--format", "docx"), refused="docx|format", scored=None),
    case("a file that is not there", {"other.csv": _PLAIN}, "data.csv", refused="no such", scored=None, skip=frozenset({"server"})),
]  # fmt: skip

CASES = [*ENCODINGS, *COMPRESSIONS, *FOREIGN]
