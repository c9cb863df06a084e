"""A classifier's answers to texts given on the command line: records for JSON, lines for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from plaudit.app.plain import plain

if TYPE_CHECKING:
    from plaudit.models import Classifier


def answer_records(model: Classifier, texts: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield each text with its label (multi-label: a list) and every class's probability."""
    from plaudit.training.losses import predicted, probabilities

    logits, classes = model.decision_function(texts), model.classes_.tolist()
    rows = probabilities(logits, multi_label=model.multi_label_).tolist()
    chosen = predicted(logits, multi_label=model.multi_label_)
    labels = model.label_sets(chosen) if model.multi_label_ else [classes[i] for i in chosen.tolist()]
    for text, label, row in zip(texts, labels, rows, strict=True):
        by_class = {str(name): p for name, p in zip(classes, row, strict=True)}
        yield {"text": text, "label": label, "probabilities": by_class}


def answer_lines(model: Classifier, texts: Sequence[str]) -> list[str]:
    """Return a line for each text: its label and probability, or, multi-label, each of them; "-" for none."""
    answers = []
    names = [plain(str(name)) for name in model.classes_.tolist()]
    width = 0 if model.multi_label_ else max(map(len, names))
    for record in answer_records(model, texts):
        found = record["label"] if model.multi_label_ else [record["label"]]
        named = (f"{plain(str(name)):<{width}}  {record['probabilities'][str(name)]:.3f}" for name in found)
        answers.append(", ".join(named) or "-")
    width = max(map(len, answers), default=0)
    return [f"{answer:<{width}}  {plain(text)}" for answer, text in zip(answers, texts, strict=True)]
