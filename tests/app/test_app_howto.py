"""Every code block of docs/howto runs as it stands there, on invented tickets."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_app_readme import tickets

Command = Callable[..., Any]  # the fixture `command`
PAGES = sorted((Path(__file__).parents[2] / "docs" / "howto").glob("*.md"))
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
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    for python, line in blocks:
        if line:
            words = shlex.split(line)
            recipe = ["--recipe", "ngram"] if words[1] == "train" else []  # what auto takes where no encoder is at hand
            done = command(*words[1:], *recipe)
            assert done.out or done.err, line
        else:
            exec(compile(python, page.name, "exec"), {"__name__": "page"})
    assert blocks or page.stem == "cluster"


def test_there_is_a_page_for_each_question() -> None:
    assert {page.stem for page in PAGES} >= {"few-labels", "noisy-labels", "many-classes", "several-labels", "cluster"}
