"""`make test`: runs the whole suite and says last what was left out and why. In CI nothing may be left out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.presence import ABSENT_WORDS, absences

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    missing = absences()
    marks = " and ".join(f"not {kind}" for kind in missing)
    workers = os.environ.get("CONCOURS_TEST_WORKERS", str(min(4, os.cpu_count() or 1)))
    command = [sys.executable, "-m", "pytest", "-n", workers, "--dist", "loadscope", "-q", *sys.argv[1:]]
    if marks:
        command += ["-m", marks]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    for kind, why in missing.items():
        print(f"left out: tests marked {kind!r}: {why} {ABSENT_WORDS[kind]}")
    if missing and os.environ.get("CI"):
        print("In CI no kind of test may be left out.")
        return code or 1
    if not missing:
        print("nothing was left out")
    return code


if __name__ == "__main__":
    sys.exit(main())
