"""A review for deposit: one zip with the spreadsheets, what they mean, the terms of use, and checksums of all of it.

    <id>/review/        the spreadsheets, review.yaml and resolutions.csv, as they stand, with tools/ and reruns/
    <id>/data_dictionary.csv, data_dictionary.md, README.md, LICENSE.txt
    <id>/SHA256SUMS     digest and name of every other file; ``sha256sum -c SHA256SUMS`` verifies it anywhere

The same review gives the same bytes: entries are stored uncompressed (compressors differ between machines), in order,
with a fixed time.
"""

from __future__ import annotations

import hashlib
import io
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from metareview.curation.checks import RULES
from metareview.curation.dictionary import dictionary_csv, dictionary_markdown
from metareview.curation.resolutions import RESOLUTIONS_FILE
from metareview.errors import InputError
from metareview.ingest import check_review, raise_if_errors
from metareview.ingest.config import SPEC_FILE, TOOLS
from metareview.ingest.files import table_files
from metareview.ingest.problems import Problem
from metareview.ingest.reruns import RERUNS, rerun_files
from metareview.ingest.review import CheckReport, FurtherCheck
from metareview.ingest.toolfiles import tool_files
from metareview.schema.review import ReviewSpec

__all__ = ["LICENCES", "build_archive", "check_archive"]

