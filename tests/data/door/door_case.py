"""One small file of the door table: what it holds, and what every command must make of it.

Expectations follow from the rules of `docs/data.md`, not from the code. `rows` says what is read: each text with its
label (a string, or a tuple of strings where texts have sets of labels).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Label = str | tuple[str, ...] | None
Row = tuple[str, Label]

# Invented. No comma, semicolon, tab, bar or quote stands in them, so that each case puts in what it is about.
ROWS: tuple[tuple[str, str], ...] = (
    ("the soup was warm and the people at the bar were kind", "good"),
    ("cold chips again and nobody said sorry for the wait", "bad"),
    ("we sat by the window and watched the boats all evening", "good"),
    ("the table was sticky and the menu had gravy on it", "bad"),
    ("best dumplings in the harbour and fair prices too", "good"),
    ("they forgot our order twice and charged us for both", "bad"),
    ("my mother loved the plum cake so much she asked for more", "good"),
    ("the music was so loud that we had to shout at each other", "bad"),
    ("a lovely garden with chairs in the shade of old trees", "good"),
    ("never again will I wait an hour for a lukewarm tea", "bad"),
    ("the cook came out to ask how we liked the fish", "good"),
    ("a hair in the salad and a shrug from the waiter", "bad"),
)
TEXTS = tuple(text for text, _ in ROWS)
_LABELS = dict(ROWS)


def with_text(*changes: str, rows: Sequence[tuple[str, str]] = ROWS) -> tuple[tuple[str, str], ...]:
    """Return the rows with the first texts replaced."""
    return tuple((changes[i] if i < len(changes) else text, label) for i, (text, label) in enumerate(rows))


def with_label(*changes: str, rows: Sequence[tuple[str, str]] = ROWS) -> tuple[tuple[str, str], ...]:
    """Return the rows with the first labels replaced."""
    return tuple((text, changes[i] if i < len(changes) else label) for i, (text, label) in enumerate(rows))


@dataclass(frozen=True)
class Case:
    """A file, or a folder of files.

    Attributes:
        name: Of the case.
        files: Contents by name, folders with slashes.
        source: What the command is given, within the folder of the files.
        flags: Options of reading.
        rows: What `train`, `evaluate` and `audit` read, in any order; None where they refuse.
        said: A pattern of what all commands say of how they read it.
        told: The same of `predict`, where that differs.
        noted: A pattern of what `train` and `audit` say of its labels, and of rows that are left out.
        refused: A pattern of the message with which labelled texts are refused; what every one must have, the file's
            name, comes without saying.
        line: The line or row that the message names.
        evaluated: What `evaluate` reads, where that differs.
        audited: What `audit` reads in place of `rows`, a missing text "" and a missing label None; () where it refuses.
        scored: What `predict` and the server score, in order, None for a row with a reason; left out, the texts of
            `rows`, or nothing where these are None.
        why: A pattern of the reasons, or of the refusal, of `predict` where that differs.
        skip: Doors that do not apply, such as the server for a folder.
    """

    name: str
    files: Mapping[str, bytes]
    source: str = "data.csv"
    flags: tuple[str, ...] = ()
    rows: Sequence[Row] | None = None
    said: str | None = None
    told: str | None = None
    noted: str | None = None
    refused: str | None = None
    line: int | None = None
    evaluated: Sequence[Row] | None = None
    audited: Sequence[Row] | None = None
    scored: Sequence[str | None] | None = None
    why: str | None = None
    skip: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        assert (self.rows is None) != (self.refused is None), self.name

    @property
    def scored_texts(self) -> list[str | None] | None:
        """What is scored, None where `predict` refuses."""
        if self.scored is not None:
            return list(self.scored)
        return None if self.rows is None else [text for text, _ in self.rows]

    @property
    def audited_rows(self) -> Sequence[Row] | None:
        """What `audit` reads, None where it refuses.

        Where single rows are broken it reads the others, and of these rows neither text nor label.
        """
        if self.audited is not None or self.scored is None or None not in self.scored:
            return self.audited if self.audited is not None else self.rows
        return [("", None) if text is None else (text, _LABELS.get(text, "good")) for text in self.scored]


def case(name: str, content: str | bytes | Mapping[str, bytes], source: str = "data.csv", **more: object) -> Case:
    """Return a case of one file, or of the files that a mapping names."""
    if isinstance(content, str):
        content = content.encode()
    files = content if isinstance(content, Mapping) else {source: content}
    return Case(name, files, source, **more)  # type: ignore[arg-type]  # Case's own fields


def table(
    rows: Sequence[Sequence[str]] = ROWS,
    *,
    by: str = ",",
    header: Sequence[str] | None = ("text", "label"),
    end: str = "\n",
    quote: bool = False,
) -> str:
    """Return rows as delimited text; `quote` puts every field in quotation marks, and doubles those within."""
    lines = [*([] if header is None else [header]), *rows]
    fields = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' if quote else cell for cell in line] for line in lines]
    return "".join(by.join(line) + end for line in fields)


def swapped(rows: Sequence[tuple[str, str]] = ROWS) -> list[tuple[str, str]]:
    """Return rows with the label in front."""
    return [(label, text) for text, label in rows]
