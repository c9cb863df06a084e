"""The reliability plot: its files, its words, and the same bytes for the same figures."""

from pathlib import Path

import numpy as np
import pytest

from plaudit.evaluation import Reliability
from plaudit.report import plot_reliability

BEFORE = Reliability(np.array([0.55, 0.75, 0.95]), np.array([0.6, 0.9, 1.0]), np.array([40, 40, 41]))
AFTER = Reliability(np.array([0.6, 0.85, 0.98]), np.array([0.6, 0.9, 1.0]), np.array([40, 40, 41]))


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


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_single_bin_at_the_edge_is_drawn(tmp_path: Path, share: float) -> None:
    bins = Reliability(np.array([1.0]), np.array([share]), np.array([1]))
    draw(tmp_path / "a", bins, bins, 1.0)
