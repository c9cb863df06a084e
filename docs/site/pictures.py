"""Take the pictures of the server's page and of a report: light, dark, and on a phone.

    python docs/site/pictures.py docs/images

A model of the `sample` is trained and served; Chromium, driven by playwright (extra `serve-tests`), types a text and
drops a file. Nothing is edited.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

TEXT = (
    "I went in expecting very little and was surprised: the first hour is slow and the music is dull, but the two "
    "leads are wonderful together, funny and warm, and the ending is a quiet joy. I would happily see it again."
)
FILE = """text,id
"A warm, funny film with a wonderful ending.",1
"Dull, slow and far too long.",2
"Good actors, weak story.",3
"""
SHAPES = {"": (1000, "light"), "-dark": (1000, "dark"), "-phone": (390, "light")}
PHONE = """<!doctype html><style>
body { margin: 0; display: flex; gap: 20px; background: gray } iframe { border: 0; width: 390px; height: 100vh }
</style>"""
_REPORT_HEIGHT = 1400
_PLAUDIT = [sys.executable, "-m", "plaudit"]


def main(images: Path) -> None:
    """Take all six pictures into a folder."""
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as driver:
        model, file = Path(scratch) / "reviews", Path(scratch) / "mine.csv"
        file.write_text(FILE, encoding="utf-8")
        subprocess.run([*_PLAUDIT, "train", "sample", "--recipe", "ngram", "-o", str(model)], check=True)
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        with serving(model) as url:
            for page, name in pages(browser):
                page.goto(url)
                page.wait_for_selector("#about:has-text('Model')")
                page.fill("#text", TEXT)
                page.wait_for_selector("#answer:not(.stale):not([hidden])")
                page.set_input_files("input[type=file]", file)
                page.wait_for_selector("#preview td")
                page.wait_for_timeout(500)  # the bars' movement
                page.screenshot(path=images / f"serve{name}.png", full_page=True)
        for page, name in pages(browser):
            page.goto((model / "report.html").as_uri())
            if name == "-phone":  # three pieces of it side by side
                places = ("", "#data", "#reliability")
                frames = "".join(f'<iframe src="report.html{place}"></iframe>' for place in places)
                (model / "phone.html").write_text(PHONE + frames, encoding="utf-8")
                page.set_viewport_size({"width": 3 * 390 + 2 * 20, "height": _REPORT_HEIGHT})
                page.goto((model / "phone.html").as_uri())
                page.wait_for_timeout(500)
            page.screenshot(path=images / f"report{name}.png")
        browser.close()


@contextmanager
def serving(model: Path) -> Iterator[str]:
    """Serve a model until the block ends; gives the page's address."""
    server = subprocess.Popen([*_PLAUDIT, "serve", str(model), "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        found = re.search(r"http://[\d.]+:\d+", server.stdout.readline())
        assert found is not None, "the server did not start"
        yield found[0]
    finally:
        server.terminate()
        server.wait()


def pages(browser: Browser) -> Iterator[tuple[Page, str]]:
    """Give an empty page of each shape, and what its picture's name ends in."""
    for name, (width, scheme) in SHAPES.items():
        page = browser.new_page(
            viewport={"width": width, "height": _REPORT_HEIGHT},
            color_scheme="dark" if scheme == "dark" else "light", device_scale_factor=1,
        )  # fmt: skip
        yield page, name
        page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
