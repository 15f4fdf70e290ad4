"""Figures and quotes looked up in the text layer of PDFs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metareview.ingest.textlayer import normalised, pdf_pages

if TYPE_CHECKING:
    from conftest import Folder

needs_reader = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")


def pdf(path: Path, *pages: str) -> Path:
    """Write a PDF with one line of text per page."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{4 + 2 * place} 0 R" for place in range(len(pages)))
    objects += [f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>"]
    objects += ["<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    for place, text in enumerate(pages):
        stream = f"BT /F1 12 Tf 50 700 Td ({text}) Tj ET"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> "
            f"/Contents {5 + 2 * place} 0 R >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    body, places = b"%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{text}\nendobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    end = f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    path.write_bytes(body + (head + end).encode())
    return path


HEADER = "experiment_id,metric,value,source_id,locator,printed,quote\n"


def results(folder: Folder, *rows: str) -> None:
    folder.write("results.csv", HEADER + "".join(f"smith-r01.unet,{row}\n" for row in rows))


@needs_reader
def test_figures_and_quotes_on_their_pages(folder: Folder, tmp_path: Path) -> None:
    texts = tmp_path / "texts"
    texts.mkdir()
    pdf(texts / "paper.pdf", "A title", "Dice of 0.85 on the test set", "and a recall of 0.91")
    assert pdf_pages(texts / "paper.pdf") == ("A title", "Dice of 0.85 on the test set", "and a recall of 0.91")
    results(
        folder, "dice,0.85,paper,p. 2; Table 1,0.85,Dice of 0.85 on the test", "recall,0.91,paper,p. 2,0.91,",
        "precision,0.92,paper,p. 3,0.92,", "f1,0.91,paper,p. 1203,0.91,a recall  of 0.91",
    )  # fmt: skip
    report = folder.check(texts)
    assert report.verified == 4
    assert report.errors == 0
    assert [str(problem).partition("found ")[2] for problem in report.problems] == [
        "'0.91'; what is printed stands in the text of its source; it stands on page 3 of the file; correct the page, "
        "or the figure",
        "'0.92'; what is printed stands in the text of its source; it was not found; correct it, or say in note that "
        "the text layer has it otherwise",
    ]


def test_quotes_in_a_text(folder: Folder, tmp_path: Path) -> None:
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "paper.txt").write_text("a Dice of 0.85 on the test\nset of the seg-\nmentation\n")
    results(folder, "dice,0.85,paper,L1,0.85,the test set of the segmentation", "f1,0.5,paper,L1,,not there")
    found = folder.check(texts)
    assert [problem.found for problem in found.problems] == ["not there"]
    assert found.verified == 2


def test_a_pdf_that_cannot_be_read(folder: Folder, tmp_path: Path) -> None:
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "paper.pdf").write_bytes(b"%PDF-1.4 nothing")
    (problem,) = folder.check(texts).problems
    assert problem.severity == "warning"
    assert problem.rule == "paper.pdf has a text layer that pdftotext or pypdf can read"


def test_words_broken_at_a_line_end() -> None:
    assert normalised("seg-\n  mentation − 0.5 “x”") == 'segmentation - 0.5 "x"'
