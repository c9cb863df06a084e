"""The reliability plot: its files, its words, and the same bytes for the same figures."""

from pathlib import Path

import pytest

from plaudit.evaluation import Reliability, wilson_interval
from plaudit.evaluation.calibration import Bin
from plaudit.report import plot_reliability


def reliability(*bins: tuple[int, float, int], error: float) -> Reliability:
    """Make one of bins: how many texts, their probability, and how many of them are right."""
    return Reliability(tuple(Bin(n, p, right / n, wilson_interval(right, n)) for n, p, right in bins), error)


BEFORE = reliability((40, 0.55, 24), (40, 0.75, 36), (41, 0.95, 41), error=0.083)
AFTER = reliability((40, 0.6, 24), (40, 0.85, 36), (41, 0.98, 41), error=0.023)


def draw(
    folder: Path, before: Reliability, after: Reliability, temperature: float, *, multi_label: bool = False
) -> str:
    folder.mkdir()
    paths = plot_reliability(before, after, folder, temperature=temperature, multi_label=multi_label)
    assert [path.name for path in paths] == ["reliability.svg", "reliability.png", "reliability-dark.png"]
    assert all(path.stat().st_size > 1_000 for path in paths)
    return paths[0].read_text(encoding="utf-8")


def test_both_are_drawn_where_a_temperature_was_chosen(tmp_path: Path) -> None:
    words = draw(tmp_path / "a", BEFORE, AFTER, 0.7)
    for said in (
        "Reliability on 121 validation texts", "Probability of the answer", "Right as often as said",
        f"Before: calibration error {BEFORE.error:.3f}", f"Calibrated: calibration error {AFTER.error:.3f}",
    ):  # fmt: skip
        assert said in words


def test_one_is_drawn_where_none_was(tmp_path: Path) -> None:
    words = draw(tmp_path / "a", BEFORE, BEFORE, 1.0)
    assert f"Calibration error {BEFORE.error:.3f}" in words
    assert "Before" not in words


def test_of_sets_labels_are_counted(tmp_path: Path) -> None:
    words = draw(tmp_path / "a", BEFORE, AFTER, 0.7, multi_label=True)
    assert "Reliability on 121 validation labels" in words
    assert "Share of texts that have it" in words


def test_the_same_figures_give_the_same_bytes(tmp_path: Path) -> None:
    draw(tmp_path / "a", BEFORE, AFTER, 0.7)
    draw(tmp_path / "b", BEFORE, AFTER, 0.7)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


@pytest.mark.parametrize("right", [0, 1])
def test_a_single_bin_at_the_edge_is_drawn(tmp_path: Path, right: int) -> None:
    bins = reliability((1, 1.0, right), error=1.0 - right)
    draw(tmp_path / "a", bins, bins, 1.0)
