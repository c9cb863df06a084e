"""The page in a real browser: light and dark, on a phone and on paper."""

import html
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from plaudit.report import ReportFacts, report_page
from plaudit.report.facts import ClassFigures, ClassWordsFacts, Figure, Mistake, WordFacts

image = pytest.importorskip("PIL.Image", reason="looking at screenshots needs Pillow")
pytest.importorskip("jinja2", reason="the page needs the extra train")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next((path for name in NAMES if (path := shutil.which(name))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no headless browser here: apt-get install chromium"),
]
DARK = "--blink-settings=preferredColorScheme=0"
LONG = "unbroken" * 60
ARABIC = "هذا الفيلم رائع جدا"


def browse(folder: Path, address: str, *options: str) -> str:
    """Run the browser on a page, and return what it prints."""
    done = subprocess.run(
        [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            f"--user-data-dir={folder / 'profile'}", *options, address,
        ],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-1_000:]
    return done.stdout


def measure(folder: Path, text: str, width: int) -> dict[str, int]:
    """Return how wide a page is, and how much there is of it, in a frame so wide; its own policy forbids scripts."""
    outer = folder / "outer.html"
    script = (
        "onload=()=>{const d=f.contentDocument,e=d.documentElement;o.textContent=JSON.stringify({scroll:e.scrollWidth,"
        "client:e.clientWidth,height:e.scrollHeight,drawings:[...d.querySelectorAll('svg[role=img]')].filter("
        "s=>s.getBoundingClientRect().height>50).length})}"
    )
    frame = f'<iframe id="f" style="border:0;width:{width}px;height:800px" srcdoc="{html.escape(text)}"></iframe>'
    outer.write_text(
        f'<!doctype html><meta charset="utf-8">{frame}<pre id="o"></pre><script>{script}</script>', encoding="utf-8"
    )
    found = re.search(r'<pre id="o">(.*?)</pre>', browse(folder, outer.as_uri(), "--dump-dom"))
    assert found is not None
    sizes: dict[str, int] = json.loads(html.unescape(found[1]))
    return sizes


@pytest.fixture
def hostile(sample_facts: ReportFacts) -> ReportFacts:
    """Many classes of long names, words without a break, and writing from right to left."""
    names = tuple(f"{LONG}{i}" for i in range(12))
    some = Figure(0.5, 0.4, 0.6)
    measured = replace(
        sample_facts.test.measured,
        classes=tuple(ClassFigures(name, 30, some, some, some) for name in names),
        matrix=((1_000,) * 12,) * 12,
    )
    words = (WordFacts(LONG, 1.0, 2), WordFacts(ARABIC, 1.0, 2))
    return replace(
        sample_facts,
        classes=names,
        parts=tuple(replace(part, counts=(30,) * 12) for part in sample_facts.parts),
        test=replace(sample_facts.test, measured=measured, guessed=(LONG,), undivided=(LONG,)),
        explained=replace(
            sample_facts.explained,
            words=tuple(ClassWordsFacts(name, 9, words) for name in names),
            mistakes=tuple(Mistake(LONG, ARABIC, LONG, 0.5, text, (True, False), ()) for text in (LONG, ARABIC)),
        ),
        run=replace(sample_facts.run, source=f"/{LONG}", summary=LONG * 3, settings={"encoder": LONG}),
        audit=replace(sample_facts.audit, command=LONG * 3),
    )


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_window(
    sample_facts: ReportFacts, hostile: ReportFacts, tmp_path: Path, width: int
) -> None:
    for facts in (sample_facts, hostile):
        found = measure(tmp_path, report_page(facts, name=LONG, openings=1, rule=LONG), width)
        assert found["scroll"] <= found["client"] == width
        assert found["height"] > 3_000
        assert found["drawings"] == 5 + len(facts.test.divisions)


def test_light_and_dark_are_drawn(sample_facts: ReportFacts, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(report_page(sample_facts, name="model", openings=1, rule=None), encoding="utf-8")
    for name, options, paper in (("light", (), 255), ("dark", (DARK,), 22)):
        shot = tmp_path / f"{name}.png"
        browse(tmp_path, page.as_uri(), f"--screenshot={shot}", "--window-size=1000,2400", *options)
        picture = image.open(shot).convert("RGB")
        assert picture.size == (1000, 2400)
        assert picture.getpixel((2, 2))[0] == paper
        colours = {colour for n, colour in picture.getcolors(1 << 24) if n > 50}
        assert len(colours) > 8
        assert ((0, 114, 178) if name == "light" else (86, 180, 233)) in colours


def test_the_page_prints(sample_facts: ReportFacts, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(report_page(sample_facts, name="model", openings=1, rule=None), encoding="utf-8")
    target = tmp_path / "page.pdf"
    browse(tmp_path, page.as_uri(), f"--print-to-pdf={target}", DARK)
    contents = target.read_bytes()
    assert contents.startswith(b"%PDF")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", contents)) <= 14
