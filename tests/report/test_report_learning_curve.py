"""The learning curve as a picture: whole, repeatable, and saying what it shows."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from test_report_plots import check_png

from plaudit.evaluation.learning import LearningCurve, Trained, fit_curve
from plaudit.report import plot_learning_curve


def curve(fall: float) -> LearningCurve:
    random = np.random.default_rng(0)
    sizes = ((100, 3), (200, 3), (400, 2), (800, 1))
    return fit_curve([Trained(n, random.random((draws, 500)) > 0.1 + fall / n**0.5) for n, draws in sizes])


def test_three_whole_files_that_are_the_same_each_time(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        found = plot_learning_curve(curve(3.0), tmp_path / name)
        assert [path.name for path in found] == [
            "learning-curve.svg", "learning-curve.png", "learning-curve-dark.png",
        ]  # fmt: skip
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
        if path.suffix == ".png":
            assert check_png(path) == (960, 600)


def test_the_svg_says_what_it_shows_as_text(tmp_path: Path) -> None:
    plot_learning_curve(curve(0.0), tmp_path)
    texts = "".join(ElementTree.parse(tmp_path / "learning-curve.svg").getroot().itertext())
    for words in ("Learning curve", "Labelled training texts", "Trained models", "As it may go on", "3,200"):
        assert words in texts
