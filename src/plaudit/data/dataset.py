"""What every reader returns and every classifier takes: texts as an Arrow column, labels as numbers.

This module knows nothing of files or of where data come from. The one decision to question: labels are
positions in `classes`, or a column for each class, not the label strings, because the training engine wants
numbers; the strings live once, in `classes`.
"""

from __future__ import annotations

import hashlib
import html
import io
from collections.abc import Callable, Iterator, Mapping, Sequence, Set, ValuesView
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.config import DataSpec
from plaudit.cores import on_all_cores
from plaudit.data.tables import asking_for, column_names, describe, likely_texts, names_of_struct
from plaudit.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.data.label_findings import LabelFinding
    from plaudit.data.places import Places

_PART_TEXTS = 4_096  # that a core takes at a time
_NO_WIDTH = r"[\p{Cf}\x{034F}\x{180B}-\x{180F}\x{FE00}-\x{FE0F}]"  # Unicode's format characters, variation selectors
_ATTRIBUTES = r"""(?:\s+[\w:-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s<>"']+)))*\s*/?>"""
_TAG_IN_WORDS = (
    r"(?i)</?(?:a|abbr|b|bdi|bdo|big|em|font|i|mark|s|small|span|strike|strong|sub|sup|tt|u|wbr)" + _ATTRIBUTES
)
_TAG = (
    r"(?i)<!--[^>]*-->|</?(?:article|blockquote|body|br|center|code|dd|div|dl|dt|figcaption|figure|footer|h[1-6]|head|"
    r"header|hr|html|iframe|img|li|link|main|meta|nav|ol|p|pre|q|section|script|style|table|tbody|td|tfoot|th|thead|"
    r"title|tr|ul|video)" + _ATTRIBUTES
)


