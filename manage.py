#!/usr/bin/env python
"""Concours' command line: `manage.py help` lists what it does."""

import os
import sys
from importlib import import_module

PLAIN = ("deidentify", "export_mapping", "find_identifiers")
"""Commands of plain engines: they need no application loaded, which is half of their memory and most of their start."""


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.embedded")
    if sys.argv[1:2] and sys.argv[1] in PLAIN:
        import_module(f"anonymization.management.commands.{sys.argv[1]}").Command().run_from_argv(sys.argv)
        return
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
