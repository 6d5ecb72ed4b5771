"""Is every message of the sources in the French catalogue? Extracts into the catalogue, compares, and puts it back.

Run: .venv/bin/python locale/complete.py (needs GNU gettext, as extract.py does).
"""

import shutil
import subprocess
import sys

import polib
from check import CATALOGUE, ROOT


def messages() -> set[tuple[str | None, str]]:
    """Context and text of every message in use."""
    return {(entry.msgctxt, entry.msgid) for entry in polib.pofile(str(CATALOGUE)) if not entry.obsolete}


def main() -> int:
    if shutil.which("xgettext") is None:
        print("messages … left out: GNU gettext is not installed")  # noqa: T201
        return 0
    compiled = CATALOGUE.with_suffix(".mo")
    originals = {path: path.read_bytes() for path in (CATALOGUE, compiled) if path.is_file()}
    before = messages()
    try:
        command = [sys.executable, str(ROOT / "locale" / "extract.py")]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own script
        after = messages()
    finally:
        for path, content in originals.items():
            path.write_bytes(content)
    for _, text in sorted(after - before, key=str):
        print(f"not in the catalogue: {text[:90]!r}")  # noqa: T201
    for _, text in sorted(before - after, key=str):
        print(f"no longer used: {text[:90]!r}")  # noqa: T201
    if after != before:
        print("Run .venv/bin/python locale/extract.py, then translate.")  # noqa: T201
    return 0 if after == before else 1


if __name__ == "__main__":
    sys.exit(main())
