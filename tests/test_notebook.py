"""The notebook runs from its first cell to its last, here on the sample; what is committed shows IMDB's figures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from plaudit.data import load_sample

nbformat = pytest.importorskip("nbformat")
NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "movie_reviews.ipynb"


def printed(notebook: Any) -> str:  # Any: nbformat comes without types
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(o.get("text", "") + o.get("data", {}).get("text/markdown", "") for o in outputs)


def n_images(notebook: Any) -> int:
    return sum("image/svg+xml" in o.get("data", {}) for cell in notebook.cells for o in cell.get("outputs", []))


@pytest.mark.slow
# ipykernel says that its local sockets are not encrypted, and jupyter_client which loop it takes.
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning", "ignore::UserWarning")
def test_every_cell_runs_on_the_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PLAUDIT_NOTEBOOK_DATA", "sample")
    monkeypatch.setenv("PLAUDIT_NOTEBOOK_EMBEDDING", "random")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    text = printed(notebook)
    assert "Saved, loaded, equal: True" in text
    assert "| test accuracy after 40 epochs | 84.6 % |" in text
    assert n_images(notebook) == 4


def test_what_is_committed_is_a_whole_run_on_imdb() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert "25,000 reviews for training" in printed(notebook)
    assert n_images(notebook) == 4
    assert not any(o.output_type == "error" for cell in notebook.cells for o in cell.get("outputs", []))


def test_what_is_committed_names_no_place_on_a_disk() -> None:
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert not re.search(r'["\' ](/(home|tmp|work|root|Users|mnt)/|[A-Z]:\\)', text)


def test_the_texts_shown_are_the_samples() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    shown = [line.split(" | ", 1)[1] for line in printed(notebook).split("\n") if re.match(r"[01] (neg|pos) \| ", line)]
    assert [text.strip() for text in shown] == [text.strip() for text in load_sample().train.texts[:10].to_pylist()]