@dataclass(frozen=True)
class Origin:
    """How a data set was read from a file of its owner's.

    Attributes:
        spec: What was said and what was found by looking, so that the same file, or another like it, is read alike.
        said: What was understood, a line each: columns, separators, how labels were read, rows that were left out.
        findings: What is odd about the labels.
        left_out: How many rows were left out, by kind of fault.
    """

    spec: DataSpec
    said: tuple[str, ...] = ()
    findings: tuple[LabelFinding, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Dataset:
    """Texts, with one label each, with a set of labels each (multi-label), or without labels.

    Attributes:
        texts: Arrow ``large_string`` [N], no nulls.
        labels: int32 [N], ``0 <= label < len(classes)``; when multi-label uint8 [N, C], 1 where a text has the
            class; None when the texts are unlabelled.
        classes: The C label names; a label is a position in it. Empty when unlabelled.
        name: What messages call it: ``"imdb"``, or the file's path.
        extra: Further columns, N rows, in the order of `texts` (for IMDB: stars, file, film).
        text_name: What the source calls its column of texts.
        label_name: What the source calls its column of labels.
        origin: How it was read; None for what was not read from a file.
        places: Where each row stands in what was read; None where that is not kept.
    """

    texts: pa.LargeStringArray
    labels: NDArray[np.int32] | NDArray[np.uint8] | None
    classes: tuple[str, ...]
    name: str
    extra: pa.Table = field(default_factory=lambda: pa.table({}))
    text_name: str = "text"
    label_name: str = "label"
    origin: Origin | None = None
    places: Places | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        n = len(self.texts)
        if self.labels is not None:
            if self.labels.shape != ((n, len(self.classes)) if self.multi_label else (n,)):
                raise DataError(f"{self.name}: {n:,} texts but labels of shape {self.labels.shape}.")
            if self.multi_label and self.labels.max(initial=0) > 1:
                raise DataError(f"{self.name}: an indicator of labels holds values other than 0 and 1.")
            last = len(self.classes) - 1
            if n and not self.multi_label and not 0 <= int(self.labels.min()) <= int(self.labels.max()) <= last:
                raise DataError(f"{self.name}: a label lies outside 0 to {last}.")
        if self.extra.num_columns and self.extra.num_rows != n:
            raise DataError(f"{self.name}: {n:,} texts but {self.extra.num_rows:,} rows of extra columns.")

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def multi_label(self) -> bool:
        """Whether each text has a set of labels, which may be empty."""
        return self.labels is not None and self.labels.ndim == 2

    @cached_property
    def normalised(self) -> pa.LargeStringArray:
        """The texts as `normalise_texts` gives them, Arrow ``large_string`` [N]; made once and kept."""
        return normalise_texts(self.texts)

    @cached_property
    def digests(self) -> NDArray[np.uint64]:
        """A hash of each normalised text, uint64 [N]; made once and kept."""
        return digests(self.normalised)

    def text_numbers(self) -> NDArray[np.int64]:
        """Return a number for each text, int64 [N]: the same for texts that are equal after normalising."""
        return number_texts(self.normalised)

    def take(self, positions: NDArray[np.integer], *, name: str | None = None) -> Dataset:
        """Return the rows at `positions` (int [M], in that order, repeats allowed)."""
        index = pa.array(np.asarray(positions, dtype=np.int64))
        return replace(
            self,
            texts=self.texts.take(index),
            labels=None if self.labels is None else self.labels[np.asarray(positions)],
            extra=self.extra.take(index) if self.extra.num_columns else self.extra,
            name=name or self.name,
            places=None if self.places is None else self.places.take(np.asarray(positions)),
        )

    def class_counts(self) -> dict[str, int]:
        """Return how many texts each class has, in the order of `classes`; empty when unlabelled."""
        if self.labels is None:
            return {}
        counts = self.labels.sum(axis=0) if self.multi_label else np.bincount(self.labels, minlength=len(self.classes))
        return dict(zip(self.classes, counts.tolist(), strict=True))

    def label_column(self) -> pa.DictionaryArray:
        """Return the same as `label_names` in Arrow, 4 bytes a text: each name, or set of names, is there once.

        Raises:
            DataError: The texts are unlabelled.
        """
        if self.labels is None:
            raise DataError(f"{self.name}: these texts have no labels.")
        if not self.multi_label:
            names = pa.array(list(self.classes), pa.large_string())
            return pa.DictionaryArray.from_arrays(pa.array(self.labels.astype(np.int32, copy=False)), names)
        packed = np.packbits(self.labels, axis=1)
        _, firsts, codes = np.unique(packed, axis=0, return_index=True, return_inverse=True)
        sets = pa.array(label_sets(self.labels[firsts], self.classes), pa.large_list(pa.large_string()))
        return pa.DictionaryArray.from_arrays(pa.array(codes.ravel().astype(np.int32)), sets)

    def label_names(self) -> list[Any]:  # Any: str, or tuple[str, ...] when multi-label
        """Return each text's label as its name, N strings, or N tuples of names when multi-label: what `fit` takes.

        Raises:
            DataError: The texts are unlabelled.
        """
        if self.labels is None:
            raise DataError(f"{self.name}: these texts have no labels.")
        if self.multi_label:
            return label_sets(self.labels, self.classes)
        return [self.classes[label] for label in self.labels.tolist()]


def normalise_texts(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """Return texts in lower case, with one space for each run of anything but letters, their marks and digits.

    Characters are Unicode's compatible ones (NFKC), and HTML's entities the characters that they stand for. HTML's tags
    and what has no width (soft hyphens, joiners, marks of direction and of an emoji's style) are left out; a tag is a
    space, except within words (``<b>``). A text that has no letter or digit (``":-)"``) stays as it is, without
    outer white space.
    """
    parts = [texts.slice(start, _PART_TEXTS) for start in range(0, max(len(texts), 1), _PART_TEXTS)]
    return pa.concat_arrays(on_all_cores(_normalise, parts))


def _normalise(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    texts = _changed(texts, pc.match_substring_regex(texts, r"&#?[0-9A-Za-z]+;"), _unescape)
    texts = _changed(texts, pc.invert(pc.string_is_ascii(texts)), _compatible)
    texts = _changed(texts, pc.match_substring(texts, "<"), _without_tags)
    words = pc.replace_substring_regex(pc.utf8_lower(texts), r"[^\pL\pM\pN]+", " ")
    words = pc.utf8_trim(words, " ")
    return pc.if_else(pc.equal(words, ""), pc.utf8_trim_whitespace(texts), words)


def number_texts(texts: pa.LargeStringArray) -> NDArray[np.int64]:
    """Return a number for each of N texts, int64 [N], in order of first appearance: the same for equal ones."""
    found: NDArray[np.int64] = texts.dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return found


def digests(texts: pa.LargeStringArray) -> NDArray[np.uint64]:
    """Return a hash of each of N texts, uint64 [N]."""
    found = bytearray()
    for start in range(0, len(texts), _PART_TEXTS):
        for text in texts.slice(start, _PART_TEXTS).to_pylist():
            found += hashlib.blake2b(text.encode(), digest_size=8).digest()
    return np.frombuffer(bytes(found), np.uint64)


def _changed(
    texts: pa.LargeStringArray, rows: pa.BooleanArray, change: Callable[[pa.LargeStringArray], pa.LargeStringArray]
) -> pa.LargeStringArray:
    """Return the texts with those of some rows, bool [N], changed."""
    return pc.replace_with_mask(texts, rows, change(texts.filter(rows))) if pc.any(rows).as_py() else texts


def _compatible(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    return pc.replace_substring_regex(pc.utf8_normalize(texts, form="NFKC"), _NO_WIDTH, "")


def _without_tags(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    bare = pc.replace_substring_regex(pc.replace_substring_regex(texts, _TAG_IN_WORDS, ""), _TAG, " ")
    return pc.if_else(pc.match_substring_regex(bare, r"[\pL\pN]"), bare, texts)


def _unescape(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    return pa.array(map(html.unescape, texts.to_pylist()), pa.large_string())


def label_sets(indicator: NDArray[np.integer], classes: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the classes of each row of an indicator matrix [N, C], N tuples in the order of `classes`.

    Any: a class is a str, int or bool, as its owner has it.
    """
    return [tuple(classes[i] for i in np.flatnonzero(row).tolist()) for row in indicator]


@dataclass(frozen=True)
class Splits:
    """The parts of a data set, and whether its test part came with it.

    Attributes:
        train: What a classifier may learn from.
        test: What is opened once, at the end; None when the source has none of its own.
        validation: A validation part that the source itself defines; usually None.
        unlabelled: Texts without labels, or None.
    """

    train: Dataset
    test: Dataset | None = None
    validation: Dataset | None = None
    unlabelled: Dataset | None = None

    def only(self, parts: Sequence[str]) -> Self:
        """Return train, and of the other parts those that are named."""
        others = {name: getattr(self, name) if name in parts else None for name in ("test", "validation")}
        return replace(self, test=others["test"], validation=others["validation"])


@dataclass(frozen=True)
class MarkedSplits(Splits):
    """The parts of a file that marks them, as `plaudit audit --write-clean` does: its training rows were cleaned."""


def as_text_column(texts: object, *, name: str = "texts") -> pa.LargeStringArray:
    """Turn what callers hold into the one form that the rest of Plaudit reads.

    Args:
        texts: A list or tuple of str, a NumPy array of str or object, an Arrow array, chunked array or string
            column of any width, a pandas or polars Series of strings (its order counts, not its index), a column of a
            Hugging Face data set; or an iterator or generator of str, which is read to its end.
        name: What an error message calls it.

    Returns:
        Arrow ``large_string`` [N] without nulls; N may be 0.

    Raises:
        DataError: A single string or a table was given, an entry is null or not a string, the input has two
            dimensions, or no order (a set).
    """
    if isinstance(texts, str | bytes | bytearray | memoryview):
        raise DataError(f"{name}: expected a list of texts, got one {type(texts).__name__}; wrap it in a list.")
    if (columns := column_names(texts)) is not None:
        raise _is_table(texts, columns, name)
    column = _from_arrow(texts, name)
    if column is None:
        column = _from_python(texts, name)
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if pa.types.is_dictionary(column.type):
        column = _decode(column)
    if (columns := names_of_struct(column.type)) is not None:
        raise _is_table(texts, columns, name)
    if len(column) == 0:
        return pa.array([], type=pa.large_string())
    if not (
        pa.types.is_string(column.type) or pa.types.is_large_string(column.type) or column.type == pa.string_view()
    ):
        raise DataError(f"{name}: expected strings, got a column of {column.type}.")
    if column.null_count:
        first = column.is_null().index(True).as_py()
        raise DataError(f"{name}: entry {first} is missing; {column.null_count:,} in all. Drop or fill them first.")
    return column.cast(pa.large_string())


def _is_table(texts: object, columns: Sequence[object], name: str) -> DataError:
    likely = likely_texts(columns)
    asked = asking_for(texts, "NAME" if likely is None else likely)
    advice = f"give the column that holds the texts: {asked}" if columns else "give a column of texts"
    return DataError(f"{name}: expected one column, got {describe(texts, columns)}; {advice}.")


def _from_arrow(texts: object, name: str) -> pa.Array | pa.ChunkedArray | None:
    """Return what speaks Arrow's protocol as it is there, None for what does not, or holds what Arrow cannot."""
    if isinstance(texts, pa.Array | pa.ChunkedArray):
        return texts
    if not hasattr(texts, "__arrow_c_stream__"):  # pandas and polars Series
        return None
    try:
        return pa.chunked_array(texts)
    except (pa.ArrowException, ValueError, TypeError):  # a Series of mixed values: `_from_python` says which
        return None


def _decode(column: pa.DictionaryArray) -> pa.Array:
    words = column.dictionary
    if words.type == pa.string_view():  # what polars sends; Arrow cannot take from it
        words = words.cast(pa.large_string())
    return words.take(column.indices)


def _from_python(texts: object, name: str) -> pa.Array:
    shape = getattr(texts, "shape", None)
    if shape is not None and len(shape) != 1:
        advice = "; flatten it first: numpy.ravel(texts)" if len(shape) == 2 and 1 in shape else ""
        raise DataError(f"{name}: expected one dimension, got shape {tuple(shape)}{advice}.")
    is_ordered = isinstance(texts, Sequence | Iterator | ValuesView) or hasattr(texts, "__array__")
    if not is_ordered or isinstance(texts, io.IOBase):
        advice = ""
        if isinstance(texts, Set):
            advice = ", which has no order"
        elif isinstance(texts, io.IOBase):
            advice = ": give its lines without their ends, file.read().splitlines()"
        raise DataError(f"{name}: expected a list of texts, got {type(texts).__name__}{advice}.")
    values = texts.tolist() if isinstance(texts, np.ndarray) else list(texts)  # type: ignore[call-overload]
    for position, value in enumerate(values):
        if not isinstance(value, str):
            raise DataError(f"{name}: entry {position} is {type(value).__name__}, expected str.")
    try:
        return pa.array(values, type=pa.large_string())
    except UnicodeEncodeError as error:
        raise DataError(f"{name}: a text holds a lone surrogate, which is not valid Unicode ({error}).") from error
