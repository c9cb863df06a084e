"""The wrong answers that a classifier was surest of, and the words that weigh most: why it answers as it does.

Texts of the test are not looked at for this: whoever reads its mistakes and corrects the model has chosen by them. So a
run hands over its validation texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from plaudit.errors import ConfigError, PluginError
from plaudit.evaluation import answer
from plaudit.explanation import Explanation, explain_classes, top_words
from plaudit.explanation.shares import explains_slowly
from plaudit.report.facts import ClassWordsFacts, ExplainedFacts, MarkFacts, Mistake, WordFacts
from plaudit.training.losses import cross_entropy, probabilities

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.data import Dataset
    from plaudit.evaluation import Answers
    from plaudit.models import Classifier

_MISTAKES, _MISTAKES_SLOW = 10, 6
_AGAIN = 10  # times that many are looked at, because the same text may be wrong again
_WORDS_OF, _WORDS_OF_SLOW = 1_000, 16  # texts
_WORDS, _WORDS_MANY, _FEW_CLASSES = 15, 8, 4
_MOST_CLASSES = 40
_MOST_CHARACTERS = 1_000  # of a text on the page
_FEW_EXPLAINED = (
    "This kind of model takes seconds to explain a text, so only a few are explained: `plaudit explain` explains any."
)
_HALF_EXPLAINED = (
    "Explaining the encoder takes seconds a text, so the words come only from the model's n-grams, and few mistakes "
    "are shown. `plaudit explain` explains any text by the whole model."
)


@dataclass(frozen=True)
class Wrong:
    """Wrong answers, the surest first.

    Attributes:
        rows: int64 [M], which texts.
        classes: int64 [M], the class of each to explain: multi-label the one that is most wrong, of many classes the
            one that was predicted, of two the second.
        n: How many there are, M or more.
    """

    rows: NDArray[np.int64]
    classes: NDArray[np.int64]
    n: int


def find_wrong(answers: Answers, texts: pa.LargeStringArray, logits: NDArray[np.floating], *, n: int) -> Wrong:
    """Return the `n` wrong answers with the greatest loss, of equal texts one; no answer is no mistake.

    Args:
        answers: To N texts.
        texts: Arrow ``large_string`` [N].
        logits: As `Classifier.logits` gives them, float [N, K].
        n: How many at most.
    """
    true, found = answers.labels, answers.predictions
    if answers.multi_label:
        by_label = (np.maximum(logits, 0) - logits * true + np.log1p(np.exp(-np.abs(logits)))) * (found != true)
        is_wrong, losses, classes = (found != true).any(axis=1), by_label.max(axis=1), by_label.argmax(axis=1)
    else:
        losses, _ = cross_entropy(logits.astype(np.float32), true)
        is_wrong = (found != true) & (found >= 0)
        classes = np.ones_like(found) if len(answers.classes) == 2 else found
    rows = np.flatnonzero(is_wrong)
    chosen = _distinct(texts, rows[np.argsort(-losses[rows], kind="stable")[: n * _AGAIN]])[:n]
    return Wrong(chosen, classes[chosen], len(rows))


def _distinct(texts: pa.LargeStringArray, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows, of those with the same text the first."""
    return rows[np.sort(np.unique(texts.take(pa.array(rows)).to_pylist(), return_index=True)[1]).astype(np.int64)]


def explain_wrong(model: Classifier, dataset: Dataset, wrong: Wrong, logits: NDArray[np.float32]) -> list[Explanation]:
    """Return why the model gave these answers.

    Raises:
        ConfigError: The kind of model cannot be explained.
    """
    predicted = model.predicted(logits, unlike=model.unlike(dataset.texts))
    return explain_classes(model, dataset.texts, wrong.rows, wrong.classes, logits=logits, predicted=predicted)


def explained_facts(model: Classifier, dataset: Dataset, logits: NDArray[np.float32]) -> ExplainedFacts:
    """Return the words that weigh most and the worst mistakes of a fitted classifier on labelled texts.

    Args:
        model: The classifier.
        dataset: N texts, one or more.
        logits: What its `logits` gives for them.
    """
    is_slow = explains_slowly(model)
    answers, n_mistakes = answer(model, dataset, logits=logits), _MISTAKES_SLOW if is_slow else _MISTAKES
    wrong = find_wrong(answers, dataset.texts, logits, n=n_mistakes)
    truths = [named(truth) for truth in dataset.take(wrong.rows).label_names()]
    half: Classifier | None = getattr(model, "ngram_", None)  # of a blend, explained a thousand times as fast
    n_of = min(len(dataset), _WORDS_OF_SLOW if is_slow and half is None else _WORDS_OF)
    try:
        explained = explain_wrong(model, dataset, wrong, logits)
        mistakes = [
            _mistake(one, truth, place_of(dataset, row))
            for one, truth, row in zip(explained, truths, wrong.rows.tolist(), strict=True)
        ]
        chosen = np.linspace(0, len(dataset) - 1, n_of).astype(np.int64)
        words = _class_words(half or model, dataset.take(chosen), None if half is not None else logits[chosen])
        notes = [_FEW_EXPLAINED if half is None else _HALF_EXPLAINED] * is_slow
    except (ConfigError, PluginError) as error:
        mistakes = _unexplained(model, dataset, wrong, logits, truths)
        words, n_of, notes = (), 0, [f"No words are marked: {error}"]
    return ExplainedFacts(len(dataset), wrong.n, words, tuple(mistakes), n_of, tuple(notes))


