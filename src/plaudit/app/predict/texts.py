"""`plaudit predict` with texts as arguments: a line or a JSON object for each."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from plaudit.app.plain import plain
from plaudit.app.terminal import make_console, print_json
from plaudit.models import load
from plaudit.models.answers import answer_records, doubts

if TYPE_CHECKING:
    from plaudit.models import Classifier


def answer_lines(model: Classifier, texts: Sequence[str]) -> list[str]:
    """Return a line for each text: its label and probability, or, multi-label, each of them; "-" for none.

    Where the model's rule gives no answer, the line says so, with the likeliest class.
    """
    answers = []
    names = [plain(str(name)) for name in model.classes_.tolist()]
    width = 0 if model.multi_label_ else max(map(len, names))
    for record, doubt in zip(answer_records(model, texts), doubts(model, texts), strict=True):
        by_class = record["probabilities"]
        found = record["label"] if model.multi_label_ else [record["label"]]
        if doubt is not None or found == [None]:
            likeliest, why = max(by_class, key=by_class.__getitem__), "" if doubt is None else f": {doubt}"
            answers.append(f"no answer{why} ({plain(likeliest)} {by_class[likeliest]:.3f})")
            continue
        named = (f"{plain(str(name)):<{width}}  {by_class[str(name)]:.3f}" for name in found)
        answers.append(", ".join(named) or "-")
    width = max(map(len, answers), default=0)
    return [f"{answer:<{width}}  {plain(text)}" for answer, text in zip(answers, texts, strict=True)]


def predict_texts(model: Path, texts: list[str], *, as_json: bool) -> None:
    """Label texts given as arguments."""
    _leave_pandas_out()
    classifier = load(model)
    if as_json:
        for record in answer_records(classifier, texts):
            print_json(record)
        return
    console = make_console()
    for line in answer_lines(classifier, texts):
        console.print(line, markup=False)


class _NoPandas(MetaPathFinder):
    """Finds no pandas. None in `sys.modules` would say the same, but compiled modules such as pyarrow's take it."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def _leave_pandas_out() -> None:
    """Keep pyarrow from importing pandas, 0.4 s, to see whether what it is given comes from there.

    pyarrow looks once in a process, at the first array; what asks for pandas afterwards gets it.
    """
    if "pandas" not in sys.modules:
        finder = _NoPandas()
        sys.meta_path.insert(0, finder)
        pa.array([""])
        sys.meta_path.remove(finder)
