"""Print the tests that stand beside what changed, for `make quick`: changed tests, and those of changed source."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
ALWAYS = ("tests/test_imports.py",)
_LAST = 5  # commits that are looked at where nothing changed since main


def git(*words: str) -> list[str]:
    """Return the lines that git prints; none where this is no checkout."""
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.splitlines()


def changed_files() -> list[str]:
    """Return what differs from main, committed or not, or else from five commits ago; the latest commits first."""
    waiting = [line[3:].split(" -> ")[-1] for line in git("status", "--porcelain", "--untracked-files=all")]
    since = git("log", "--format=", "--name-only", "main..HEAD") or git("log", "--format=", "--name-only", f"-{_LAST}")
    return list(dict.fromkeys(waiting + [line for line in since if line]))


def tests_beside(name: str) -> list[str]:
    """Return the tests of one file: itself, those named after its module or importing it, or those of its folder."""
    path = Path(name)
    if path.parts[0] == "tests" and path.suffix == ".py":
        return [name] if path.name.startswith("test_") and (ROOT / path).is_file() else []
    if path.parts[:2] != ("src", "plaudit") or path.suffix != ".py":
        return []
    below = path.parts[2:]
    folder = below[0] if len(below) > 1 else ""
    names = [part.removesuffix(".py") for part in below[1:]] if folder else [below[0].removesuffix(".py")]
    place = ROOT / "tests" / folder
    named = [each for part in names for each in sorted(place.glob(f"test_*{part}*.py"))]
    if folder:
        named += importing(".".join(("plaudit", *below)).removesuffix(".py"), place)
    found = named or (sorted(place.glob("test_*.py")) if folder and folder != "app" else [])
    return [str(each.relative_to(ROOT)) for each in dict.fromkeys(found)]


def importing(module: str, place: Path) -> list[Path]:
    """Return the tests in a folder that import a module, or a name of it."""
    package, _, name = module.rpartition(".")
    words = re.compile(rf"^ *from ({re.escape(module)} import|{re.escape(package)} import .*\b{name}\b)", re.MULTILINE)
    return [each for each in sorted(place.glob("test_*.py")) if words.search(each.read_text(encoding="utf-8"))]


def main() -> None:
    """Print the tests, the nearest to the latest change first."""
    found = [test for name in changed_files() for test in tests_beside(name)]
    print(" ".join(dict.fromkeys((*ALWAYS, *found))))  # noqa: T201 - for the shell


if __name__ == "__main__":
    main()