def named(answer: object) -> str:
    """Return an answer in words: a label, or a set of them."""
    if isinstance(answer, tuple):
        return ", ".join(map(str, answer)) or "no label"
    return "no answer" if answer is None else str(answer)


def passage(explanation: Explanation, *, most: int = _MOST_CHARACTERS) -> tuple[int, int]:
    """Return where the part of a text that weighs most begins and ends, of at most `most` characters.

    It is the whole text if that is no longer; else it begins with a word, and is the first of those whose words have
    the greatest sum of shares, whatever their sign.
    """
    text, starts, ends = explanation.text, explanation.starts, explanation.ends
    if len(text) <= most:
        return 0, len(text)
    if not len(starts):
        return 0, most
    sums = np.concatenate([[0.0], np.cumsum(np.abs(explanation.shares))])
    last = np.searchsorted(ends, starts + most, "right")
    first = int(np.argmax(sums[np.maximum(last, np.arange(1, len(sums)))] - sums[:-1]))
    start = int(starts[first])
    stop = len(text) if len(text) - start <= most else int(ends[max(int(last[first]) - 1, first)])
    return start, min(stop, start + most)


def _class_words(
    model: Classifier, dataset: Dataset, logits: NDArray[np.float32] | None
) -> tuple[ClassWordsFacts, ...]:
    n_words = _WORDS if len(model.classes_) <= _FEW_CLASSES else _WORDS_MANY
    found = top_words(model, dataset.texts, n=n_words, logits=logits)
    shown = sorted(sorted(range(len(found)), key=lambda i: -found[i].n_texts)[:_MOST_CLASSES])
    return tuple(
        ClassWordsFacts(
            named(found[i].label),
            found[i].n_texts,
            tuple(WordFacts(each.word[:100], each.total, each.count) for each in found[i].words),
        )
        for i in shown
    )


def place_of(dataset: Dataset, row: int) -> str | None:
    """Return where a text stands in what was read; None where that is not known."""
    if dataset.places is not None:
        return dataset.places.where(row)
    if "file" in dataset.extra.column_names:  # IMDB's reviews have a file each
        return str(dataset.extra["file"][row].as_py())
    return None


def _mistake(found: Explanation, truth: str, place: str | None) -> Mistake:
    start, end = passage(found)
    rows = zip(
        *(column.tolist() for column in (
            found.starts, found.ends, found.shares, found.levels(), found.unseen, found.unread
        )),
        strict=True,
    )  # fmt: skip
    marks = tuple(
        MarkFacts(max(a, start) - start, min(b, end) - start, share, level, unseen, unread)
        for a, b, share, level, unseen, unread in rows
        if a < end and b > start and (level or unseen or unread)
    )
    return Mistake(
        given=truth,
        predicted=named(found.predicted),
        explained=named(found.label),
        probability=found.probability,
        text=found.text[start:end],
        is_cut=(start > 0, end < len(found.text)),
        marks=marks,
        place=place,
    )


def _unexplained(
    model: Classifier, dataset: Dataset, wrong: Wrong, logits: NDArray[np.float32], truths: list[str]
) -> list[Mistake]:
    shares = probabilities(logits[wrong.rows], multi_label=model.multi_label_)
    predicted = model.predicted(logits[wrong.rows], unlike=model.unlike(dataset.take(wrong.rows).texts))
    answers = model.label_sets(predicted) if model.multi_label_ else predicted.tolist()
    return [
        Mistake(
            truth, named(said), model.class_names[number], float(share[number]), text[:_MOST_CHARACTERS],
            (False, len(text) > _MOST_CHARACTERS), (), place_of(dataset, row),
        )
        for row, truth, said, number, share, text in zip(
            wrong.rows.tolist(), truths, answers, wrong.classes.tolist(), shares,
            dataset.take(wrong.rows).texts.to_pylist(), strict=True,
        )
    ]  # fmt: skip