SUMS = "SHA256SUMS"
_STAMP = (1980, 1, 1, 0, 0, 0)
#: Most that an archive may unpack to, entries it may have (a run has its record), and how many times its own size it
#: may unpack to.
MAX_UNPACKED, MAX_ENTRIES, MAX_RATIO = 1024**3, 20_000, 200
_SMALL = 64 * 1024**2
_BLOCK = 1024**2
_LINE = re.compile(r"([0-9a-f]{64}) [ *](\S.*)")
_DAMAGE = (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
#: Terms by id; others are given as a file.
LICENCES: Mapping[str, str] = {
    "CC-BY-4.0": "Creative Commons Attribution 4.0 International: https://creativecommons.org/licenses/by/4.0/legalcode",
    "CC-BY-SA-4.0": "Creative Commons Attribution-ShareAlike 4.0 International: "
    "https://creativecommons.org/licenses/by-sa/4.0/legalcode",
    "CC0-1.0": "Creative Commons CC0 1.0 Universal: https://creativecommons.org/publicdomain/zero/1.0/legalcode",
    "ODbL-1.0": "Open Data Commons Open Database License 1.0: https://opendatacommons.org/licenses/odbl/1-0/",
}


def build_archive(folder: Path | str, licence: str) -> bytes:
    """Return the archive of a review, verified and read back as whoever gets it will.

    Parameters
    ----------
    folder : the review folder; it must check clean.
    licence : an id of `LICENCES`, or the text of the terms.

    Raises
    ------
    InputError
        If the folder is no review.
    ProblemsFound
        If the review has errors.
    """
    folder = Path(folder)
    report = check_review(folder, further=RULES)
    raise_if_errors(report.review, report.problems)
    if report.tables is None or not folder.is_dir():
        raise InputError(f"{folder} is no review folder; metareview init makes one")
    spec = report.tables.spec
    paths = {*table_files(folder).values(), *rerun_files(folder)}
    files = {f"review/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in sorted(paths)}
    for name in (SPEC_FILE, RESOLUTIONS_FILE):
        if (folder / name).is_file():
            files[f"review/{name}"] = (folder / name).read_bytes()
    files |= {f"review/{TOOLS}/{path.name}": path.read_bytes() for path in tool_files(folder)}
    terms = LICENCES.get(licence, licence)
    texts = {
        "README.md": _readme(spec, report, licence if licence in LICENCES else "see LICENSE.txt"),
        "LICENSE.txt": f"{f'{licence}{chr(10)}{chr(10)}' if licence in LICENCES else ''}{terms.rstrip()}\n",
        "data_dictionary.csv": dictionary_csv(tuple(report.counts)),
        "data_dictionary.md": dictionary_markdown(tuple(report.counts)),
    }
    files |= {name: text.encode() for name, text in texts.items()}
    sums = [f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)]
    data = _zip(spec.id, {**files, SUMS: "".join(sums).encode()})
    _read_back(data, report)
    return data


def _read_back(data: bytes, report: CheckReport) -> None:
    """Check the finished archive: what does not come out of it is no deposit.

    Raises
    ------
    InputError, ProblemsFound
        If the archive is refused, has problems, or holds other rows than the review.
    """
    with TemporaryDirectory(prefix="metareview-") as folder:
        path = Path(folder) / f"{report.review}.zip"
        path.write_bytes(data)
        again = check_archive(path)
    raise_if_errors(again.review, again.problems)
    if again.counts != report.counts:
        raise InputError(f"the archive of {report.review} has other rows than the review; nothing is written")


def _zip(root: str, files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{root}/{name}", _STAMP)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, files[name])
    return stream.getvalue()


def _readme(spec: ReviewSpec, report: CheckReport, licence: str) -> str:
    lines = [f"# {spec.title}", "", spec.question, ""]
    lines += [f"Authors: {spec.authors}", ""] if spec.authors else []
    lines += [f"Protocol: {spec.protocol}", ""] if spec.protocol else []
    lines += ["## What is here", "", "| table | rows |", "|---|---|"]
    lines += [f"| {name} | {count:,} |" for name, count in report.counts.items()]
    lines += [
        "", "`review/` holds the spreadsheets and `review.yaml`, the settings of the review. `data_dictionary.md` (and "
        "`.csv`) says what each column means. Every result names its document, the place in it, and the figure as "
        "printed; the documents themselves are not part of this archive.", "",
        "## Verify and use", "", "    sha256sum -c SHA256SUMS", "    metareview check this-archive.zip",
        "    metareview build review", "", f"Terms of use: {licence} (`LICENSE.txt`).",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def check_archive(
    path: Path | str,
    *,
    sources: Path | str | None = None,
    progress: Callable[[str], None] | None = None,
    further: Sequence[FurtherCheck] = (),
) -> CheckReport:
    """Verify the checksums of an archive, then check the review in it.

    Nothing of the archive is written anywhere but into a temporary folder, under names that are ours; paths that lead
    out of it, links, repeated names, and sizes that no review has are refused before anything is unpacked.

    Raises
    ------
    InputError
        If the file is no such archive.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path} is not there; give an archive of metareview archive")
    with _unpacked(path) as (folder, problems):
        if problems:
            return CheckReport(path.name, None, tuple(problems), {})
        report = check_review(folder, sources=sources, progress=progress, further=further)
        return CheckReport(path.name, None, report.problems, report.counts, report.verified)


@contextmanager
def _unpacked(path: Path) -> Iterator[tuple[Path, list[Problem]]]:
    try:
        with zipfile.ZipFile(path) as archive, TemporaryDirectory(prefix="metareview-") as name:
            members = _members(archive, path)
            problems = _verify(archive, members, path.name)
            folder = Path(name) / "review"
            folder.mkdir()
            for inside, info in members.items():
                if not problems and inside.startswith("review/"):
                    target = folder / inside.removeprefix("review/")
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(archive.read(info))
            yield folder, problems
    except _DAMAGE as error:
        raise InputError(f"{path} is damaged or no zip file ({str(error)[:120]}); get the archive again") from None


def _members(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """Return the files by name below the one top folder.

    Raises
    ------
    InputError
        If a name or a size is not one that a deposit has.
    """
    infos = [info for info in archive.infolist() if not info.is_dir()]
    unpacked = sum(info.file_size for info in infos)
    if len(infos) > MAX_ENTRIES:
        raise InputError(f"{path} has {len(infos):,} files; an archive of a review has at most {MAX_ENTRIES:,}")
    if unpacked > MAX_UNPACKED or (unpacked > _SMALL and unpacked > MAX_RATIO * path.stat().st_size):
        raise InputError(f"{path} would unpack to {unpacked:,} bytes; that is no archive of a review")
    found: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        parts = PurePosixPath(info.filename).parts
        strange = "\\" in info.filename or info.filename.startswith("/") or ":" in parts[0] or {"..", "."} & set(parts)
        if (
            strange
            or stat.S_ISLNK(info.external_attr >> 16)
            or not (len(parts) in (2, 3) or parts[1:3] in (("review", TOOLS), ("review", RERUNS)))
        ):
            raise InputError(f"{path} has an entry {info.filename!r}, which may lead out of it; it is not unpacked")
        inside = "/".join(parts[1:])
        if inside in found:
            raise InputError(f"{path} has two entries {inside!r}; it is not unpacked")
        if len(parts) > 2 and parts[1] != "review":
            raise InputError(f"{path} has an entry {info.filename!r}; only review/ is a folder of an archive")
        found[inside] = info
    roots = {PurePosixPath(info.filename).parts[0] for info in infos}
    if SUMS not in found or len(roots) != 1:
        raise InputError(f"{path} has no {SUMS}; give an archive that metareview archive wrote")
    return found


def _verify(archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo], file: str) -> list[Problem]:
    """Compare every file with its checksum; report files that are listed and missing, or there and not listed."""
    rule, problems = "every file of an archive is listed in SHA256SUMS with its digest", []
    listed: dict[str, str] = {}
    for number, line in enumerate(archive.read(members[SUMS]).decode("utf-8").splitlines(), 1):
        match = _LINE.fullmatch(line)
        if match is None:
            problems.append(Problem.of_file(SUMS, f"the line {line[:60]!r}", rule, "get the archive again", row=number))
        else:
            listed[match[2]] = match[1]
    for name in sorted(listed.keys() | members.keys() - {SUMS}):
        found = ""
        if name not in members:
            found = f"{name} is missing"
        elif name not in listed:
            found = f"{name} is not listed"
        elif _digest(archive, members[name]) != listed[name]:
            found = f"{name} is not the file that was archived: its SHA-256 differs"
        if found:
            problems.append(Problem.of_file(file, found, rule, "get the archive again; do not use this one"))
    return problems


def _digest(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> str:
    """Return the digest of an entry, read in blocks and no further than the directory says."""
    digest, left = hashlib.sha256(), info.file_size
    with archive.open(info) as stream:
        while block := stream.read(min(_BLOCK, left + 1)):
            left -= len(block)
            if left < 0:
                raise zipfile.BadZipFile(f"{info.filename} is longer than its directory entry says")
            digest.update(block)
    return digest.hexdigest()
