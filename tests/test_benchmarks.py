"""The benchmarks run, on the built-in sample; what they print of it is not a figure of anything."""

import contextlib
import importlib.util
import io
import json
import runpy
import subprocess
import sys
import warnings
from pathlib import Path
from unittest import mock

import pytest

from plaudit.native.library import kernels

FOLDER = Path(__file__).parents[1] / "benchmarks"
NEEDS_TENSORFLOW = [
    pytest.mark.tensorflow,
    pytest.mark.skipif(importlib.util.find_spec("tensorflow_hub") is None, reason="needs the extra tensorflow"),
]


def run(script: str, *options: str | Path) -> str:
    """Run a benchmark in this process, which has imported already what it needs; return what it prints."""
    printed, names = io.StringIO(), {path.stem for path in FOLDER.glob("*.py")}
    others = {name: sys.modules.pop(name) for name in names & sys.modules.keys()}  # a test's module of the same name
    try:
        with (
            mock.patch.object(sys, "argv", [script, *map(str, options)]),
            mock.patch.object(sys, "path", [str(FOLDER), *sys.path]),
            contextlib.redirect_stdout(printed),
            warnings.catch_warnings(action="ignore"),
        ):
            runpy.run_path(str(FOLDER / script), run_name="__main__")
    finally:
        for name in names & sys.modules.keys():
            del sys.modules[name]
        sys.modules.update(others)
    return printed.getvalue()


def dry(script: str, output: Path, *options: str | Path) -> str:
    """Run a benchmark on the built-in sample."""
    with contextlib.chdir(output.parent):
        return run(script, "--dry", "--output", output, *options)


def dry_alone(script: str, output: Path, *options: str | Path) -> str:
    """Run one that starts servers, limits itself or imports TensorFlow in a process of its own."""
    command = [sys.executable, FOLDER / script, "--dry", "--output", output, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=output.parent)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_ladder_compares_in_one_sitting(tmp_path: Path, sample_model: Path) -> None:
    peer = "TF-IDF (1,2) and logistic regression"
    options = ("--recipes", "ngram", "ngram:n_max=1", "--peers", peer, "--repeats", "2", "--models", str(sample_model))
    out = dry("train.py", tmp_path / "found.json", *options, "--plot", "front.svg")
    figures = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert {"ngram", "ngram:n_max=1", peer} < figures.keys()
    assert figures["ngram"].keys() == {"repeat 0, seed 0", "repeat 1, seed 0"}
    recorded = json.loads((sample_model / "metrics.json").read_text(encoding="utf-8"))
    taken = figures[f"network ({sample_model.name})"]["recorded"]
    assert (taken["accuracy"], taken["seconds"]) == (recorded["test"]["accuracy"], recorded["train"]["seconds"])
    first = next(line for line in out.splitlines() if line.startswith("| ngram |"))
    assert f"| {figures['ngram']['repeat 0, seed 0']['accuracy']:.4f} |" in first
    assert "1.00 (1.00 to 1.00)" in first
    assert "<svg" in (tmp_path / "front.svg").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "options", "expected"),
    [
        ("text.py", ("--turns", "1"), "| WordPiece ids | "),
        pytest.param(
            "kernels.py",
            ("--turns", "1", "--only", "ngram, 1 to 3 words"),
            "times the array passes",
            marks=pytest.mark.skipif(kernels() is None, reason="there was no C compiler"),
        ),
        ("score.py", ("--turns", "1", "--only", "ngram, 1 to 3", "TF-IDF (1,2) and logistic regression"), "| no |"),
        ("batch.py", ("--forms", ".csv", ".jsonl"), "| rows | rows a second | memory, MiB |"),
        ("scale.py", ("--sizes", "1500"), "| train ngram | 1,500 | "),
        ("streaming.py", ("--gigabytes", "0.001", "--recipes", "ngram"), "| ngram, streaming | 0.001 | "),
        ("floor.py", ("--turns", "1"), "| words and marks | "),
        ("encoder_settings.py", ("--texts", "8", "--scored", "8"), "| epochs 1 | "),
        ("adaptation.py", ("--windows", "8", "--texts", "8", "--scored", "8"), "| adapted | "),
        pytest.param("tutorial.py", ("--turns", "1"), "| an epoch | ", marks=NEEDS_TENSORFLOW),
    ],
)
def test_speed_is_measured(tmp_path: Path, script: str, options: tuple[str, ...], expected: str) -> None:
    measure = dry_alone if script == "tutorial.py" else dry
    assert expected in measure(script, tmp_path / "found.json", *options)
    assert json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_few_labels_are_drawn_alike_and_resumed(tmp_path: Path) -> None:
    options = ("--recipes", "ngram", "--slow", "ngram:n_max=1", "--sizes", "50", "--draws", "2")
    first = dry("few_labels.py", tmp_path / "found.json", *options)
    again = dry("few_labels.py", tmp_path / "found.json", *options)
    figures = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert len(figures) == 8  # two peers, a quick recipe and a slow one, in two draws
    assert ["all" in found for key, found in figures.items() if "n_max=1" in key] == [False, False]
    assert "draw 1: " in first
    assert "draw 1: " not in again
    assert first.endswith(again)


