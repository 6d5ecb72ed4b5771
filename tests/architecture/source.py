"""The source as the architecture tests read it: every module of every app, parsed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# From the top of the house to its ground: an app imports, and points at, only what stands below it.
APPS = ("pages", "leaderboard", "scoring", "batches", "grading", "anonymization", "uploads", "challenges", "core")


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def modules(*folders: str) -> Iterator[Path]:
    """Every Python file below the folders, migrations left out."""
    for folder in folders or (*APPS, "config", "concours", "demo", "replay"):
        yield from (path for path in sorted((ROOT / folder).rglob("*.py")) if "migrations" not in path.parts)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported_packages(*folders: str) -> set[str]:
    """The first names of everything that these folders import, inside functions too."""
    names = set()
    for path in modules(*folders):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    return names
