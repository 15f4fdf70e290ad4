"""What bad CSV input gets: a clear message or a right reading, never a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from metareview.ingest.problems import Problems
from metareview.ingest.spreadsheets import read_csv
from metareview.ingest.tables import parse_table
from metareview.schema import default_vocabulary

if TYPE_CHECKING:
    from conftest import Folder

H = "experiment_id,metric,value,source_id,locator\n"
R = "smith-r01.unet,dice,0.85,paper,p. 3\n"
COLUMNS = (
    "experiment_id, metric, convention, level, unit, value, sd, sd_ddof, se, ci_low, ci_high, n, n_of, scale, "
    "source_id, locator, printed, quote, extractor, uncertain, note"
)
LIKE_CSV = "save the table as CSV UTF-8, or give the file its real ending"
FORMULA = "a cell holds a value, not a formula; write the value that it shows"
DATE = (
    "this is a date or time that a spreadsheet program made of what was typed; "
    "format the column as text before typing, then enter it again"
)
RAGGED = (
    "every row is as wide as the header; "
    "put a cell that contains the delimiter in double quotes, or add the missing delimiters"
)
EMPTY = (
    "results.csv: the file is empty; a table is a file with a header row; "
    "write the header row and the rows, or delete the file"
)

BAD: dict[str, tuple[str | bytes, list[str]]] = {
    "empty": (b"", [EMPTY]),
    "only a byte order mark": (b"\xef\xbb\xbf\r\n", [EMPTY]),
    "picture": (b"\x89PNG\r\n", [f"results.csv: this is a PNG picture; a CSV file is text in UTF-8; {LIKE_CSV}"]),
    "zip": (
        b"PK\x03\x04",
        [f"results.csv: this is an XLSX or another zip file; a CSV file is text in UTF-8; {LIKE_CSV}"],
    ),
    "NUL in the header": (
        b"a\0b\n",
        ["results.csv: the first line has NUL bytes; a CSV file is text in UTF-8; save the table as CSV UTF-8"],
    ),
    "NUL in a cell": (
        H + "smith-r01.unet,dice,0.8\x005,paper,p. 3\n",
        ["results.csv line 2, column value (results!C2): found '0.8\\x005'; a cell is text without control characters "
         "(here U+0000); delete it and save as UTF-8"],
    ),
    "undefined in cp1252": (
        (H + R).encode() + b"\x81",
        ["results.csv line 3: byte 0x81 is neither UTF-8 nor Windows-1252; a CSV file is text in UTF-8; "
         "save the table as CSV UTF-8"],
    ),
    "two encodings": (
        (H + R).encode() + "é".encode() + b"\xe9",
        ["results.csv line 3: byte 0xE9 is not UTF-8, though other letters of the file are; a CSV file is text in "
         "UTF-8; correct that letter and save as CSV UTF-8"],
    ),
    "unknown column": (
        "experiment_id,metric,value,sorce_id,source_id,locator\nsmith-r01.unet,dice,0.85,,paper,p. 3\n",
        ["results.csv line 1, column sorce_id (results!D1): found 'sorce_id'; results has no such column; it has: "
         + COLUMNS],
    ),
    "unknown column with a hint": (
        "experiment_id,metric,value,source_id,locator,printd\nsmith-r01.unet,dice,0.85,paper,p. 3,\n",
        ["results.csv line 1, column printd (results!F1): found 'printd'; results has no such column; "
         "did you mean 'printed'?"],
    ),
    "missing column": (
        "experiment_id,metric,source_id,locator\nsmith-r01.unet,dice,paper,p. 3\n",
        ["results.csv line 1: there is no column value; results has a column value; add it; "
         "every row needs a value there"],
    ),
    "two columns of one name": (
        "experiment_id,metric,value,value,source_id,locator\nsmith-r01.unet,dice,0.85,0.9,paper,p. 3\n",
        ["results.csv line 1, column value (results!D1): found 'value'; a column name stands once in the header; "
         "rename or delete one of the two columns"],
    ),
    "cells without a column name": (
        "experiment_id,metric,,value,source_id,locator\nsmith-r01.unet,dice,stray,0.85,paper,p. 3\n",
        ["results.csv line 2: column C has a cell and no name; every cell stands under a column name; "
         "name the column, or delete its cells"],
    ),
    "no header": (
        R,
        ["results.csv line 1: the first row holds 'smith-r01.unet, dice, 0.85, paper, p. 3'; the first row of results "
         f"names its columns; name them: {COLUMNS}"],
    ),
    "ragged rows": (
        H + R + "smith-r01.unet,f1,0.85,paper,p. 3, Table 2\nsmith-r01.unet,mcc\n",
        [f"results.csv line 3: 6 cells under a header of 5; {RAGGED}",
         f"results.csv line 4: 2 cells under a header of 5; {RAGGED}"],
    ),
    "quote never closed": (
        H + 'smith-r01.unet,dice,0.85,paper,"p. 3\n' + R,
        ["results.csv line 2: a double quote that opens a cell here is never closed; lines 2 to 3 were read as one "
         "cell; a quoted cell ends with a double quote; close the quote"],
    ),
    "text after a closing quote": (
        H + 'smith-r01.unet,dice,0.85,paper,"p. 3" x\n' + R,
        ["results.csv line 2: text follows the closing double quote of a cell; a quoted cell ends at its closing "
         "quote; double a quote that is part of the text, or remove it"],
    ),
    "formulas": (
        H + 'smith-r01.unet,dice,=1+1,paper,"=HYPERLINK(""http://x"",""y"")"\n',
        [f"results.csv line 2, column value (results!C2): found '=1+1'; {FORMULA}",
         "results.csv line 2, column locator (results!E2): "
         f"found '=HYPERLINK(\"http://x\",\"y\")'; {FORMULA}"],
    ),
    "dates": (
        H + "smith-r01.unet,dice,10-Jan,paper,2024-01-10 00:00:00\n",
        [f"results.csv line 2, column value (results!C2): found '10-Jan'; {DATE}",
         f"results.csv line 2, column locator (results!E2): found '2024-01-10 00:00:00'; {DATE}"],
    ),
    "unknown metric": (
        H + "smith-r01.unet,dicee,0.85,paper,p. 3\n",
        ["results.csv line 2, column metric (results!B2): found 'dicee'; a metric is in the vocabulary; "
         "did you mean 'dice'? Otherwise define it in review.yaml under metrics"],
    ),
    "no value": (
        H + "smith-r01.unet,dice,,paper,p. 3\n",
        ["results.csv line 2, column value (results!C2): found a blank cell; every row has a value here; "
         "fill it in, or remove the row"],
    ),
    "a code where none can be": (
        H + "smith-r01.unet,dice,NA,paper,p. 3\n",
        ["results.csv line 2, column value (results!C2): found 'NA'; this column has no missing-value codes; "
         "remove the row: nothing is known"],
    ),
    "no rows": (
        H,
        ["experiments.csv line 2, column experiment_id (experiments!A2): found 'smith-r01.unet'; an experiment has at "
         "least one result; add its results, or remove the experiment"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_csv(folder: Folder, case: str) -> None:
    content, messages = BAD[case]
    folder.write("results.csv", content)
    assert folder.messages() == messages


@pytest.mark.parametrize(
    "content",
    [
        ("\ufeff" + H + R).replace(",", ";").replace("0.85", "0,85").replace("\n", "\r\n").encode(),
        (H + R).replace(",", "\t").encode(),
        (H + R).replace(",", "\t").encode("utf-16"),
        (H + R).replace("\n", "\r").encode(),
        ("\n\n" + H + "\n,,,,\n" + R + "\n  , \n").encode(),
        (H.replace("\n", ",,\n") + R.replace("\n", ",,\n")).encode(),
        (H + "\u00a0smith-r01.unet , DSC,\u2009+0.85,paper , p. 3\n").encode(),
        (H + "smith-r01.unet,Dice coefficient,8.5e-1,paper,p. 3").encode(),
    ],
    ids=["semicolons", "tabs", "utf-16", "old mac", "blank rows", "trailing delimiters", "spaces", "no last newline"],
)
def test_csv_that_is_read_right(folder: Folder, content: bytes) -> None:
    folder.write("results.csv", content)
    report = folder.check()
    assert report.problems == ()
    assert report.tables is not None
    row = report.tables.tables["results"].iloc[0]
    assert (row["experiment_id"], row["metric"], row["value"], row["locator"]) == (
        "smith-r01.unet",
        "dice",
        0.85,
        "p. 3",
    )


def test_windows_1252_is_read_with_a_note(folder: Folder) -> None:
    folder.write("results.csv", (H + "smith-r01.unet,dice,0.85,paper,p. 3 \u2013 caf\xe9\n").encode("cp1252"))
    report = folder.check()
    assert [str(problem) for problem in report.problems] == [
        "results.csv line 2: warning: byte 0x96 is not UTF-8; the file was read as Windows-1252; a CSV file is text in "
        "UTF-8; look at its accents and signs, then save it as CSV UTF-8"
    ]
    assert report.tables is not None
    assert report.tables.tables["results"]["locator"].tolist() == ["p. 3 – café"]


def test_a_folder_where_a_table_should_be(folder: Folder) -> None:
    (folder.path / "results.csv").unlink()
    (folder.path / "results.csv").mkdir()
    assert folder.messages() == [
        "results.csv: this is a folder; a table is a file with a header row; "
        "give a file of this name, or rename the folder"
    ]


def test_a_cell_of_ten_megabytes(folder: Folder) -> None:
    folder.write("results.csv", H + f"smith-r01.unet,dice,{'9' * 10_000_000},paper,{'x' * 10_000_000}\n")
    assert folder.messages() == [
        f"results.csv line 2, column value (results!C2): found '{'9' * 60}… (10,000,000 characters)'; "
        "a number is expected; write it like 0.854",
        f"results.csv line 2, column locator (results!E2): found '{'x' * 60}… (10,000,000 characters)'; "
        "at most 300 characters; shorten it",
    ]
    assert len(folder.check().to_json()) < 2000


def test_markup_in_a_cell_is_text(folder: Folder) -> None:
    folder.write("results.csv", H + 'smith-r01.unet,dice,0.85,paper,"<script>alert(1)</script> \\input{x}"\n')
    report = folder.check()
    assert report.tables is not None
    assert report.tables.tables["results"]["locator"].tolist() == ["<script>alert(1)</script> \\input{x}"]


def test_lines_are_those_of_the_file_and_addresses_those_of_a_spreadsheet_program(folder: Folder) -> None:
    folder.write(
        "results.csv", H + '\nsmith-r01.unet,dice,0.85,paper,"p. 3\n Table 2"\nsmith-r01.unet,f1,x,paper,p. 3\n'
    )
    assert folder.messages() == [
        "results.csv line 5, column value (results!C4): found 'x'; a number is expected; write it like 0.854"
    ]


@pytest.mark.slow
def test_a_million_rows(folder: Folder) -> None:
    rows = "".join(f"smith-r01.unet,dice,0.85,paper,p. {number}\n" for number in range(1_000_000))
    path = folder.write("results.csv", H + rows)
    problems = Problems()
    raw = read_csv(path, "results", problems)
    assert raw is not None
    table = parse_table(raw, default_vocabulary(), problems)
    assert problems.total == 0
    assert len(table.frame) == 1_000_000
    assert table.frame["line"].iloc[-1] == 1_000_001


def test_the_line_of_every_row_and_the_types_of_every_column(folder: Folder) -> None:
    folder.results({"n": "12.0", "sd": "NR", "ci_low": "unclear"}, {"metric": "IoU", "n": "n/a"})
    report = folder.check()
    assert report.tables is not None
    frame = report.tables.tables["results"]
    assert frame["line"].tolist() == [2, 3]
    assert frame["file"].tolist() == ["results.csv"] * 2
    assert frame["codes"].tolist() == ["sd=not reported; ci_low=unclear", "n=not applicable"]
    assert frame["n"].tolist() == [12, pd.NA]
    assert str(frame["n"].dtype) == "Int64"
    assert frame["metric"].tolist() == ["dice", "jaccard"]
    assert str(frame["metric"].dtype) == "str"


def test_a_header_of_thousands_of_unknown_names_is_cut_short(folder: Folder) -> None:
    folder.write("results.csv", H.strip() + "," + ",".join(f"x{n}" for n in range(100_000)) + "\n")
    messages = folder.messages()
    assert len(messages) == 52
    assert (
        "results.csv line 1: 99,950 further columns; results has no such columns; check what kind of file this is"
        in messages
    )
