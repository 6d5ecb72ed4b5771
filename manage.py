#!/usr/bin/env python
"""Concours' command line: `manage.py help` lists what it does."""

import os
import sys
from importlib import import_module

PLAIN = {
    **dict.fromkeys(("deidentify", "export_mapping", "find_identifiers"), "anonymization"),
    **dict.fromkeys(("score", "metric", "rank"), "scoring"),
    "check_upload": "core",
}
"""Commands of plain engines: they need neither settings nor an application loaded, which is half of their memory and most of
their start.
"""


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.embedded")
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command in PLAIN:
        from django.conf import settings

        settings.configure()  # else Django would read the site's at the end of a command, to close its connections
        import_module(f"{PLAIN[command]}.management.commands.{command}").Command().run_from_argv(sys.argv)
        return
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
