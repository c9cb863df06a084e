"""The words that weigh most over a collection of texts, for each class.

Marks and function words ("the", ",") have the largest sums by their number alone, so they are left out unless they
matter: unless one of them weighs, at each place, as much as the word in the middle of the others that are shown.

The decision to question: of more than two classes a word's share is counted only where the class is predicted, so that
one pass over the texts is enough for any number of classes. Of two classes every text counts: they share one logit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.data.dataset import as_text_column
from plaudit.explanation.explaining import chosen_classes, class_number
from plaudit.explanation.shares import share_out
from plaudit.text.languages import function_words, guess_language
from plaudit.text.scripts import script_shares

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from plaudit.explanation.explanation import ExplainedBatch
    from plaudit.models import Classifier


@dataclass(frozen=True)
class TopWord:
    """A word and its weight.

    Attributes:
        word: In lower case: its spellings count together.
        share: The mean of its shares in the class's logit, over all its places in the texts.
        count: The number of these places.
    """

    word: str
    share: float
    count: int

    @property
    def total(self) -> float:
        """The sum of its shares."""
        return self.share * self.count


@dataclass(frozen=True)
class ClassWords:
    """The words that speak most for a class.

    Attributes:
        label: The class.
        n_texts: The texts whose shares were counted.
        words: Those with the greatest sum of shares, the greatest first; ties by the word. Of marks and function words
            those alone that weigh as much at each place as the median of the others.
    """

    label: Any  # Any: a str, int or bool, as the model's classes are
    n_texts: int
    words: tuple[TopWord, ...]


def top_words(
    model: Classifier,
    texts: object,
    *,
    n: int = 20,
    label: object = None,
    logits: NDArray[np.float32] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[ClassWords]:
    """Return for each class the `n` words whose shares in its logit have the greatest sum over `texts`.

    Args:
        model: A fitted classifier.
        texts: As `explain` takes them.
        n: From 1.
        label: One class alone; of more than two its shares are then counted in every text.
        logits: What the model's `logits` gives for the texts, where that is known already.
        progress: Told how many explanations are done, and of how many.

    Returns:
        A class each, in the model's order, those alone that some text was given.

    Raises:
        ConfigError: `label` is not one of the model's classes, or the kind of model cannot be explained.
    """
    column = as_text_column(texts)
    names = model.classes_.tolist()
    has_two = len(names) == 2 and not model.multi_label_
    number = None if label is None else class_number(model, label)
    logits = model.logits(column) if logits is None else logits
    asked = None if has_two else label  # both classes are in the one logit
    rows, classes = chosen_classes(model, logits, model.predicted(logits, unlike=model.unlike(column)), asked)
    tables: dict[int, list[pa.Table]] = {}
    done = 0
    for batch in share_out(model, column, rows, classes):
        for found in np.unique(batch.classes).tolist():
            tables.setdefault(found, []).append(_sums(batch, found))
        done += len(batch.texts)
        if progress is not None:
            progress(done, len(rows))
    result = []
    summed_by_class = {found: _together(pa.concat_tables(parts)) for found, parts in sorted(tables.items())}
    small = _small_words(_together(pa.concat_tables(summed_by_class.values()))) if summed_by_class else pa.array([])
    for found, summed in summed_by_class.items():
        n_texts = int((classes == found).sum())
        sides = ((0, -1), (1, 1)) if has_two else ((found, 1),)
        result += [
            ClassWords(names[side], n_texts, _top(summed, n, sign, small))
            for side, sign in sides
            if number in (None, side)
        ]
    return result


def _sums(batch: ExplainedBatch, number: int) -> pa.Table:
    """Return the distinct words of the batch's texts of one class, with the sum of their shares and their count."""
    words = batch.words
    chosen = np.repeat(batch.classes == number, np.diff(words.offsets)) & batch.is_shown & ~words.is_blank()
    values: NDArray[np.int32] = words.values[chosen]
    size = len(words.dictionary)
    counts = np.bincount(values, minlength=size)
    totals = np.bincount(values, batch.found.shares[chosen], minlength=size)
    used = pa.array(counts > 0)
    lower = pc.utf8_lower(words.dictionary)
    return _together(pa.table({"word": lower, "total": totals, "count": counts}).filter(used))


def _together(table: pa.Table) -> pa.Table:
    grouped = table.group_by("word").aggregate([("total", "sum"), ("count", "sum")])
    return grouped.rename_columns({"total_sum": "total", "count_sum": "count"})


def _small_words(table: pa.Table) -> pa.Array:
    """Return the words without a letter or digit, and the function words of the texts' language."""
    words, counts = table["word"].combine_chunks(), table["count"].to_numpy()
    language = guess_language(words, counts, script_shares(words, counts))
    is_mark = pc.invert(pc.match_substring_regex(words, r"[\pL\pN]"))
    is_function = pc.is_in(words, value_set=pa.array(function_words(language), words.type))
    return words.filter(pc.or_(is_mark, is_function))


def _top(table: pa.Table, n: int, sign: int, small: pa.Array) -> tuple[TopWord, ...]:
    signed = table.set_column(table.column_names.index("total"), "total", pc.multiply(table["total"], float(sign)))
    signed = signed.filter(pc.greater(signed["total"], 0.0))
    is_small = pc.is_in(signed["word"], value_set=small)
    others = _first(signed.filter(pc.invert(is_small)), n)
    if len(others):
        middle = float(np.median(_means(others)))
        matters = pa.array(_means(signed) >= middle)
        signed = signed.filter(pc.or_(pc.invert(is_small), matters))
    return tuple(
        TopWord(row["word"], row["total"] / row["count"], row["count"]) for row in _first(signed, n).to_pylist()
    )


def _first(table: pa.Table, n: int) -> pa.Table:
    return table.take(pc.sort_indices(table, [("total", "descending"), ("word", "ascending")])[:n])


def _means(table: pa.Table) -> NDArray[np.float64]:
    """Return each word's mean share, float64 [W]."""
    means: NDArray[np.float64] = table["total"].to_numpy() / table["count"].to_numpy()
    return means
