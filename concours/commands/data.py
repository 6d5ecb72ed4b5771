"""Download the released batches of a question, compare each archive with its published checksum, and write the question file and
the manifest of a submission beside them. An interrupted download continues when the command is run again.
"""

from __future__ import annotations

import json
import zipfile
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from concours.commands.session import MEGABYTE, progress_line, question_name, site_session

if TYPE_CHECKING:
    from concours.client.http import Client


def add_arguments(parser: ArgumentParser) -> None:
    """The question, and where its data go."""
    parser.add_argument("question", type=question_name, metavar="CHALLENGE/QUESTION")
    parser.add_argument("--into", type=Path, metavar="FOLDER", help="default: CHALLENGE/QUESTION in the current folder")
    parser.add_argument("--unpack", action="store_true", help="also unpack each archive beside it")
    parser.add_argument("--list", action="store_true", dest="list_only", help="say what is released, download nothing")


def run(arguments: Namespace, out: TextIO, err: TextIO) -> int:
    """Prints one line per batch. Exit 0, 2 wrong call, 5 refused, 6 not reachable or damaged."""
    challenge, _slash, slug = arguments.question.partition("/")
    folder = arguments.into or Path(challenge) / slug
    with site_session() as site:
        question = site.get(f"questions/{arguments.question}/")
        batches = site.every("batches/", question__challenge__slug=challenge, question__slug=slug)
        if not batches:
            out.write("No batch of this question is released to you yet.\n")
        if not arguments.list_only:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "question.yaml").write_text(question["text"], encoding="utf-8")
        for batch in batches:
            size = f"{batch['archive_bytes'] / MEGABYTE:.1f} MB"
            state = "released" if arguments.list_only else _fetch(site, batch, folder, arguments.unpack, err)
            out.write(f"{batch['name']}, version {batch['version']}: {batch['exams']} exams, {size}, {state}\n")
        if not arguments.list_only:
            _write_submission_manifest(site, arguments.question, folder)
    return 0


def _write_submission_manifest(site: Client, question: str, folder: Path) -> None:
    """Writes what `concours check --manifest` needs, once the cases that are answered are released."""
    from concours.client.http import SiteRefusedError

    try:
        manifest = site.get("submissions/manifest/", question=question)
    except SiteRefusedError as error:
        if error.status != 404:
            raise
        return
    (folder / "submission.json").write_text(json.dumps(manifest), encoding="utf-8")


def _fetch(site: Client, batch: dict[str, Any], folder: Path, unpack: bool, err: TextIO) -> str:
    """Downloads an archive that is not there yet; what was done, in words."""
    from concours.client.http import sha256_of

    target = folder / f"{batch['name']}.zip"
    before = _names(target)
    state = f"already in {target}"
    if not target.exists() or sha256_of(target) != batch["archive_sha256"]:
        site.download(batch["download"], target, batch["archive_sha256"], progress_line(batch["name"], err))
        state = f"downloaded to {target}"
    if unpack:
        unpacked = folder / batch["name"]
        with zipfile.ZipFile(target) as archive:
            archive.extractall(unpacked)
        for name in before - _names(target):  # a case that was withdrawn leaves the folder too
            (unpacked / name).unlink(missing_ok=True)
        state += f", unpacked in {unpacked}"
    return state


def _names(archive: Path) -> set[str]:
    """The files of an archive; none where it is not there."""
    if not archive.exists():
        return set()
    with zipfile.ZipFile(archive) as opened:
        return {name for name in opened.namelist() if not name.endswith("/")}
