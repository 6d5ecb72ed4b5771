#!/usr/bin/env python3
"""`make release VERSION=1.2.0`: sets the version, dates the unreleased lines of the changelog, commits and tags.

Nothing is pushed. The notes are printed and are the tag's message; `git show v1.2.0` shows them.
"""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VERSION_FILE, CHANGELOG = ROOT / "concours/__init__.py", ROOT / "CHANGELOG.md"
VERSION_LINE = re.compile(r'^__version__ = "([^"]*)"$', re.MULTILINE)
HEADING = "## Unreleased\n"


def main(arguments: list[str]) -> int:
    version = arguments[0] if len(arguments) == 1 else ""
    try:
        notes = release(version)
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Concours {version}\n\n{notes}\n\nPublish it: git push --follow-tags, then `python -m hatchling build`.")
    return 0


class ReleaseError(Exception):
    """Why no release was made; nothing was changed."""


def release(version: str) -> str:
    """Makes the release and returns its notes. Raises ReleaseError before anything is changed."""
    code, changes = VERSION_FILE.read_text(encoding="utf-8"), CHANGELOG.read_text(encoding="utf-8")
    current = VERSION_LINE.search(code)
    if current is None or HEADING not in changes:
        raise ReleaseError("concours/__init__.py needs its __version__, CHANGELOG.md its heading 'Unreleased'.")
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise ReleaseError("Name the version as three numbers: make release VERSION=1.2.0")
    if _numbers(version) < _numbers(current[1]) or _git("tag", "--list", f"v{version}"):
        raise ReleaseError(f"{version} is not newer than {current[1]}.")
    if _git("status", "--porcelain"):
        raise ReleaseError("There are uncommitted changes. Commit or remove them first.")
    before, _, rest = changes.partition(HEADING)
    notes, mark, older = rest.partition("\n## ")
    if not notes.strip():
        raise ReleaseError("CHANGELOG.md has no line under 'Unreleased'; there is nothing to release.")
    today = datetime.now(UTC).date().isoformat()
    released = f"{before}{HEADING}\n## {version} ({today})\n{notes.rstrip()}\n{mark}{older}"
    CHANGELOG.write_text(released, encoding="utf-8")
    VERSION_FILE.write_text(VERSION_LINE.sub(f'__version__ = "{version}"', code), encoding="utf-8")
    _git("commit", "--quiet", "--all", "--message", f"Release {version}")
    _git(
        "tag", "--annotate", "--cleanup=verbatim", "--message", f"Concours {version}\n\n{notes.strip()}", f"v{version}"
    )
    return notes.strip()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
