"""A classifier's answers to texts given on the command line: records for JSON, lines for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from plaudit.app.plain import plain

if TYPE_CHECKING:
    from plaudit.models import Classifier


def answer_records(model: Classifier, texts: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield each text with its label (multi-label: a list; None for no answer) and every class's probability."""
    from plaudit.training.losses import probabilities

    logits, classes = model.decision_function(texts), model.classes_.tolist()
    rows = probabilities(logits, multi_label=model.multi_label_).tolist()
    chosen = model.decide(logits)
    labels = model.label_sets(chosen) if model.multi_label_ else model.labels_of(chosen).tolist()
    for text, label, row in zip(texts, labels, rows, strict=True):
        by_class = {str(name): p for name, p in zip(classes, row, strict=True)}
        yield {"text": text, "label": label, "probabilities": by_class}


def answer_lines(model: Classifier, texts: Sequence[str]) -> list[str]:
    """Return a line for each text: its label and probability, or, multi-label, each of them; "-" for none.

    Where the model's rule gives no answer, the line says so, with the likeliest class.
    """
    answers = []
    names = [plain(str(name)) for name in model.classes_.tolist()]
    width = 0 if model.multi_label_ else max(map(len, names))
    for record in answer_records(model, texts):
        by_class = record["probabilities"]
        found = record["label"] if model.multi_label_ else [record["label"]]
        if found == [None]:
            likeliest = max(by_class, key=by_class.__getitem__)
            answers.append(f"no answer ({plain(likeliest)} {by_class[likeliest]:.3f})")
            continue
        named = (f"{plain(str(name)):<{width}}  {by_class[str(name)]:.3f}" for name in found)
        answers.append(", ".join(named) or "-")
    width = max(map(len, answers), default=0)
    return [f"{answer:<{width}}  {plain(text)}" for answer, text in zip(answers, texts, strict=True)]
