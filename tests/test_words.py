"""The words of docs/contributing/words.md stay out of what people read."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ODD = re.compile(
    r"\b(mend(s|ed|ing)?|but for|than which|too kind|kinder|nought|is no training|by heart|to the letter|at hand|anew"
    r"|something else than|too sure|the more so)\b",
    re.I,
)
UNUSUAL = re.compile(
    r"\b(likeliest|commonest|surest|stands?|(is|are|be) told|in the place of)\b", re.I
)  # in docstrings still
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(page for page in (ROOT / "docs").rglob("*.md") if page.name not in ("words.md", "log.md")),
    *(ROOT / "src").rglob("*.html"),
    *(ROOT / "src").rglob("*.py"),
]


@pytest.mark.parametrize(
    "folder", sorted({page.parent for page in PAGES}), ids=lambda path: str(path.relative_to(ROOT))
)
def test_odd_words_stay_out(folder: Path) -> None:
    for page in PAGES:
        if page.parent == folder:
            for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
                found = ODD.search(line) or (UNUSUAL.search(line) if page.suffix != ".py" else None)
                assert found is None, f"{page}:{number}: {found[0]!r}; see docs/contributing/words.md"
