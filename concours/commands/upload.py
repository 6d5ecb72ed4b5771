"""Send exams from the centre's own machine. Folders and zips are grouped into exams, de-identified here with the centre's key and
checked against the question's criteria; a table is shown before anything is sent. An interrupted call continues when it is
run again. Nothing that identifies a patient leaves this machine.
"""

from __future__ import annotations

import json
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from concours.commands.error import CommandError
from concours.commands.session import progress_line, question_name, session_of

if TYPE_CHECKING:
    from concours.client.account import SiteAccount
    from concours.client.exam_plan import UploadPlan
    from concours.client.exam_uploads import SiteVerdict
    from concours.client.http import Client, ReportProgress

REJECTED = 3
INFORMED = "Did every patient of these exams receive the information letter, without objecting? [y/N] "


def add_arguments(parser: ArgumentParser) -> None:
    """The exams, the question, the centre's token, and what stays with the centre."""
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help="folders, files or zips")
    parser.add_argument("--question", type=question_name, required=True, metavar="CHALLENGE/QUESTION")
    parser.add_argument("--site", metavar="ADDRESS", help="default: that of `concours login`")
    parser.add_argument(
        "--centre-token", metavar="TOKEN", help="a token with the scopes read and upload; default: that of login"
    )
    parser.add_argument("--centre", metavar="NAME", help="short name, for people of several centres")
    parser.add_argument(
        "--values", type=Path, metavar="TABLE", help="CSV or XLSX; rows matched by 'folder' or 'patient'"
    )
    parser.add_argument("--keys", type=Path, metavar="CSV", help="add folder, patient and exam id to this list")
    parser.add_argument("--informed", action="store_true", help="all patients received the letter and did not object")
    parser.add_argument("--with-unclear", action="store_true", help="also send files that the site has to clean")
    parser.add_argument("--dry-run", action="store_true", help="show the table, send nothing")
    parser.add_argument("--yes", action="store_true", help="send without asking")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of words")
    parser.add_argument("--flights", type=int, default=3, metavar="N", help="uploads at a time (3)")
    parser.add_argument("--patience", type=float, default=600, metavar="SECONDS", help="without a network (600)")


def run(arguments: Namespace, out: TextIO, err: TextIO) -> int:
    """Prints the table, then what became of each exam.

    Exit 0 all good, 2 wrong call, 3 an exam is refused, 5 the site refused the request, 6 not reachable.
    """
    from concours.commands.upload_report import table

    missing = [path for path in (*arguments.folders, arguments.values) if path is not None and not path.exists()]
    if missing:
        raise CommandError(f"There is no {missing[0]}.")
    account = _account(arguments)
    with session_of(account) as site, tempfile.TemporaryDirectory(prefix="concours-upload-") as work:
        plan = _plan(site, arguments, Path(work), err)
        if not arguments.json:
            out.write(table(plan))
        if arguments.dry_run or not plan.sent or not _agreed(arguments):
            return _end(arguments, plan, None, out)
        return _end(arguments, plan, _send(account, arguments, plan, err), out)


def _account(arguments: Namespace) -> SiteAccount:
    from concours.client.account import SiteAccount, read_account

    try:
        stored = read_account()
    except ValueError as error:
        raise CommandError(str(error)) from error
    address = arguments.site or (stored.address if stored else "")
    token = arguments.centre_token or (stored.token if stored else "")
    if not address or not token:
        raise CommandError("Name the site and a token: --site ADDRESS --centre-token TOKEN, or log in first.")
    return SiteAccount(address.rstrip("/"), token)


def _plan(site: Client, arguments: Namespace, work: Path, err: TextIO) -> UploadPlan:
    from concours.client.exam_plan import PlanError, plan_upload
    from concours.formats.fault import FormatError

    def checked(number: int, count: int) -> None:
        if err.isatty():
            err.write(f"\rChecked exam {number} of {count}" + ("\n" if number == count else ""))
            err.flush()

    try:
        return plan_upload(
            site,
            arguments.folders,
            arguments.question,
            work,
            centre=arguments.centre,
            values=arguments.values,
            with_unclear=arguments.with_unclear,
            checked=checked,
        )
    except PlanError as error:
        raise CommandError(str(error)) from error
    except FormatError as error:
        raise CommandError("\n".join(fault.message for fault in error.faults)) from error


def _agreed(arguments: Namespace) -> bool:
    """Whether a person of the centre says that patients are informed, and that the exams may be sent."""
    watched = sys.stdin.isatty()
    if not arguments.informed and not (watched and _says_yes(INFORMED)):
        raise CommandError(
            "Nothing was sent. Confirm with --informed that all patients received the information letter."
        )
    if arguments.yes or (watched and _says_yes("Send these exams? [y/N] ")):
        return True
    raise CommandError("Nothing was sent. Confirm with --yes.")


def _says_yes(question: str) -> bool:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes", "o", "oui")


def _send(account: SiteAccount, arguments: Namespace, plan: UploadPlan, err: TextIO) -> Sequence[Sequence[SiteVerdict]]:
    from concours.client.account import uploads_path
    from concours.client.exam_uploads import SendingOrder, send_exams
    from concours.client.http import Client

    order = SendingOrder(plan.question, plan.centre, uploads_path(), arguments.flights, arguments.patience)
    archives = [(exam.archive, exam.proof) for exam in plan.sent if exam.archive is not None]
    sizes = [archive.stat().st_size for archive, _proof in archives]
    line, sent = progress_line(f"{len(archives)} exams", err), [0] * len(archives)

    def report(number: int) -> ReportProgress | None:
        def show(done: int, _total: int) -> None:
            sent[number] = done
            if line is not None:
                line(sum(sent), sum(sizes))

        return show

    return send_exams(lambda: Client(account.address, account.token), archives, order, report)


def _end(arguments: Namespace, plan: UploadPlan, verdicts: Sequence[Sequence[SiteVerdict]] | None, out: TextIO) -> int:
    """Writes the centre's list and the report; the exit code."""
    from concours.client.key_list import add_keys
    from concours.commands.upload_report import document, report

    if verdicts is not None and arguments.keys is not None:
        pairs = zip(plan.sent, verdicts, strict=True)
        add_keys(
            arguments.keys,
            [
                (exam.folder, exam.patient, verdict.exam)
                for exam, verdicts_of_exam in pairs
                for verdict in verdicts_of_exam
            ],
        )
    if arguments.json:
        out.write(json.dumps(document(plan, verdicts), ensure_ascii=False) + "\n")
    elif verdicts is not None:
        out.write(report(plan, verdicts))
    refused = [
        verdict
        for verdicts_of_exam in verdicts or ()
        for verdict in verdicts_of_exam
        if verdict.state == "refused" and not verdict.is_duplicate
    ]
    return REJECTED if refused or not plan.exams or len(plan.sent) < len(plan.exams) else 0
