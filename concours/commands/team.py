"""Show your teams: members, the questions entered, and what is still missing before the organisers can approve them."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any, TextIO

from concours.commands.session import site_session


def add_arguments(parser: ArgumentParser) -> None:
    """Which challenge."""
    parser.add_argument("challenge", nargs="?", default="", metavar="CHALLENGE", help="only teams of this challenge")


def run(arguments: Namespace, out: TextIO, err: TextIO) -> int:
    """Prints each team. Exit 0, 2 wrong call, 5 refused, 6 not reachable."""
    with site_session() as site:
        query = {"challenge": arguments.challenge} if arguments.challenge else {}
        rows = [site.get(f"teams/{row['id']}/") for row in site.every("teams/", **query)]
    if not rows:
        out.write("You are in no team yet. Register one on the page of the challenge.\n")
    out.writelines(_described(row) for row in rows)
    return 0


def _described(team: dict[str, Any]) -> str:
    members = ", ".join(str(member["name"]) for member in team["members"])
    lines = [
        f"{team['name']} ({team['challenge']}): {team['state']}",
        f"  members    {members}",
        f"  questions  {', '.join(team['entered']) or 'none entered'}",
        *(f"  missing    {rule}" for rule in team.get("unmet_rules", ())),
    ]
    return "\n".join(lines) + "\n"
