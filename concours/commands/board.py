"""Print the board of a question as you may see it."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from typing import Any, TextIO

from concours.commands.session import aligned, question_name, site_session


def add_arguments(parser: ArgumentParser) -> None:
    """Which board, and how it is printed."""
    parser.add_argument("question", type=question_name, metavar="CHALLENGE/QUESTION")
    parser.add_argument("--phase", default="", help="default: the newest ranking")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print the API's own answer")


def run(arguments: Namespace, out: TextIO, err: TextIO) -> int:
    """Exit 0, 2 wrong call, 5 refused, 6 not reachable."""
    with site_session() as site:
        query = {"phase": arguments.phase} if arguments.phase else {}
        board = site.get(f"boards/{arguments.question}/", **query)
    if arguments.as_json:
        out.write(json.dumps(board, ensure_ascii=False) + "\n")
    elif not board["lines"]:
        out.write("No ranking of this question is published yet.\n")
    else:
        out.write(_table(board))
    return 0


def _table(board: dict[str, Any]) -> str:
    names = [column["name"] for column in board["columns"]]
    rows = [["place", "team", *(str(column["title"]) for column in board["columns"]), "total"]]
    for line in board["lines"]:
        place = line["status"] if line["place"] is None else str(line["place"])
        scores = [_cell(line["scores"].get(name)) for name in names]
        rows.append([place, line["team"], *scores, _cell(line["total"])])
    return f"{board['title']}, phase {board['phase']}\n" + aligned(rows)


def _cell(value: Any) -> str:
    return "" if value is None else str(value)
