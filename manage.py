#!/usr/bin/env python
"""Concours' command line: `manage.py help` lists what it does."""

import os
import sys

from concours.commands.main import COMMANDS, call

ALIASES = {name.replace("-", "_"): name for name in COMMANDS if name not in {"check", "question"}} | {
    "check_upload": "check"
}
"""Commands of the library under their names here. They need neither settings nor an application loaded, which is half of their
memory and most of their start. `check` is Django's own; `load_question` does more than the library's `question`.
"""


FLAGS = ("--no-color", "--force-color", "--traceback", "--skip-checks")
SETTERS = ("--settings", "--pythonpath", "-v", "--verbosity")


def without_djangos(words: list[str]) -> list[str]:
    """The words of an alias without the options that every command of Django takes: here they change nothing."""
    kept, rest = [], iter(words)
    for word in rest:
        if word in SETTERS:
            next(rest, None)
        elif word not in FLAGS and not word.startswith(("--settings=", "--pythonpath=", "--verbosity=")):
            kept.append(word)
    return kept


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.embedded")
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command in ALIASES:
        sys.exit(call(ALIASES[command], without_djangos(sys.argv[2:]), f"manage.py {command}"))
    if command == "replay":  # HTTP only: it starts a site of its own, and needs no settings of this one
        from replay.__main__ import main as replay

        sys.exit(replay(sys.argv[2:]))
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
