"""A classifier's answers to texts given on the command line, as lines for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from plaudit.app.plain import plain
from plaudit.models.answers import answer_records

if TYPE_CHECKING:
    from plaudit.models import Classifier


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
