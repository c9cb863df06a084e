"""Which column is the text and which the label, labels in all spellings, and texts that are odd."""

import json
from collections.abc import Sequence

from door_case import ROWS, TEXTS, Case, Label, Row, case, table, with_label, with_text

_TEAMS = [(text, ("kitchen", "service", "billing")[i % 3]) for i, text in enumerate(TEXTS)]
_DATED = [(f"2024-05-{i + 1:02}", f"a{i:03}@shop.example", text, label) for i, (text, label) in enumerate(ROWS)]
_LONG = [(text, text[::-1], label) for text, label in ROWS]
_JOINED = [(f"{text[:12]}\n\n{text}", label) for text, label in ROWS]


def _labels(labels: Sequence[str], *, quote: bool = False, name: str = "label") -> str:
    return table(list(zip(TEXTS, labels, strict=True)), quote=quote, header=("text", name))


def _rows(labels: Sequence[Label]) -> list[Row]:
    return list(zip(TEXTS, labels, strict=True))


def _named(text: str, label: str) -> Case:
    return case(f"columns {text} and {label}", table(header=(text, label)), rows=ROWS)


COLUMNS: list[Case] = [
    case("columns message and team", table(_TEAMS, header=("message", "team")), rows=_TEAMS),
    case("columns message, team and more", table([(f"c{i}", *row, f"2024-01-{i + 1:02}") for i, row in enumerate(_TEAMS)],
         header=("customer", "message", "team", "date")), rows=_TEAMS),
    *(_named(*each) for each in (
        ("Nachricht", "Kategorie"), ("texto", "etiqueta"), ("texte", "étiquette"), ("testo", "etichetta"), ("review_body", "stars"),
        ("内容", "标签"), ("текст", "метка"), ("本文", "ラベル"), ("body", "queue"), ("comment", "tag"), ("Review Text", "Rating"),
        ("tweet", "score"), ("sentence", "sentiment"), ("utterance", "intent"),
    )),
    case("columns that say nothing", table(header=("a", "b")), rows=ROWS, said="'a'.*'b'", told="'a'"),
    case("columns that say nothing, the label first", table([(label, text) for text, label in ROWS], header=("a", "b")), rows=ROWS,
         said="'b'.*'a'", told="'b'"),
    case("columns that say nothing, dates and addresses beside", table(_DATED, header=("d", "m", "x", "z")), rows=ROWS,
         said="'x'.*'z'", told="'x'"),
    case("a text that says nothing, a label that does", table(header=("gästebuch", "label")), rows=ROWS, said="'gästebuch'"),
    case("a text that is named, a label that says nothing", table(_DATED, header=("when", "who", "text", "attitude")), rows=ROWS,
         said="'attitude'", told="^"),
    case("columns that are told", table(_LONG, header=("a", "b", "c")), flags=("--text-column", "b", "--label-column", "c"),
         rows=[(other, label) for _, other, label in _LONG]),
    case("columns that are told in other capitals", table(header=("Wort", "Art")), flags=("--text-column", "wort", "--label-column", "ART"),
         rows=ROWS),
    case("a column that is told and not there", table(), flags=("--text-column", "body"), refused="no such column.*'text'", scored=None),
    case("two texts equally good", table(_LONG, header=("a", "b", "c")), refused="(?s)'a'.*'b'.*--text-column|--text-column.*'a'.*'b'",
         scored=None),
    case("two labels equally good", table([(*row, row[1]) for row in ROWS], header=("text", "kind1", "kind2")),
         refused="(?s)'kind1'.*'kind2'.*--label-column|--label-column.*'kind1'.*'kind2'", scored=TEXTS),
    case("two texts joined", table([(text[:12], text, label) for text, label in ROWS], header=("title", "body", "label")),
         flags=("--text-column", "title", "--text-column", "body"), rows=_JOINED),
    case("no column is a text", table([(f"2024-05-{i + 1:02}", str(i), str(i % 2)) for i in range(12)], header=("d", "n", "k")),
         refused="--text-column", scored=None),
]  # fmt: skip

_GOOD = [label for _, label in ROWS]
_SPELLINGS = [*(["Good", "bad"] * 3), *(["good", "bad"] * 3)]
_PADDED = [f" {label}" if i % 2 else f"{label}  " for i, label in enumerate(_GOOD)]
_ACCENTS = ["caf\u00e9", "bar", "cafe\u0301", "bar"] * 3
_HIDDEN = ["good", "bad", "go\u200bod", "bad"] * 3
_INNER = ["very good", "bad", "very  good", "bad"] * 3
_TRUE = ["True", "false", "TRUE", "false"] * 3
_NUMBERS = ["1", "2", "1.0", "2.0"] * 3
_STARS = ["5", "10", "5", "1"] * 3
_SETS: list[tuple[str, ...]] = [("food", "good"), ("bad",), ("good",), ("bad", "food"), ("bad", "staff"), ("food",)] * 2
_FLAGS = [("good" in each, "bad" in each, "food" in each) for each in _SETS]
_FLAGGED: list[Label] = [
    tuple(name for name, has in zip(("good", "bad", "food"), row, strict=True) if has) for row in _FLAGS
]
_CODES = [f"c{i}" for i in range(12)]
_LONG_LABELS = [f"{text} and so on and on until nobody listens any more to a word of it" for text in TEXTS]

