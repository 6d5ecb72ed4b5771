"""The pictures a person looks at in a review: each file that is in question, as PNG, with the boxes the engine drew."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from anonymization.choices import Choice, Option
from anonymization.models import Review
from anonymization.points import points_from
from concours.formats.child import ChildLimits
from concours.formats.fault import FormatError
from concours.formats.json import Json, JsonObject
from core.for_page import run_for_page
from core.storage import local_copy
from core.temporary import lease_folder
from uploads.models import Exam

LIMITS = ChildLimits(memory_bytes=2 << 30, cpu_seconds=60, wall_seconds=45.0)
MOST = 12  # pictures on a page; more than that is looked at in the exam's own viewer
SIDE = 1024  # pixels of the longer side of a picture


@dataclass(frozen=True)
class ReviewFrame:
    """One frame of one file, with boxes as fractions of its width and height, so that they lie right at any size.

    `is_drawn` is False for an object without an image, such as an ECG.
    """

    number: int
    file: str
    frame: int
    boxes: list[JsonObject] = field(default_factory=list)
    is_drawn: bool = True


def looks_of(review: Review, members: Sequence[str]) -> list[ReviewFrame]:
    """The frames to look at: those with boxes, then files that a point names; the exam's middle slice where none is named.

    Where a series is to be chosen, the middle slice of each series, in the order of `options_of`.
    """
    if review.choices:
        return [ReviewFrame(number, option.file, option.frame) for number, option in enumerate(options_of(review))]
    boxes_by_frame: dict[tuple[str, int], list[JsonObject]] = {}
    for box in review.boxes:
        boxes_by_frame.setdefault((str(box["file"]), int(box.get("frame", 0))), []).append(box)
    without_image: set[str] = set()
    for point in points_from(review.points):
        where = point.file or point.where
        named = next((file for file in map(plain, members) if file in where or PurePosixPath(file).name == where), None)
        if named is not None and not any(file == named for file, _frame in boxes_by_frame):
            boxes_by_frame[named, 0] = []
        if named is not None and point.reason == "unsupported_object":
            without_image.add(named)
    if not boxes_by_frame and members:
        boxes_by_frame[plain(sorted(members)[len(members) // 2]), 0] = []
    return [
        ReviewFrame(number, file, frame, boxes, is_drawn=file not in without_image)
        for number, ((file, frame), boxes) in enumerate(list(boxes_by_frame.items())[:MOST])
    ]


def options_of(review: Review) -> list[Option]:
    """The series to choose among, each once: one series may be an option for several images."""
    options = {option.number: option for choice in choices_of(review) for option in choice.options}
    return [options[number] for number in sorted(options)]


def choices_of(review: Review) -> list[Choice]:
    return [Choice.from_json(choice) for choice in review.choices]


def plain(member: str) -> str:
    """`<series>/<sop>` of a bundle's member `<image>/<series>/<sop>.dcm`."""
    return "/".join(member.removesuffix(".dcm").split("/")[-2:])


def members_of(review: Review) -> list[str]:
    """Names of the exam's files; none where its bundle is gone."""
    if not review.exam.bundle_key or review.exam.state == Exam.State.WITHDRAWN:
        return []
    with local_copy("exams", review.exam.bundle_key) as path, zipfile.ZipFile(path) as archive:
        return archive.namelist()


def picture(review: Review, look: ReviewFrame) -> bytes | None:
    """The frame as PNG with its boxes; None where it cannot be drawn."""
    return draw_frame(review.exam, look.file, look.frame, look.boxes)


def draw_frame(exam: Exam, file: str, frame: int, boxes: Sequence[Mapping[str, Json]] = ()) -> bytes | None:
    """One frame of the exam's file `<series>/<sop>` as PNG, drawn in a limited child; None where it cannot be drawn.

    Raises UnavailableError.
    """
    with lease_folder("look") as folder:
        with local_copy("exams", exam.bundle_key) as path, zipfile.ZipFile(path) as archive:
            member = next((name for name in archive.namelist() if plain(name) == file), None)
            if member is None:
                return None
            (folder / "file.dcm").write_bytes(archive.read(member))
        corners = [{"columns": box.get("columns", [0, 0]), "rows": box.get("rows", [0, 0])} for box in boxes]
        try:
            drawn: bytes = run_for_page(
                "anonymization.drawing:draw",
                str(folder / "file.dcm"),
                frame,
                corners,
                SIDE,
                limits=LIMITS,
                read=[folder],
            )
        except FormatError:
            return None
    return drawn
