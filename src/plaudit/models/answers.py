"""A classifier's answers to texts as plain Python values: what JSON, a terminal and a server say of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from plaudit.models.base import Classifier


@dataclass(frozen=True, eq=False)
class Answers:
    """What a classifier says of N texts.

    Attributes:
        labels: N labels, each a str, int or bool as the classes are; None for no answer; multi-label a tuple of them.
        numbers: What was chosen: class numbers, int64 [N], -1 for no answer; multi-label an indicator, int64 [N, C].
        probabilities: float64 [N, C].
    """

    labels: list[Any]  # Any: see above
    numbers: NDArray[np.int64]
    probabilities: NDArray[np.float64]


def answer(model: Classifier, texts: object) -> Answers:
    """Score N texts by the model's own decision rule; `texts` are what `decision_function` takes."""
    from plaudit.training.losses import probabilities

    logits = model.decision_function(texts)
    numbers = model.decide(logits)
    labels = model.label_sets(numbers) if model.multi_label_ else model.labels_of(numbers).tolist()
    return Answers(labels, numbers, probabilities(logits, multi_label=model.multi_label_))


def answer_records(model: Classifier, texts: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield each text with its label (multi-label: a tuple; None for no answer) and every class's probability."""
    found = answer(model, texts)
    names = [str(name) for name in model.classes_.tolist()]
    for text, label, row in zip(texts, found.labels, found.probabilities.tolist(), strict=True):
        yield {"text": text, "label": label, "probabilities": dict(zip(names, row, strict=True))}