LABELS: list[Case] = [
    case("labels, some with a capital", _labels(_SPELLINGS), rows=_rows(_SPELLINGS), noted="(?i)'?Good'?.*'?good'?|'?good'?.*'?Good'?"),
    case("labels, some with a capital, merged", _labels(["Good", "bad", "good", "bad", "good", "bad"] * 2), flags=("--merge-labels",),
         rows=_rows(["good", "bad"] * 6)),
    case("labels with outer spaces", _labels(_PADDED), rows=ROWS),
    case("labels with outer spaces, tabs and quotes", table([(text, f" {label} ") for text, label in ROWS], by="\t", quote=True),
         "data.tsv", rows=ROWS),
    case("labels with two spaces within", _labels(_INNER), rows=_rows(_INNER), noted="(?i)very"),
    case("labels composed and decomposed", _labels(_ACCENTS), rows=_rows(_ACCENTS), noted="caf"),
    case("labels with an invisible character", _labels(_HIDDEN), rows=_rows(_HIDDEN), noted="(?i)invisible|U\\+200B|\\\\u200b"),
    case("labels True and TRUE", _labels(_TRUE), rows=_rows(["true", "false"] * 6)),
    case("labels 1 and 1.0 as text", _labels(_NUMBERS), rows=_rows(["1", "2"] * 6)),
    case("labels that are numbers", _labels(_STARS, name="stars"), rows=_rows(_STARS)),
    case("labels that are signs", _labels(["+", "-"] * 6), rows=_rows(["+", "-"] * 6)),
    case("labels N/A and null as words", _labels(["N/A", "null"] * 6), rows=_rows(["N/A", "null"] * 6)),
    case("a label is missing", table(with_label("good", "")), refused="label.*missing", line=3, scored=TEXTS,
         audited=[ROWS[0], (TEXTS[1], None), *ROWS[2:]]),
    case("labels are missing, left out", table(with_label("good", "", "good", " ")), flags=("--skip-invalid",),
         rows=[ROWS[0], ROWS[2], *ROWS[4:]], noted="2 of (the )?12|left out", scored=TEXTS,
         audited=[ROWS[0], (TEXTS[1], None), ROWS[2], (TEXTS[3], None), *ROWS[4:]]),
    case("one label alone", _labels(["good"] * 12), refused="'good'", evaluated=_rows(["good"] * 12), scored=TEXTS,
         audited=_rows(["good"] * 12)),
    case("a class of one text", _labels(["odd", *_GOOD[1:]]), rows=_rows(["odd", *_GOOD[1:]]), noted="(?i)odd"),
    case("a label for every row", _labels(_CODES), refused="(?i)label of its own", scored=TEXTS, audited=()),
    case("columns swapped", table(header=("label", "text")), refused="(?i)swapped", scored=[label for _, label in ROWS],
         told="longer", audited=()),
    case("labels longer than texts", table(list(zip([text[:9] for text in TEXTS], _LONG_LABELS, strict=True))), refused="(?i)longer|swap",
         scored=[text[:9] for text in TEXTS], audited=()),
]  # fmt: skip

_BAR = ["|".join(each) for each in _SETS]
_COMMA = [", ".join(each) for each in _SETS]
_END = ["".join(f"{name}," for name in each) for each in _SETS]
_JSON = [json.dumps(list(each)) for each in _SETS]
_PYTHON = [str(list(each)) for each in _SETS]
_CHOICES = [json.dumps({"choices": list(each)}) for each in _SETS]
_TWICE = [*_JSON[:4], '["bad", "bad"]', *_JSON[5:]]
_INDICATOR = [(text, *(str(int(has)) for has in row)) for text, row in zip(TEXTS, _FLAGS, strict=True)]
_STOP = "--label-separator"

