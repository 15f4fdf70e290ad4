"""Two extractors' folders, to differ in one place per test."""

from __future__ import annotations

import csv
from pathlib import Path

YAML = "id: small\ntitle: Reading tests\nquestion: Which test reads best?\n"
TABLES: dict[str, list[dict[str, str]]] = {
    "sources": [{"source_id": "paper", "title": "A paper"}],
    "studies": [
        {"study_id": "smith-r01", "status": "included", "category": "CNN", "year": "2020", "note": ""},
        {"study_id": "jones-r02", "status": "included", "category": "Hybrid", "year": "2021", "note": ""},
    ],
    "experiments": [
        {"experiment_id": f"smith-r01.unet{i}", "study_id": "smith-r01", "method": "U-Net", "n_test": "20",
         "source_id": "paper", "locator": "p. 3"}
        for i in range(4)
    ],
    "results": [
        {"experiment_id": f"smith-r01.unet{i}", "metric": "dice", "convention": "", "level": "", "unit": "",
         "value": value, "sd": "", "n": "20", "scale": "", "source_id": "paper", "locator": "p. 3; Table 2",
         "printed": value, "quote": "", "extractor": "", "note": ""}
        for i, value in enumerate(("0.85", "0.948", "0.61", "0.702"))
    ],
}  # fmt: skip


class Version:
    """A folder that a test edits."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        self.tables = {name: [dict(row) for row in rows] for name, rows in TABLES.items()}
        self.spec = YAML
        self.orders: dict[str, list[str]] = {}
        self.save()

    def edit(self, table: str, row: int, **cells: str) -> None:
        self.tables[table][row].update(cells)
        self.save()

    def save(self) -> None:
        (self.path / "review.yaml").write_text(self.spec, encoding="utf-8")
        for name, rows in self.tables.items():
            header = self.orders.get(name, list(rows[0]))
            with (self.path / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
                writer = csv.DictWriter(stream, header, lineterminator="\n", extrasaction="ignore")
                writer.writeheader()
                writer.writerows(rows)

    def workbook(self, path: Path) -> Path:
        """Write the tables as the sheets of one workbook, numbers as numbers."""
        from openpyxl import Workbook

        book = Workbook()
        book.remove(book.active)
        for name, rows in self.tables.items():
            sheet = book.create_sheet(name)
            sheet.append(list(rows[0]))
            for row in rows:
                sheet.append([float(cell) if cell.replace(".", "", 1).isdigit() else cell for cell in row.values()])
        book.save(path)
        return path
