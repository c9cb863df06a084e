"""The words that weigh most over a collection of texts, for each class.

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
        words: Those with the greatest sum of shares, the greatest first; ties by the word.
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
        ConfigError: `label` is none of the model's classes, or the kind of model cannot be explained.
    """
    column = as_text_column(texts)
    names = model.classes_.tolist()
    has_two = len(names) == 2 and not model.multi_label_
    number = None if label is None else class_number(model, label)
    logits = model.logits(column) if logits is None else logits
    asked = None if has_two else label  # both classes are in the one logit
    rows, classes = chosen_classes(model, logits, model.predicted(logits), asked)
    tables: dict[int, list[pa.Table]] = {}
    done = 0
    for batch in share_out(model, column, rows, classes):
        for found in np.unique(batch.classes).tolist():
            tables.setdefault(found, []).append(_sums(batch, found))
        done += len(batch.texts)
        if progress is not None:
            progress(done, len(rows))
    result = []
    for found, parts in sorted(tables.items()):
        summed = _together(pa.concat_tables(parts))
        n_texts = int((classes == found).sum())
        sides = ((0, -1), (1, 1)) if has_two else ((found, 1),)
        result += [
            ClassWords(names[side], n_texts, _top(summed, n, sign)) for side, sign in sides if number in (None, side)
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


def _top(table: pa.Table, n: int, sign: int) -> tuple[TopWord, ...]:
    signed = table.set_column(table.column_names.index("total"), "total", pc.multiply(table["total"], float(sign)))
    signed = signed.filter(pc.greater(signed["total"], 0.0))
    best = signed.take(pc.sort_indices(signed, [("total", "descending"), ("word", "ascending")])[:n])
    return tuple(TopWord(row["word"], row["total"] / row["count"], row["count"]) for row in best.to_pylist())
