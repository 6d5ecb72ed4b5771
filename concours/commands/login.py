"""Store a site's address and your token for the commands data, submit, board and team. Create the token on your account page."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from getpass import getpass
from typing import TextIO

from concours.commands.error import CommandError


def add_arguments(parser: ArgumentParser) -> None:
    """The site. The token is read from a prompt, so that the shell's history does not keep it."""
    parser.add_argument("site", metavar="ADDRESS", help="for example https://challenge.example.org")
    parser.add_argument("--token-stdin", action="store_true", help="read the token from standard input")


def run(arguments: Namespace, out: TextIO, err: TextIO) -> int:
    """Asks the site whether it accepts the token, then stores both. Exit 0, 2 wrong call, 5 refused, 6 not reachable."""
    from concours.client.account import SiteAccount, save_account
    from concours.commands.session import session_of

    address = arguments.site.rstrip("/")
    if not address.startswith(("http://", "https://")):
        raise CommandError(f"The address begins with https://, for example https://{address}.")
    token = (sys.stdin.readline() if arguments.token_stdin else getpass("Token: ")).strip()
    if not token:
        raise CommandError("No token was entered. Create one on your account page.")
    account = SiteAccount(address, token)
    with session_of(account) as site:
        site.get("teams/", page_size=1)
    path = save_account(account)
    out.write(f"Logged in to {address}. The token is stored in {path}.\n")
    return 0
