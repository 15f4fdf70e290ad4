"""Verify that every printed figure of the reviews stands at its place in the source texts.

Run: METAREVIEW_SOURCES=<folder of the texts> python validation/verify_printed.py [REVIEW ...]

Without arguments it takes the reviews listed in config/config.yaml. Exit code 0 when everything was found, 1 when
something was not, 2 without sources or reviews.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import yaml

from metareview.errors import MetareviewError
from metareview.ingest import check_review, render_problems

ROOT = Path(__file__).resolve().parent.parent


def configured_reviews() -> list[Path]:
    """Return the review folders that config/config.yaml lists."""
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))
    return [ROOT / name for name in config["reviews"]]


def main() -> int:
    """Check each review with its printed figures; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("reviews", nargs="*", type=Path)
    parser.add_argument("--sources", type=Path, default=os.environ.get("METAREVIEW_SOURCES"))
    arguments = parser.parse_args()
    if arguments.sources is None:
        parser.error("name the folder of the source texts with --sources or METAREVIEW_SOURCES")
    ok = True
    for folder in arguments.reviews or configured_reviews():
        try:
            report = check_review(folder, sources=arguments.sources)
        except MetareviewError as error:
            print(error, file=sys.stderr)
            return error.exit_code
        print(render_problems(report.review, report.problems))
        print(f"printed figures found at their place: {report.verified:,}")
        ok &= report.ok
    return 0 if ok else 1


if __name__ == "__main__":
    raise SystemExit(main())
