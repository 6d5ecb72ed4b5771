"""The software bill of materials of a site, from the lock file: CycloneDX 1.6 as JSON, the same bytes for the same lock."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)")
DIGEST = re.compile(r"--hash=sha256:(?P<hash>[0-9a-f]{64})")


def components(lock: str) -> list[dict[str, Any]]:
    """Every pinned package with the digests of the files that may be installed."""
    rows: list[dict[str, Any]] = []
    for line in lock.splitlines():
        if pinned := PINNED.match(line):
            name, version = pinned["name"].lower(), pinned["version"]
            purl = f"pkg:pypi/{name}@{version}"
            rows.append(
                {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl, "hashes": []}
            )
        if digest := DIGEST.search(line):
            rows[-1]["hashes"].append({"alg": "SHA-256", "content": digest["hash"]})
    return rows


def bill(lock: str, version: str) -> dict[str, Any]:
    """The document, without a moment or a serial number: both would differ each time."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "concours", "version": version}},
        "components": components(lock),
    }


def main() -> int:
    version = re.search(r'^version = "([^"]+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    json.dump(bill(lock, version[1] if version else "0"), sys.stdout, indent=1)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
