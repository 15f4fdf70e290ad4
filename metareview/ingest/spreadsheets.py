"""CSV files -> raw tables: encodings, delimiters, quotes and broken rows.

Every cell stays text. What can be read in one way only is read (a byte order mark, semicolons or tabs between cells,
Windows line ends, Windows-1252); everything else is reported with its line.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from metareview.ingest.cells import clean
from metareview.ingest.problems import Problem, Problems
from metareview.ingest.raw import RawTable, TableBuilder, match_header
from metareview.schema.tables import TABLES, TableSpec

__all__ = ["MAX_FILE", "csv_cells", "parse_csv", "read_bytes", "read_csv", "sniff_type"]

#: Largest file that is read, in bytes.
MAX_FILE = 2 * 1024**3
_DELIMITERS = ",;\t"
_DEFAULT_CELL = 131_072
#: First bytes of files that are given instead of a text file.
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "an XLSX or another zip file"),
    (b"PK\x05\x06", "an empty zip file"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old XLS or a password-protected workbook"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x1f\x8b", "a gzip file"),
    (b"PAR1", "a Parquet file"),
    (b"{\\rtf", "an RTF document"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
)
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def sniff_type(data: bytes) -> str | None:
    """Return what kind of file these first bytes belong to, or None where it may be text.

    >>> sniff_type(b"%PDF-1.7"), sniff_type(b"study_id,method")
    ('a PDF', None)
    """
    return next((kind for signature, kind in _SIGNATURES if data.startswith(signature)), None)


def read_bytes(path: Path, file: str, problems: Problems) -> bytes | None:
    """Return what a file holds, or None with a problem where it cannot be read or holds nothing."""
    found, remedy = "", "give a file"
    data = b""
    try:
        if path.is_dir():
            found, remedy = "this is a folder", "give a file of this name, or rename the folder"
        elif path.stat().st_size > MAX_FILE:
            found, remedy = f"the file has {path.stat().st_size:,} bytes", "split the table; 2 GiB is the limit"
        else:
            data = path.read_bytes()
            if not data.strip(b"\xef\xbb\xbf \t\r\n"):
                found, remedy = "the file is empty", "write the header row and the rows, or delete the file"
    except OSError as error:
        found, remedy = f"the file cannot be read ({error.strerror})", "check its permissions"
    if found:
        problems.add(Problem.of_file(file, found, "a table is a file with a header row", remedy))
        return None
    return data


def read_csv(path: Path, table: str, problems: Problems, *, file: str | None = None) -> RawTable | None:
    """Read one CSV file.

    Parameters
    ----------
    path : the file.
    table : the table it holds.
    problems : where to report.
    file : the name shown in problems; the file's own where None.

    Returns
    -------
    the table, or None where there is nothing to go on with (the reason is among the problems).
    """
    file = file or path.name
    data = read_bytes(path, file, problems)
    return None if data is None else parse_csv(data, table, problems, file=file)


def parse_csv(data: bytes, table: str, problems: Problems, *, file: str) -> RawTable | None:
    """Split the bytes of a CSV file into cells; parameters and result as for `read_csv`."""
    encoding = _encoding(data, file, problems)
    if encoding is None:
        return None
    with _long_cells(len(data)):
        return _read_rows(data, encoding, TABLES[table], file, problems)


def csv_cells(path: Path, table: str, problems: Problems) -> list[list[str]] | None:
    """Return the cells of a CSV file as a spreadsheet program shows them, row by row; None with a problem."""
    file = path.name
    data = read_bytes(path, file, problems)
    encoding = None if data is None else _encoding(data, file, problems)
    if data is None or encoding is None:
        return None
    lost: list[Problem] = []
    with _long_cells(len(data)):
        stream = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")
        delimiter = _delimiter(data, encoding, TABLES[table])
        rows = [cells for _, _, cells in _records(stream, delimiter, file, lost)]
    problems.extend(lost)
    return rows


def _encoding(data: bytes, file: str, problems: Problems) -> str | None:
    """Return the encoding to read with, or None with a problem."""

    def refuse(found: str, remedy: str, line: int | None = None) -> None:
        problems.add(Problem.of_file(file, found, "a CSV file is text in UTF-8", remedy, row=line))

    kind = sniff_type(data)
    if kind:
        refuse(f"this is {kind}", "save the table as CSV UTF-8, or give the file its real ending")
        return None
    encoding = _UTF16.get(data[:2], "utf-8")
    if encoding != "utf-8":
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            refuse("the bytes are damaged UTF-16", "save the table as CSV UTF-8")
            return None
        return "utf-16"
    first_line = data.partition(b"\n")[0]
    if b"\0" in first_line:
        refuse("the first line has NUL bytes", "save the table as CSV UTF-8")
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _not_utf8(data, error, file, problems)
    return "utf-8-sig"


def _not_utf8(data: bytes, error: UnicodeDecodeError, file: str, problems: Problems) -> str | None:
    """Return cp1252 where the file can be that and nothing else, or None with a problem."""
    line = data.count(b"\n", 0, error.start) + 1
    byte = f"byte 0x{data[error.start]:02X}"
    rule = "a CSV file is text in UTF-8"
    mixed = any(not character.isascii() and not "\udc80" <= character <= "\udcff" for character in _escaped(data))
    if mixed:
        found = f"{byte} is not UTF-8, though other letters of the file are"
        problems.add(Problem.of_file(file, found, rule, "correct that letter and save as CSV UTF-8", row=line))
        return None
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        found = f"{byte} is neither UTF-8 nor Windows-1252"
        problems.add(Problem.of_file(file, found, rule, "save the table as CSV UTF-8", row=line))
        return None
    found = f"{byte} is not UTF-8; the file was read as Windows-1252"
    remedy = "look at its accents and signs, then save it as CSV UTF-8"
    problems.add(Problem.of_file(file, found, rule, remedy, row=line, severity="warning"))
    return "cp1252"


def _escaped(data: bytes) -> set[str]:
    return set(data.decode("utf-8", errors="surrogateescape"))


@contextmanager
def _long_cells(limit: int) -> Iterator[None]:
    """Let the csv module read a cell of any length; the models then say how long it may be."""
    before = csv.field_size_limit(max(limit, _DEFAULT_CELL))
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _read_rows(data: bytes, encoding: str, spec: TableSpec, file: str, problems: Problems) -> RawTable | None:
    delimiter = _delimiter(data, encoding, spec)
    stream = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")
    lost: list[Problem] = []
    records = _records(stream, delimiter, file, lost)
    head = next((record for record in records if any(map(clean, record[2]))), None)
    if head is None:
        problems.extend(lost)
        if not lost:
            problems.add(
                Problem.of_file(
                    file,
                    "the file has no header row",
                    "a table is a file with a header row",
                    "write the header row and the rows, or delete the file",
                )
            )
        return None
    line, row, header = head
    positions = match_header(header, spec, file, line, row, problems)
    if positions is None:
        return None
    builder = TableBuilder(spec.name, file, spec.name, positions, header)
    builder.extend(records, problems)
    problems.extend(lost)
    return builder.build(problems, complete=not lost)


def _delimiter(data: bytes, encoding: str, spec: TableSpec) -> str:
    """Return the delimiter that finds the most known columns in the first line that is not blank."""
    head = data[:200_000].decode(encoding, errors="ignore").lstrip()
    line = next(iter(head.splitlines()), "")

    def score(delimiter: str) -> int:
        names = {clean(part).strip('"') for part in line.split(delimiter)}
        return len(names & set(spec.columns))

    return max(_DELIMITERS, key=score)


def _records(
    stream: io.TextIOWrapper, delimiter: str, file: str, lost: list[Problem]
) -> Iterator[tuple[int, int, list[str]]]:
    """Yield line, spreadsheet row and cells of each record; a record that cannot be split is added to `lost`."""
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    row = line = 0
    while True:
        start = line + 1
        row += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            lost.append(_quoting_problem(str(error), start, reader.line_num, file))
            line = reader.line_num
            continue
        line = reader.line_num
        yield start, row, cells


def _quoting_problem(message: str, first: int, last: int, file: str) -> Problem:
    if "end of data" in message:
        found = f"a double quote that opens a cell here is never closed; lines {first} to {last} were read as one cell"
        return Problem.of_file(file, found, "a quoted cell ends with a double quote", "close the quote", row=first)
    found = "text follows the closing double quote of a cell"
    remedy = "double a quote that is part of the text, or remove it"
    return Problem.of_file(file, found, "a quoted cell ends at its closing quote", remedy, row=last)
