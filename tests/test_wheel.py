"""The wheel has all that scoring needs: built, installed alone, away from the source, and asked."""

import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

import plaudit

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "numba", "matplotlib", "sklearn", "scipy", "transformers", "model2vec", "pandas")
ASK = f"""
import sys
from importlib.machinery import PathFinder
site, model = sys.argv[1:]
sys.path[:] = [site] + [each for each in sys.path if not each.endswith("/src")]
find_spec = PathFinder.find_spec
PathFinder.find_spec = lambda name, *rest: None if name.partition(".")[0] in {HEAVY} else find_spec(name, *rest)
import plaudit
assert plaudit.__file__.startswith(site), plaudit.__file__
print(plaudit.load(model).predict_proba(["good film", "bad", ""]).tolist())
print(len(plaudit.load_dataset("sample").train))
from plaudit.app.cli import main
sys.argv = ["plaudit", "predict", model, "a warm film"]
main()
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the wheel's contents and nothing else."""
    if find_spec("hatchling") is None or not (ROOT / "pyproject.toml").is_file():
        pytest.skip("needs hatchling, which builds the wheel, and the source")
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = place.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place / "site")  # what pip does with it, beside compiling
    return place / "site"


def test_it_scores_where_nothing_else_of_ours_is(site: Path, sample_model: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(site), str(sample_model)], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    shares, n_sample, answer = done.stdout.splitlines()
    assert shares == str(plaudit.load(sample_model).predict_proba(["good film", "bad", ""]).tolist())
    assert int(n_sample) == len(plaudit.load_dataset("sample").train)
    assert answer.endswith("a warm film")


def test_it_holds_every_file_of_the_source_and_nothing_beside(site: Path) -> None:
    def files(root: Path) -> set[Path]:
        found = {path.relative_to(root) for path in root.rglob("*") if path.is_file()}
        return {path for path in found if "__pycache__" not in path.parts}

    assert files(site / "plaudit") == files(ROOT / "src" / "plaudit")
    assert {path.name for path in site.iterdir()} == {"plaudit", f"plaudit-{plaudit.__version__}.dist-info"}
    entry_points = (site / f"plaudit-{plaudit.__version__}.dist-info" / "entry_points.txt").read_text()
    assert "plaudit = plaudit.app.cli:main" in entry_points
