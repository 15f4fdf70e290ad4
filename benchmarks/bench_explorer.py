"""The explorer of 2,000 values in Chromium: how large it is, and how long a reader waits.

Run: python benchmarks/bench_explorer.py [--values N] [--seed N]

Prints bytes of the page, and milliseconds (the best of five) from a choice to the next picture: the first look, sorting
the list by a number and by a text, filtering, and ranking with bounds by every rule. The review is made up, with texts
as long as those of a real one. The aims are 300,000 bytes for 2,000 values, and 100 ms for a sort.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "report"))

from browser import Browser
from explorer_reviews import large

from metareview import load

REPEATS = 5
RULES = ("win-rate", "borda", "mean-rank", "z-score", "dominance")
#: From the choice until the browser has painted it.
TIMED = """(async choose => { const start = performance.now(); choose();
  await new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)));
  const spent = performance.now() - start; explorer.settle(); return spent; })(() => %s)"""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--values", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        sys.exit("Chromium is not installed; it is what this measures")
    with TemporaryDirectory() as folder, Browser(program) as browser:
        page = Path(folder) / "explorer.html"
        text = load(large(Path(folder) / "large", asked.values, asked.seed)).explorer()
        page.write_text(text, encoding="utf-8")
        print(f"{asked.values} values: {len(text.encode('utf-8')):,} bytes")
        browser.open(page)
        print(f"first look: {browser.run('performance.getEntriesByType(`navigation`)[0].loadEventEnd'):.0f} ms")
        show(browser, "list, first time", "explorer.go('#view=cells')")
        for key in ("value", "method", "uncertainty"):
            button = f"document.querySelector('#list button[data-sort={key}]').click()"
            show(browser, f"sort by {key}", button)
        show(browser, "filter by metric", "explorer.go('#view=cells&metric=wer')")
        for rule in RULES:
            show(browser, f"board of everything, {rule}", f"explorer.go('#view=board&rule={rule}')")


def show(browser: Browser, what: str, choice: str) -> None:
    """Print the best time of a choice."""
    best = min(browser.run(TIMED % choice) for _ in range(REPEATS))
    print(f"{what}: {best:.0f} ms")


if __name__ == "__main__":
    main()
