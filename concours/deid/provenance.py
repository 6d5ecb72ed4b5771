"""What de-identified a file, version of the engine and profile: it can be told afterwards what removed the identifiers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from concours import __version__
from concours.deid.rules import DEFAULT, load_profile

OUTSIDE = ("pydicom", "rapidocr")
"""Packages whose version decides what the engine removes: the parser of difficult files and the reader of text in pixels."""


@cache
def engine_version() -> str:
    """The release and a hash over every file of the engine, its tables and word lists, and the packages it rests on."""
    return f"{__version__}+{hash_of_folder(Path(__file__).parent, (f'{name} {_installed(name)}' for name in OUTSIDE))[:24]}"


def profile_sha256(options: frozenset[str] = frozenset(DEFAULT), keep: Iterable[str] = ()) -> str:
    """A hash over the rule of every tag under these options and this keep list. Raises KeepError and ProfileError."""
    profile = load_profile(options, tuple(sorted(keep)))
    document = {
        "rules": {f"{tag:08X}": rule.name for tag, rule in profile.rules.items()},
        "fallback": {f"{tag:08X}": rule.name for tag, rule in profile.fallback.items()},
        "private": sorted(map(str, profile.safe_private.items())),
    }
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def hash_of_folder(folder: Path, more: Iterable[str] = ()) -> str:
    """SHA-256 over the names and bytes of a folder's files, whatever compiled files lie among them, and over further words."""
    total = hashlib.sha256("\n".join(more).encode())
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            total.update(path.relative_to(folder).as_posix().encode() + b"\0")
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"