SETS: list[Case] = [
    case("sets by bars, told", _labels(_BAR), flags=(_STOP, "|"), rows=_rows(_SETS)),
    case("sets by commas, told", _labels(_COMMA, quote=True), flags=(_STOP, ","), rows=_rows(_SETS)),
    case("sets by commas, one at the end, told", _labels(_END, quote=True), flags=(_STOP, ","), rows=_rows(_SETS)),
    case("sets by bars, an empty one, told", _labels(["", *_BAR[1:]]), flags=(_STOP, "|"), rows=_rows([(), *_SETS[1:]])),
    case("sets by bars, not told", _labels(_BAR), refused=_STOP, scored=TEXTS, audited=()),
    case("sets by commas, not told", _labels(_COMMA, quote=True), refused=_STOP, scored=TEXTS, audited=()),
    case("sets by commas, one at the end, not told", _labels(_END, quote=True), refused=_STOP, scored=TEXTS, audited=()),
    case("sets by semicolons, not told", _labels([each.replace("|", ";") for each in _BAR]), refused=_STOP, scored=TEXTS, audited=()),
    case("sets as JSON in cells", _labels(_JSON, quote=True), rows=_rows(_SETS), noted="(?i)JSON"),
    case("sets as Python writes lists", _labels(_PYTHON, quote=True), rows=_rows(_SETS), noted="(?i)Python|lists?"),
    case("sets as a string of JSON in JSON", "".join(json.dumps({"text": text, "label": cell}) + "\n"
         for text, cell in zip(TEXTS, _JSON, strict=True)), "data.jsonl", rows=_rows(_SETS), noted="(?i)JSON"),
    case("sets as an annotation tool writes them", _labels(_CHOICES, quote=True), rows=_rows(_SETS), noted="(?i)choices"),
    case("sets as an annotation tool writes them, in JSON", "".join(json.dumps({"text": text, "label": {"choices": list(each)}}) + "\n"
         for text, each in zip(TEXTS, _SETS, strict=True)), "data.jsonl", rows=_rows(_SETS), noted="(?i)choices"),
    case("one label in braces, as PostgreSQL writes arrays", _labels([f"{{{label}}}" for label in _GOOD]),
         rows=_rows([(label,) for label in _GOOD]), noted="braces"),
    case("a list of labels that is cut off", _labels([cell[:-1] if i == 4 else cell for i, cell in enumerate(_JSON)], quote=True), refused="cut off",
         line=6, scored=TEXTS, audited=_rows([*_SETS[:4], (), *_SETS[5:]])),
    case("a set that names a label twice", _labels(_TWICE, quote=True), refused="twice", line=6, scored=TEXTS, audited=_rows([*_SETS[:4], (), *_SETS[5:]])),
    case("a list that names a label twice", "".join(json.dumps({"text": text, "labels": json.loads(cell)}) + "\n"
         for text, cell in zip(TEXTS, _TWICE, strict=True)), "data.jsonl", refused="twice", line=5, scored=TEXTS,
         audited=_rows([*_SETS[:4], (), *_SETS[5:]])),
    case("lists of 0 and 1", "".join(json.dumps({"text": text, "labels": [int(has) for has in row]}) + "\n"
         for text, row in zip(TEXTS, _FLAGS, strict=True)), "data.jsonl",
         rows=_rows([tuple(str(i) for i, has in enumerate(row) if has) for row in _FLAGS]), noted="0 and 1|0 or 1"),
    case("columns of 0 and 1, told", table(_INDICATOR, header=("text", "good", "bad", "food")),
         flags=("--label-column", "good", "--label-column", "bad", "--label-column", "food"), rows=_rows(_FLAGGED), noted="0 and 1|0 or 1"),
    case("columns of 0 and 1, found", table(_INDICATOR, header=("text", "good", "bad", "food")), rows=_rows(_FLAGGED), noted="0 and 1|0 or 1"),
    case("columns of true and false, told", table([(row[0], *(str(cell == "1") for cell in row[1:])) for row in _INDICATOR],
         header=("text", "good", "bad", "food")), flags=("--label-column", "good", "--label-column", "bad", "--label-column", "food"),
         rows=_rows(_FLAGGED), noted="0 and 1|0 or 1"),
]  # fmt: skip

_BLANK = with_text("", "   ")
_ODD = with_text("<p>the soup &amp; the bread</p>", "123", "NA", "null", "-", "\x07 bell", "a" * 100_000)

ODD_TEXTS: list[Case] = [
    case("a blank text", table(with_text("")), refused="blank", line=2, scored=["", *TEXTS[1:]], audited=with_text("")),
    case("a text of characters that nobody sees", table(with_text("\u200b\u2060")), refused="blank", line=2,
         scored=["\u200b\u2060", *TEXTS[1:]], audited=with_text("\u200b\u2060")),
    case("blank texts and a missing label, in one pass", table(with_label("good", "bad", "", rows=_BLANK)),
         refused="(?s)blank.*missing|missing.*blank", line=2, scored=["", "   ", *TEXTS[2:]],
         audited=[_BLANK[0], _BLANK[1], (TEXTS[2], None), *ROWS[3:]]),
    case("blank texts, left out", table(_BLANK), flags=("--skip-invalid",), rows=ROWS[2:], noted="2 of (the )?12|left out",
         scored=["", "   ", *TEXTS[2:]], audited=_BLANK),
    case("texts that look like something else", table(_ODD), rows=_ODD),
    case("the same text again", table((*ROWS, *ROWS[:2])), rows=(*ROWS, *ROWS[:2])),
    case("texts that are numbers", table([(str(100 + i), label) for i, label in enumerate(_GOOD)]),
         rows=[(str(100 + i), label) for i, label in enumerate(_GOOD)]),
]  # fmt: skip

CASES = [*COLUMNS, *LABELS, *SETS, *ODD_TEXTS]
