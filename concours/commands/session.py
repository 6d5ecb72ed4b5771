"""What the commands that talk to a site share: the person's client, errors in words, and progress on a terminal."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from concours.commands.error import CommandError

if TYPE_CHECKING:
    from concours.client.account import SiteAccount
    from concours.client.http import Client, ReportProgress, SiteRefusedError

REFUSED, UNREACHABLE = 5, 6
"""Exit codes: the site refused the request; the site could not be reached."""
MEGABYTE = 1_000_000


@contextmanager
def site_session() -> Iterator[Client]:
    """A client for the stored account. Raises CommandError for whatever the site or the network refuses meanwhile."""
    from concours.client.account import read_account

    try:
        account = read_account()
    except ValueError as error:
        raise CommandError(str(error)) from error
    if account is None:
        raise CommandError("Log in first: concours login https://ADDRESS-OF-THE-SITE")
    with session_of(account) as client:
        yield client


@contextmanager
def session_of(account: SiteAccount) -> Iterator[Client]:
    """A client for an account that need not be stored. Raises as `site_session` does."""
    try:
        import httpx
    except ImportError as error:
        raise CommandError("This command needs the extra 'client': pip install 'concours[client]'.") from error
    from concours.client.http import ChecksumError, Client, SiteRefusedError

    client = Client(account.address, account.token)
    try:
        yield client
    except SiteRefusedError as error:
        raise CommandError(refusal(error), REFUSED) from error
    except ChecksumError as error:
        raise CommandError(f"{error} arrived damaged. Try again.", UNREACHABLE) from error
    except (httpx.TransportError, httpx.InvalidURL, TimeoutError) as error:
        raise CommandError(
            f"{account.address} does not answer. Check the address and the connection, and try again.", UNREACHABLE
        ) from error
    finally:
        client.http.close()


def refusal(error: SiteRefusedError) -> str:
    """A refusal in words: the site's sentence, then each error on a line of its own."""
    if error.status == 401:
        return "The site does not accept the token: it has expired or was revoked. Create another and log in again."
    lines = [error.detail]
    errors = error.answer.get("errors") if isinstance(error.answer, dict) else None
    lines += [f"  {line['message'] if isinstance(line, dict) and 'message' in line else line}" for line in errors or ()]
    return "\n".join(lines)


def question_name(text: str) -> str:
    """A question as CHALLENGE/QUESTION. Raises ArgumentTypeError."""
    challenge, slash, question = text.partition("/")
    if not (challenge and slash and question) or "/" in question:
        raise ArgumentTypeError(f"name the question as CHALLENGE/QUESTION, not '{text}'")
    return text


def progress_line(label: str, err: TextIO) -> ReportProgress | None:
    """Shows bytes on one line of a terminal; None where nobody watches."""
    if not err.isatty():
        return None

    def show(done: int, total: int) -> None:
        end = "\n" if done >= total else ""
        share = 100 * done // total if total else 100
        err.write(f"\r{label}: {done / MEGABYTE:.1f} of {total / MEGABYTE:.1f} MB, {share} %{end}")
        err.flush()

    return show


def aligned(rows: list[list[str]]) -> str:
    """Rows of equal length as columns, two blanks apart; the first row is the head."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n" for row in rows
    )
