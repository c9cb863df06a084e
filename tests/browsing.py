"""A real browser for the tests of pages, and axe-core's findings in one: what people cannot read or reach."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def opened_browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def axe_findings(browser: Any, address: str, *, ready: str = "body") -> list[str]:
    """Return what axe-core finds in a page, light and dark, on a desk and on a phone."""
    import axe_playwright_python

    script = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")).read_text(encoding="utf-8")
    found = []
    for scheme in ("light", "dark"):
        for width in (1280, 390):
            context = browser.new_context(
                viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
            )
            page = context.new_page()
            page.goto(address)
            page.wait_for_selector(ready)
            page.evaluate(script)
            for each in page.evaluate("axe.run(document)")["violations"]:
                node = each["nodes"][0]
                found.append(f"{scheme} {width}: {each['id']}: {node['html'][:200]}: {node['failureSummary'][:300]}")
            if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
                found.append(f"{scheme} {width}: the page is {wide} wide")
            context.close()
    return found
