"""What README and docs say runs as it stands there."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from plaudit.app.cli import app

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMAND = re.compile(r"plaudit ((?:[a-z-]+ )*?[a-z-]+)\b([^`\n#|]*)")
COMMANDS = {
    "advise", "train", "tune", "evaluate", "compare", "predict", "data show", "embeddings list", "embeddings show",
    "doctor", "export", "learning-curve", "audit", "explain", "threshold", "report", "serve",
    "import tensorflow", "gate",
}  # fmt: skip


@pytest.mark.slow
def test_readmes_python_runs(tmp_path: Path) -> None:
    pytest.importorskip("model2vec", reason="README's example takes the minilm vectors (extra minilm)")
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    assert blocks
    script = tmp_path / "readme.py"
    script.write_text("\n".join(blocks), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    accuracy = float(done.stdout.split()[0])
    assert 0.6 < accuracy < 1
    assert (tmp_path / "my-model" / "model.json").is_file()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)\)|(?:src|srcset)=\"([^\"]+)\"", text)
    for target in (a or b for a, b in targets):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.slow
def test_the_site_builds_without_a_broken_link(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="needs the extra docs")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    reference = (tmp_path / "site" / "reference" / "commands.html").read_text(encoding="utf-8")
    assert all(f"plaudit {name}" in reference for name in COMMANDS)
    assert "fonts.googleapis" not in reference


def commands_in(page: Path) -> list[tuple[str, str]]:
    """Return (command, the rest of the line) for every `plaudit ...` in a page."""
    found = []
    for words, rest in COMMAND.findall(page.read_text(encoding="utf-8")):
        name = next((c for c in COMMANDS if f"{words} ".startswith(f"{c} ")), None)
        if name:
            found.append((name, rest))
    return found


def options_of(command: str) -> str:
    done = CliRunner().invoke(app, [*command.split(), "--help"])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_every_option_that_a_page_shows_exists() -> None:
    used = {
        (name, option)
        for page in PAGES
        for name, rest in commands_in(page)
        for option in re.findall(r"--[a-z-]+", rest)
    }
    assert {("train", "--refit"), ("train", "--label-column"), ("evaluate", "--json")} <= used
    helps = {name: options_of(name) for name in {name for name, _ in used}}
    missing = [f"plaudit {name} {option}" for name, option in sorted(used) if option not in helps[name]]
    assert not missing


def test_results_are_what_the_script_writes_of_the_measurements() -> None:
    script = runpy.run_path(str(ROOT / "docs" / "site" / "results.py"))
    assert script["page"]() == (ROOT / "docs" / "results.md").read_text(encoding="utf-8"), (
        "python docs/site/results.py writes it anew"
    )


def test_readmes_figures_are_those_of_the_results() -> None:
    results = [float(each) for each in re.findall(r"\b0\.\d{3,}", (ROOT / "docs" / "results.md").read_text("utf-8"))]
    readme = (ROOT / "README.md").read_text("utf-8").partition("## Why this")[2].partition("## In Python")[0]
    figures = re.findall(r"\b0\.\d{3,}", readme)
    assert len(figures) >= 8
    for figure in figures:
        digits = len(figure) - 2
        assert any(f"{each:.{digits}f}" == figure for each in results), f"README.md: {figure} is not in docs/results.md"
