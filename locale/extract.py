"""Collects every word for people into the French catalogue and compiles it: templates, code, and plain packages' gettext_noop.

Run: .venv/bin/python locale/extract.py (needs GNU gettext: the package `gettext` of the system).
"""

import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.core.management.commands import makemessages

sys.path.insert(0, str(Path(__file__).resolve().parent))
from check import CATALOGUE, ROOT, compile_catalogue

# Nothing in these speaks to people who use the site.
LEFT_OUT = [
    "tests/*",
    "frontend/*",
    "static/*",
    "var/*",
    "docs/*",
    "benchmarks/*",
    "demo/*",
    "locale/*.py",
    "*/migrations/*",
    ".venv*",
]


class Command(makemessages.Command):
    """Django's own, which also collects the detail of a refusal, so that the engine needs no word of Django."""

    xgettext_options = [
        *makemessages.Command.xgettext_options,
        "--keyword=FileRefusedError:2",
        "--keyword=plural_noop:1,2",
    ]


def extract() -> None:
    """Rewrites the catalogue: new words empty, changed ones fuzzy, gone ones removed. check.py then says what is to do."""
    os.chdir(ROOT)
    settings.configure(
        USE_I18N=True, LOCALE_PATHS=[str(CATALOGUE.parents[2])], LANGUAGES=[("en", "English"), ("fr", "French")]
    )
    django.setup()
    call_command(
        Command(),
        locale=["fr"],
        ignore_patterns=LEFT_OUT,
        extensions=["html", "txt", "py"],
        no_obsolete=True,
        add_location="file",
        no_wrap=True,
        verbosity=1,
    )
    _drop_dates()
    compile_catalogue()


def _drop_dates() -> None:
    """Takes out the date of the run: the same words give the same file."""
    lines = CATALOGUE.read_text(encoding="utf-8").splitlines(keepends=True)
    CATALOGUE.write_text("".join(line for line in lines if not line.startswith('"POT-Creation-Date')), encoding="utf-8")


if __name__ == "__main__":
    extract()
