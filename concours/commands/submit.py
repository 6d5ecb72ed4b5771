"""Submit a file to the open phase of a question and wait for its scores. An interrupted upload continues when the command is run
again; a submission is in time if its last byte arrived before the phase closed.
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from concours.client.submissions import SubmissionReport
from concours.commands.error import CommandError
from concours.commands.session import aligned, progress_line, question_name, site_session

if TYPE_CHECKING:
    from concours.client.http import Client

REJECTED, NOT_SCORED = 3, 4
EXIT_CODES = {"scored": 0, "rejected": REJECTED, "failed": NOT_SCORED, "cancelled": NOT_SCORED}
HOUR = 3600


def add_arguments(parser: ArgumentParser) -> None:
    """The question, the file, and what goes with it."""
    parser.add_argument("question", type=question_name, metavar="CHALLENGE/QUESTION")
    parser.add_argument("file", type=Path, metavar="FILE", help="a table, or a zip of masks or images")
    parser.add_argument("--description", default="", metavar="TEXT", help="how it was made, for you and the organisers")
    parser.add_argument(
        "--declare",
        action="append",
        default=[],
        type=_declaration,
        metavar="NAME=VALUE",
        help="a figure that the question asks for, such as parameters=1200000",
    )
    parser.add_argument("--declares", action="store_true", help="confirm the declarations that the question requires")
    parser.add_argument("--no-wait", action="store_true", help="end as soon as the submission is received")


def run(arguments: Namespace, out: TextIO, err: TextIO) -> int:
    """Prints what became of it. Exit 0 scored or received, 2 wrong call, 3 rejected, 4 not scored, 5 refused, 6 not reachable."""
    if not arguments.file.is_file():
        raise CommandError(f"There is no file {arguments.file}.")
    with site_session() as site:
        submission = _send(site, arguments, err)
        out.write(f"Received as submission {submission.id}, phase {submission.phase}.\n")
        if arguments.no_wait:
            return 0
        settled: SubmissionReport = site.await_until(lambda: _settled(site, submission.id), seconds=HOUR, pause=1.0)
    out.write(_outcome(settled))
    return EXIT_CODES[settled.state]


def _send(site: Client, arguments: Namespace, err: TextIO) -> SubmissionReport:
    """Uploads the file and makes it a submission.

    The upload is remembered until the site has answered: after a lost answer the same call gives the same submission and uses
    no second attempt.
    """
    from concours.client.account import uploads_path
    from concours.client.http import SiteRefusedError
    from concours.client.resumable import forget_upload, upload_file

    metadata = {"question": arguments.question, "kind": "submission", "filename": arguments.file.name}
    if arguments.declares:
        metadata["declares"] = "1"
    upload = upload_file(site, arguments.file, metadata, uploads_path(), progress_line(arguments.file.name, err))
    body: dict[str, Any] = {"upload": upload, "description": arguments.description}
    if arguments.declare:
        body["declared"] = dict(arguments.declare)
    try:
        document = site.post("submissions/", body, repeatable=True)
    except SiteRefusedError:
        forget_upload(site, arguments.file, metadata, uploads_path())
        raise
    forget_upload(site, arguments.file, metadata, uploads_path())
    return SubmissionReport.from_json(document)


def _settled(site: Client, submission: str) -> SubmissionReport | None:
    report = SubmissionReport.from_json(site.get(f"submissions/{submission}/"))
    return report if report.is_settled else None


def _outcome(submission: SubmissionReport) -> str:
    """The scores, every error, or why it was not scored."""
    lines = [f"State: {submission.state}.", *submission.errors, *submission.notes]
    if submission.reason:
        lines.append(submission.reason)
    if submission.state == "scored" and not submission.scores:
        lines.append("The scores are shown once the organisers publish the ranking.")
    rows = [["score", "value"], *([name, str(value)] for name, value in submission.scores.items())]
    return "\n".join(lines) + "\n" + (aligned(rows) if submission.scores else "")


def _declaration(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign and value):
        raise ArgumentTypeError(f"write NAME=VALUE, not '{text}'")
    return name, value
