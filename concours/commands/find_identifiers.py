"""Search de-identified files for anything identifying that is left in them. Shows where, never what."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

from concours.commands.error import CommandError
from concours.second_check import find_identifiers
from concours.second_check.search import files_below


def add_arguments(parser: ArgumentParser) -> None:
    """What to search, and for whom."""
    parser.add_argument("dir", type=Path, metavar="DIR", help="a folder or a file")
    parser.add_argument("--known", type=Path, help="a text file, UTF-8, with one known identifier per line")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--no-pixels", action="store_true", help="do not look for text in frames")


def run(arguments: Namespace, out: TextIO, err: TextIO) -> int:
    """Exit 0 when nothing was found, 1 when anything was, 2 for a wrong call."""
    target: Path = arguments.dir
    if not target.exists():
        raise CommandError("The folder to search does not exist.")
    if not arguments.no_pixels and find_spec("rapidocr") is None:
        raise CommandError("Text in pixels cannot be read here: pip install 'concours[ocr]', or pass --no-pixels.")
    identifiers = _read_known(arguments.known) if arguments.known else []
    root = target if target.is_dir() else target.parent
    findings = find_identifiers([target], identifiers, read_pixels=not arguments.no_pixels, root=root)
    files = sum(1 for _ in files_below([target]))
    if arguments.json:
        document = {"findings": [finding.as_dict() for finding in findings], "files": files}
        out.write(json.dumps(document, ensure_ascii=False) + "\n")
    else:
        out.writelines(f"{finding.file}: {finding.where}: {finding.kind}\n" for finding in findings)
        out.write(f"{len(findings)} findings in {files} files\n")
    return 1 if findings else 0


def _read_known(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise CommandError("The file of known identifiers cannot be read as UTF-8 text.") from None
