"""Take the pictures of docs/tutorial-curation.md from a real workbook: filled in, checked, printed by LibreOffice.

python docs/curation_pictures.py        # docs/images/curation-*.png, where LibreOffice and pdftoppm are there
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
#: Width of a picture in pixels, and the columns of results that it shows.
WIDTH = 1000
HELD = {"experiment_id", "metric", "value", "sd", "ci_low", "ci_high", "n", "scale", "locator", "printed"}


def make_workbooks(folder: Path) -> tuple[Path, Path]:
    """Return the workbook of a new review with slips in it, and its checked copy."""
    from openpyxl import load_workbook
    from typer.testing import CliRunner

    from metareview.cli.app import app

    review, book, checked = folder / "my-review", folder / "extraction.xlsx", folder / "checked.xlsx"
    run = CliRunner().invoke
    run(app, ["init", str(review), "--title", "Deep learning for crack detection"], catch_exceptions=False)
    run(app, ["template", str(review), "-o", str(book)], catch_exceptions=False)
    pages = load_workbook(book)
    page = pages["results"]
    page["F4"], page["B5"], page["A6"] = 9.1, "F1 scor", "sample-2023.forrest.example-data"
    page["G6"] = "0.84 ± 0.02"
    row = {"A": "example-2024.net.example-data", "B": "dice", "F": 0.85, "J": 0.9, "K": 0.8, "N": "proportion",
           "O": "example-paper", "P": "pg 6", "Q": "0.58"}  # fmt: skip
    for letter, value in row.items():
        page[f"{letter}7"] = value
    pages.save(book)
    run(app, ["check", str(book), "--annotate", str(checked)])
    return book, checked


def only(path: Path, sheet: str, target: Path) -> Path:
    """Write a workbook that prints one sheet: the columns that the tutorial speaks of."""
    from openpyxl import load_workbook

    book = load_workbook(path)
    page = book[sheet]
    for name in book.sheetnames:
        if name not in (sheet, "lists"):
            del book[name]
    page.oddHeader.left.text = ""
    if page["A3"].value == "experiment_id":
        _narrow(page)
    page.page_setup.paperSize = 8 if page["A3"].value == "experiment_id" else 9
    book.save(target)
    return target


def _narrow(page: Any) -> None:
    from openpyxl.utils import get_column_letter

    for place, cell in enumerate(page[3], 1):
        if cell.value not in HELD:
            page.column_dimensions[get_column_letter(place)].hidden = True
    page.row_dimensions[1].height = 66


def take(path: Path, picture: Path, folder: Path) -> None:
    """Print a workbook by LibreOffice and keep the part of its first page that is not white."""
    from PIL import Image, ImageChops

    subprocess.run(
        ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", "pdf",
         "--outdir", str(folder), str(path)],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    stem = folder / picture.stem
    command = ["pdftoppm", "-r", "130", "-f", "1", "-l", "1", "-singlefile", "-png"]
    subprocess.run([*command, str(folder / f"{path.stem}.pdf"), str(stem)], check=True, timeout=60)
    with Image.open(f"{stem}.png") as page:
        image = page.convert("RGB")
    box = ImageChops.difference(image, Image.new("RGB", image.size, "white")).getbbox() or (0, 0, *image.size)
    image = image.crop((max(box[0] - 8, 0), max(box[1] - 8, 0), box[2] + 8, box[3] + 8))
    image = image.resize((WIDTH, round(image.height * WIDTH / image.width)), Image.Resampling.LANCZOS)
    image.convert("P", palette=Image.Palette.ADAPTIVE, colors=64).save(picture, optimize=True)


def main() -> int:
    """Take the pictures."""
    if not all(map(shutil.which, ("soffice", "pdftoppm"))):
        sys.stderr.write("pictures of the workbook: left as they are (need LibreOffice and pdftoppm)\n")
        return 0
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        book, checked = make_workbooks(folder)
        shots = {
            "instructions": (book, "instructions"), "results": (book, "results"), "problems": (checked, "problems"),
            "checked": (checked, "results"),
        }  # fmt: skip
        for title, (source, sheet) in shots.items():
            take(only(source, sheet, folder / f"{title}.xlsx"), IMAGES / f"curation-{title}.png", folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
