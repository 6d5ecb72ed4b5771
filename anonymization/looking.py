"""The pictures a person looks at in a review: each file that is in question, as PNG, with the boxes the engine drew."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anonymization.models import Review
from core.storage import local_copy
from formats.child import Limits, run_limited
from formats.fault import FormatError
from uploads.models import Exam

LIMITS = Limits(memory_bytes=2 << 30, cpu_seconds=60, wall_seconds=120.0)
MOST = 12  # pictures on a page; more than that is looked at in the exam's own viewer
SIDE = 1024  # pixels of the longer side of a picture


@dataclass(frozen=True)
class Look:
    """One frame of one file, with boxes as fractions of its width and height, so that they lie right at any size."""

    number: int
    file: str
    frame: int
    boxes: list[dict[str, Any]] = field(default_factory=list)


def looks_of(review: Review, members: Sequence[str]) -> list[Look]:
    """The frames to look at: those with boxes, then files that a point names; the exam's middle slice where none is named."""
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for box in review.boxes:
        found.setdefault((str(box["file"]), int(box.get("frame", 0))), []).append(box)
    for point in review.points:
        where = str(point.get("where", ""))
        named = next((file for file in map(plain, members) if file in where), None)
        if named is not None and not any(file == named for file, _frame in found):
            found[named, 0] = []
    if not found and members:
        found[plain(sorted(members)[len(members) // 2]), 0] = []
    return [
        Look(number, file, frame, boxes) for number, ((file, frame), boxes) in enumerate(list(found.items())[:MOST])
    ]


def plain(member: str) -> str:
    """`<series>/<sop>` of a bundle's member `<image>/<series>/<sop>.dcm`."""
    return "/".join(member.removesuffix(".dcm").split("/")[-2:])


def members_of(review: Review) -> list[str]:
    """Names of the exam's files; none where its bundle is gone."""
    if not review.exam.bundle_key or review.exam.state == Exam.State.WITHDRAWN:
        return []
    with local_copy("exams", review.exam.bundle_key) as path, zipfile.ZipFile(path) as archive:
        return archive.namelist()


def picture(review: Review, look: Look) -> bytes | None:
    """The frame as PNG with its boxes, drawn in a limited child; None where it cannot be read."""
    with tempfile.TemporaryDirectory(prefix="concours-look-") as name:
        folder = Path(name)
        with local_copy("exams", review.exam.bundle_key) as path, zipfile.ZipFile(path) as archive:
            member = next((one for one in archive.namelist() if plain(one) == look.file), None)
            if member is None:
                return None
            (folder / "file.dcm").write_bytes(archive.read(member))
        boxes: list[Mapping[str, Any]] = [
            {"columns": box.get("columns", [0, 0]), "rows": box.get("rows", [0, 0])} for box in look.boxes
        ]
        try:
            drawn: bytes = run_limited(
                "anonymization.drawing:draw",
                str(folder / "file.dcm"),
                look.frame,
                boxes,
                SIDE,
                limits=LIMITS,
                read=[folder],
            )
        except FormatError:
            return None
    return drawn