@pytest.mark.slow
def test_other_tasks_are_resumed(tmp_path: Path) -> None:
    options = ("--recipes", "ngram", "auto", "--peers", "TF-IDF (1,2) and logistic regression")
    first = dry("beyond_movies.py", tmp_path / "found.json", *options)
    again = dry("beyond_movies.py", tmp_path / "found.json", *options)
    assert first.endswith(again)
    assert "| sample | the built-in sample | ngram |" in again
    assert "| sample | the built-in sample | auto (" in again


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("uvicorn") is None, reason="needs the extra serve")
def test_a_server_is_loaded_overloaded_and_filled(tmp_path: Path, sample_model: Path) -> None:
    """No request is lost or answered with an error, except for those that an overload sheds."""
    output = tmp_path / "found.json"
    assert "| 2 | " in dry_alone("serve.py", output, str(sample_model), "--connections", "2")
    dry_alone("serve.py", output, str(sample_model), "--overload")
    dry_alone("serve.py", output, str(sample_model), "--texts", "20000")
    assert "statuses: {'200': 400}" in dry_alone("serve.py", output, str(sample_model), "--requests", "400")
    figures = json.loads(output.read_text(encoding="utf-8"))
    assert figures["2 connections"]["statuses"].keys() == {"200"}
    assert figures["overload"]["after"].keys() == {"200"}
    assert figures["overload"]["during"].keys() <= {"200", "503"}
    assert list(figures["memory"])[-1] == "20,000"


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("uvicorn") is None, reason="needs the extra serve")
def test_hostile_requests_get_clear_errors(tmp_path: Path, sample_model: Path) -> None:
    out = dry_alone("hostile.py", tmp_path / "found.json", str(sample_model))
    assert "wrong answers, faults and leaks: 0" in out


@pytest.mark.slow
def test_hostile_files_are_opened_or_refused_in_one_line(tmp_path: Path) -> None:
    kinds = ["network", "ngram", "sets", "module", "vectors", "arrow", "data", "tables", "report"]
    if importlib.util.find_spec("torch") is not None:
        kinds += ["encoder", "pretrained"]
    assert "failures: 0" in dry_alone("hostile_files.py", tmp_path / "found.json", "--kinds", *kinds)


def test_contrast_pairs_are_answered(tmp_path: Path, sample_model: Path) -> None:
    pairs = [line.split("\t") for line in (FOLDER / "contrast_pairs.tsv").read_text(encoding="utf-8").splitlines()]
    assert len({text for pair in pairs for text in pair}) == 2 * len(pairs) == 200
    out = run("contrast.py", sample_model, "--output", tmp_path / "found.json")
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))[str(sample_model)]
    assert f"| {sample_model.name} | {found['right'] / 200:.3f} (" in out
    assert found["both_right"] <= found["ordered"] <= found["pairs"]


def test_a_recipe_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"^forest: there is no recipe 'forest'; there are network, ngram"):
        dry("few_labels.py", tmp_path / "found.json", "--recipes", "forest")


def test_coverage_is_simulated(tmp_path: Path) -> None:
    out = dry("interval_coverage.py", tmp_path / "found.json")
    assert "| calibration error | " in out
    assert "| a tenth, better (" in out
    assert "| kappa quadratic | – (" in out
    assert "| f1 micro | " in out
    assert json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))["balanced"]["20"]["accuracy"]["given"] == 1


def test_calibration_is_measured_on_the_test(sample_model: Path) -> None:
    out = run("calibration.py", f"{sample_model}=sample")
    assert f"| {sample_model.name} (130, 324) | as trained" in out
    assert out.count(" (the model's) | ") == 1
    assert f"| {sample_model.name} (130, 324) | isotonic | " in out
