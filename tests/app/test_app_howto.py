"""Every code block of docs/howto and of docs/moving.md runs as it stands there, on invented tickets."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_app_readme import tickets

Command = Callable[..., Any]  # the fixture `command`
DOCS = Path(__file__).parents[2] / "docs"
PAGES = [*sorted((DOCS / "howto").glob("*.md")), DOCS / "moving.md"]
BLOCK = re.compile(r"^```python\n(.*?)^```|^ {4,}(plaudit [^\n]*)$", re.M | re.S)


def tagged(n: int) -> str:
    """Return messages with none, one or two labels."""
    rows = tickets(n, seed=3).splitlines()[1:]
    cells = (f"{message},{'' if i % 7 == 0 else team}{';urgent' if i % 3 == 0 and i % 7 else ''}"
             for i, (message, _, team) in enumerate(row.rpartition(",") for row in rows))  # fmt: skip
    return "message,tags\n" + "\n".join(cells) + "\n"


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_block_runs(page: Path, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for number, (name, n) in enumerate({"tickets.csv": 300, "new.csv": 30, "other.csv": 60}.items()):
        (tmp_path / name).write_text(tickets(n, seed=number), encoding="utf-8")
    (tmp_path / "tagged.csv").write_text(tagged(240), encoding="utf-8")
    reviews = [f"__label__{'pos good' if i % 2 else 'neg bad'} film number {i}\n" for i in range(60)]
    (tmp_path / "reviews.txt").write_text("".join(reviews), encoding="utf-8")
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    for python, line in blocks:
        if line:
            words = shlex.split(line)
            is_open = words[1] == "train" and "--recipe" not in words
            recipe = ["--recipe", "ngram"] if is_open else []  # what auto takes where no encoder is at hand
            done = command(*words[1:], *recipe)
            assert done.out or done.err, line
        else:
            exec(compile(python, page.name, "exec"), {"__name__": "page"})
    assert blocks or page.stem == "cluster"


def test_there_is_a_page_for_each_question() -> None:
    assert {page.stem for page in PAGES} >= {"few-labels", "noisy-labels", "many-classes", "several-labels", "cluster"}
