"""Tables fit the terminal: words wrap within their cells, figures stay whole."""

import io

import numpy as np
import pytest
from rich.console import Console
from rich.table import Table

from plaudit.app.terminal import print_metrics, print_table
from plaudit.evaluation import Answers


def _lines(width: int) -> list[str]:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("what", "interval", "advice"):
        table.add_column(heading, justify="right" if heading == "interval" else "left")
    table.add_row("no label", "0.1234 to 0.2345", "label it, or drop it: training refuses it")
    console = Console(file=io.StringIO(), width=width)
    print_table(console, table)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


@pytest.mark.parametrize("width", [80, 60, 45, 32, 31])
def test_no_line_is_wider_than_the_terminal_and_no_figure_is_broken(width: int) -> None:
    lines = _lines(width)
    assert max(map(len, lines)) <= width
    assert sum("0.1234 to 0.2345" in line for line in lines) == 1


def test_a_row_that_cannot_fit_is_a_heading_with_a_line_for_each_cell() -> None:
    assert _lines(31)[:2] == ["no label", "  interval: 0.1234 to 0.2345"]


@pytest.mark.parametrize("width", [80, 60, 40])
def test_a_confusion_matrix_of_long_names_is_numbered_or_left_to_a_wider_terminal(width: int) -> None:
    classes = tuple(f"a class with a long name {i}" for i in range(8))
    labels = np.arange(800) % 8
    probabilities = np.full((800, 8), 0.02)
    probabilities[np.arange(800), labels] = 0.86
    answers = Answers(labels, probabilities, labels, classes, multi_label=False)
    console = Console(file=io.StringIO(), width=width)
    print_metrics(console, answers, title="Test")
    assert isinstance(console.file, io.StringIO)
    said = console.file.getvalue()
    assert max(map(len, said.splitlines())) <= width
    matrix = "1  a class with a long name 0 100   0   0"
    assert (matrix in said) == (width == 80)
    assert ("confusion matrix: --json" in said) == (width < 80)
