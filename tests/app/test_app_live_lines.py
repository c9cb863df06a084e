"""On a terminal one live line and a table of the epochs that matter; in a pipe, or with --verbose, every line."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from plaudit.app.train.monitors import EpochLines
from plaudit.app.tune import SearchBar
from plaudit.training import EpochResult, History
from plaudit.tuning import Trial
from plaudit.tuning.trials import Result


def trained(n: int, best: int, *, is_terminal: bool, verbose: bool = False) -> list[str]:
    """Return what is printed of `n` epochs of which `best` is the best, without the live line."""
    out = io.StringIO()
    console = Console(file=out, width=200, force_terminal=is_terminal, color_system=None, legacy_windows=False)
    lines = EpochLines(console, verbose=verbose)
    lines.begin(epochs=n, steps=1, done=History({"loss": [], "accuracy": []}, []))
    for epoch in range(1, n + 1):
        lines.after_step(1, 0.5, 0.5)
        lines.after_epoch(epoch, EpochResult(0.1, 0.5, 0.9, 0.4, 0.8), is_best=epoch <= best)
    lines.end()
    final = out.getvalue().rpartition("  epoch     time")[2] if is_terminal else out.getvalue()
    return [line for line in final.splitlines()[1:] if line.strip()]


def numbers(lines: list[str]) -> list[str]:
    return [line.split("/")[0].strip() if "/" in line else "…" for line in lines]


def test_a_pipe_gets_every_epoch() -> None:
    assert numbers(trained(12, 9, is_terminal=False)) == [str(i) for i in range(1, 13)]


def test_a_terminal_gets_the_first_the_best_and_the_last_at_the_end() -> None:
    lines = trained(12, 7, is_terminal=True)
    assert numbers(lines) == ["1", "2", "…", "6", "7", "8", "…", "12"]
    assert "3 more epochs: --verbose prints each" in lines[2]


def test_a_single_epoch_between_is_printed() -> None:
    assert numbers(trained(5, 5, is_terminal=True)) == ["1", "2", "3", "4", "5"]


def test_verbose_prints_every_epoch_on_a_terminal() -> None:
    out = trained(12, 7, is_terminal=True, verbose=True)
    assert sum("/12" in line and "0.9000" in line for line in out) == 12


def test_a_search_has_one_line() -> None:
    out = io.StringIO()
    console = Console(file=out, width=120, force_terminal=True, color_system=None)
    with SearchBar(console, 60.0) as bar:
        bar.show(12, Trial(3, "ngram", {}, {}, result=Result(0.9123, 100, 1.0, 0.1)), "accuracy")
        bar._progress.refresh()
    assert "12 trials; best: trial 3, ngram, accuracy 0.9123" in out.getvalue()


def test_the_help_of_train_has_panels(command: Any) -> None:
    told = command("train", "--help").out
    places = [told.index(f"\n{panel}:\n") for panel in ("Data", "Recipe", "Training", "Output", "Advanced")]
    assert places == sorted(places)
    assert places[0] < told.index("--text-column") < places[1] < told.index("--recipe") < places[2]
    assert places[4] < told.index("--delimiter")


def test_examples_are_cut_and_whole_where_asked(command: Any, tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("text,label\n" + "".join(f"word{i} {'film ' * 100},{'ab'[i % 2]}\n" for i in range(10)), "utf-8")
    assert "… (506 characters)" in command("data", "show", str(path)).out
    assert max(map(len, command("data", "show", str(path)).out.splitlines())) < 260
    assert "film " * 99 in command("data", "show", str(path), "--whole").out


def test_sets_of_labels_are_counted_as_labels(command: Any, tmp_path: Path) -> None:
    path = tmp_path / "sets.csv"
    rows = [f"text number {i},{'a;b' if i % 3 else 'c' if i % 2 else 'a'}" for i in range(30)]
    path.write_text("text,tags\n" + "\n".join(rows) + "\n", "utf-8")
    told = command(
        "data", "show", str(path), "--label-column", "tags", "--label-separator", ";", "--text-column", "text"
    )
    assert "values" not in told.out


@pytest.mark.parametrize("command_name", ["train", "tune"])
def test_verbose_is_an_option(command: Any, command_name: str) -> None:
    assert "--verbose" in command(command_name, "--help").out
