"""De-identify every DICOM file below SRC into DST/<study>/<series>/<sop>.dcm. The report holds no original value."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

import yaml

from concours.commands.error import CommandError
from concours.commands.key_files import add_key_arguments, identity_key
from concours.deid.keep import KeepError
from concours.deid.provenance import engine_version, profile_sha256
from concours.deid.rules import ProfileError, load_profile, parse_profile
from concours.deid.tree import deidentify_tree
from concours.deid.worker_process import DeidOrder


def add_arguments(parser: ArgumentParser) -> None:
    """Source, destination, key and what to keep."""
    parser.add_argument("src", type=Path, metavar="SRC")
    parser.add_argument("dst", type=Path, metavar="DST")
    add_key_arguments(parser)
    parser.add_argument("--question", type=Path, help="question file whose deidentification.keep is added")
    parser.add_argument("--profile", default="default", help="default, basic, or either with +option and -option")
    parser.add_argument("--jobs", type=int, default=1, help="worker processes")
    parser.add_argument("--report", type=Path, help="where the JSON report is written")
    parser.add_argument("--keep-weekdays", action="store_true", help="shift dates by whole weeks")
    parser.add_argument(
        "--no-pixel-text",
        action="store_true",
        help="do not look for text in pixels; files that may carry it go to review",
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def run(arguments: Namespace, out: TextIO, err: TextIO) -> int:
    """Exit 0 when every file has an outcome, 2 for a wrong call, 1 when DST cannot be written."""
    if not arguments.src.exists():
        raise CommandError(f"{arguments.src} does not exist. Name a file or a folder.")
    if arguments.jobs < 1:
        raise CommandError("--jobs is the number of worker processes, 1 or more.")
    if not arguments.no_pixel_text and find_spec("rapidocr") is None:
        err.write(
            "Text in pixels cannot be read here: pip install 'concours[ocr]'. Files that may carry text go to DST/review.\n"
        )
        arguments.no_pixel_text = True
    order = _order(arguments)
    progress = None if arguments.quiet or not err.isatty() else _progress(err)
    try:
        summary = deidentify_tree(arguments.src, arguments.dst, order, jobs=arguments.jobs, progress=progress)
    except OSError as error:
        raise CommandError(f"DST cannot be written: {error.strerror}.", 1) from None
    document = {
        "engine": engine_version(),
        "profile_sha256": profile_sha256(frozenset(order.options), order.keep),
        **summary.to_json(),
    }
    if arguments.report:
        arguments.report.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    outcomes = ", ".join(f"{count} {name}" for name, count in document["outcomes"].items())
    out.write(f"{len(summary.files)} files: {outcomes}; {summary.fast_path} took the fast path.\n")
    return 0


def _progress(err: TextIO) -> Callable[[int, int], None]:
    def show(done: int, total: int) -> None:
        err.write(f"\r{done} of {total}" + ("\n" if done == total else ""))
        err.flush()

    return show


def _order(arguments: Namespace) -> DeidOrder:
    """The order that the arguments describe. Raises CommandError, which repeats no secret."""
    key = identity_key(arguments)
    try:
        chosen = parse_profile(arguments.profile)
        keep = _keep_list(arguments.question) if arguments.question else ()
        if keep:  # the table takes memory that a call without a keep list does without; workers load it anyway
            load_profile(chosen, keep)
    except OSError as error:
        raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from None
    except (ProfileError, KeepError) as error:
        raise CommandError(str(error)) from None
    return DeidOrder(
        key,
        arguments.centre,
        tuple(sorted(chosen)),
        keep,
        keep_weekday=arguments.keep_weekdays,
        pixel_text=not arguments.no_pixel_text,
    )


def _keep_list(path: Path) -> tuple[str, ...]:
    """`deidentification.keep` of a question file."""
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        raise CommandError(f"{path} is not a question file: it is not YAML.") from None
    section = document.get("deidentification") if isinstance(document, dict) else None
    keep = section.get("keep", []) if isinstance(section, dict) else []
    if not isinstance(keep, list) or not all(isinstance(keyword, str) for keyword in keep):
        raise CommandError(f"{path}: deidentification.keep is a list of DICOM keywords.")
    return tuple(keep)
