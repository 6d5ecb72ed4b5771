"""Chooses the cleaner by a file's content and gives the file a name of our own."""

import hmac
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from concours.deid.other_files.nifti import clean_nifti
from concours.deid.other_files.nrrd import clean_nrrd
from concours.deid.other_files.png import clean_png
from concours.deid.other_files.report import clean_report
from concours.formats.stored import Stored, whole

HEAD = 352


@dataclass(frozen=True)
class Cleaned:
    """One cleaned file: its new name and what was removed, by place and never by value. `refused` is a reason code, or ""."""

    name: str
    actions: dict[str, str]
    refused: str = ""


def clean_file(
    source: Path | Stored, folder: Path, key: bytes, *, identifiers: Iterable[str] = (), called: str = ""
) -> Cleaned:
    """Write a cleaned copy of `source` into `folder` under a name that says nothing, or the name `called` with its ending.

    The kind is read from the content, never from the name. `known` are identifiers to remove from reports. An unknown kind
    is refused with "wrong_format" and a damaged one with "unreadable_file"; then nothing is written.
    """
    place = source if isinstance(source, Stored) else whole(source)
    with place.open() as stream:
        head = stream.read(HEAD)
    cleaner, suffix = _cleaner(head, place.name, tuple(identifiers))
    if cleaner is None:
        return Cleaned("", {}, "wrong_format")
    name = f"{called}{suffix}" if called else clean_name(place, key, suffix)
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{name}.part"
    try:
        with place.open() as reading, unfinished.open("wb") as writing:
            actions = cleaner(reading, writing)
    except (ValueError, EOFError, OSError):
        unfinished.unlink(missing_ok=True)
        return Cleaned("", {}, "unreadable_file")
    os.replace(unfinished, folder / name)
    return Cleaned(name, actions | {"file name": "replaced"})


def clean_name(source: Stored, key: bytes, suffix: str) -> str:
    """A name of 26 hexadecimal signs from HMAC-SHA-256 of the file's content: the same file gets the same name, and nobody
    can guess it.
    """
    mac = hmac.new(key, b"other file", "sha256")
    with source.open() as stream:
        while block := stream.read(1 << 20):
            mac.update(block)
    return mac.hexdigest()[:26] + suffix


Cleaner = Callable[[BinaryIO, BinaryIO], dict[str, str]]


def _cleaner(head: bytes, name: str, identifiers: tuple[str, ...]) -> tuple[Cleaner | None, str]:
    if head[:2] == b"\x1f\x8b" and name.lower().endswith((".nii.gz", ".img.gz")):
        return clean_nifti, ".nii.gz"
    if head[:4] in (b"\x5c\x01\x00\x00", b"\x00\x00\x01\x5c", b"\x1c\x02\x00\x00", b"\x00\x00\x02\x1c"):
        return clean_nifti, ".nii"
    if head[:4] == b"NRRD":
        return clean_nrrd, ".nrrd"
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return clean_png, ".png"
    suffix = Path(name).suffix.lower()
    if suffix in (".txt", ".csv", ".tsv", ".json", ".md") and b"\x00" not in head:
        return (lambda reading, writing: clean_report(reading, writing, identifiers)), suffix
    return None, ""
