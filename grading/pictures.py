"""Pictures of an exam for a viewer: made once in a limited child, kept in a folder that may be emptied at any time."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_noop

from challenges.frame import spec_of
from challenges.spec import QuestionSpec
from core.errors import StepError
from core.storage import local_copy
from formats.child import Limits, run_limited
from formats.fault import FormatError
from uploads.models import Annotation, Exam

LIMITS = Limits(memory_bytes=3 << 30, cpu_seconds=300, wall_seconds=600.0)
KEPT_DAYS = 3
VERSION = 1  # of what a picture is; a new one makes old ones stale


class NoPictureError(StepError):
    reason = "no_picture"


@dataclass(frozen=True)
class Picture:
    """Raw files on this machine and what a viewer must know of them. `mask` is None where there is none that fits."""

    volume: Path
    mask: Path | None
    shape: tuple[int, ...]
    spacing: tuple[float, ...]
    window: tuple[float, float]
    orientation: str

    def headers(self) -> dict[str, str]:
        told = {
            "X-Shape": ",".join(map(str, self.shape)),
            "X-Spacing": ",".join(f"{step:.6g}" for step in self.spacing),
            "X-Window": ",".join(f"{value:.6g}" for value in self.window),
        }
        return {**told, "X-Orientation": self.orientation} if self.orientation else told


def mask_field(spec: QuestionSpec, image: str) -> str:
    """The mask that belongs to this image, or an empty name."""
    first = next(iter(spec.data.images), "")
    drawn = [name for name, field in spec.data.fields.items() if field.type == "mask" and (field.of or first) == image]
    return drawn[0] if drawn else ""


def picture_of(exam: Exam, image: str = "") -> Picture:
    """The picture of one image of the exam (by default the first that the question declares). Raises NoPictureError."""
    spec = spec_of(exam.question)
    name = image if image in spec.data.images else next(iter(spec.data.images), "")
    if not exam.bundle_key or not name or exam.state == Exam.State.WITHDRAWN:
        raise NoPictureError(gettext_noop("This exam has no picture to show."))
    drawn = exam.annotations.filter(field=mask_field(spec, name), is_chosen=True).exclude(blob_key="").first()
    mark = f"{VERSION} {exam.bundle_sha256} {drawn.sha256 if drawn else ''} {name}"
    place = _folder(exam) / hashlib.sha256(mark.encode()).hexdigest()[:32]
    if not (place / "said.json").exists():
        _make(exam, spec, name, drawn, place)
    return _kept(place)


def _folder(exam: Exam) -> Path:
    return pictures_root() / str(exam.pk)


def pictures_root() -> Path:
    root: Path = settings.DATA / "pictures"
    return root


def _kept(place: Path) -> Picture:
    said = json.loads((place / "said.json").read_text())
    os.utime(place)
    return Picture(
        volume=place / "volume",
        mask=place / "mask" if said["mask"] else None,
        shape=tuple(said["shape"]),
        spacing=tuple(said["spacing"]),
        window=(said["window"][0], said["window"][1]),
        orientation=said["orientation"],
    )


def _make(exam: Exam, spec: QuestionSpec, image: str, drawn: Annotation | None, place: Path) -> None:
    """Beside, then renamed: two readers at once make the same thing twice, and neither sees half of it."""
    with tempfile.TemporaryDirectory(prefix="concours-picture-") as name:
        folder, out = Path(name), Path(name) / "out"
        out.mkdir()
        paths = _unpack(exam, spec, image, folder)
        if not paths:
            raise NoPictureError(gettext_noop("This exam has no picture to show."))
        mask = None
        if drawn is not None:
            target = folder / f"mask.{drawn.blob_name}"
            with local_copy("exams", drawn.blob_key) as path:
                target.write_bytes(path.read_bytes())
            mask = {"path": str(target), "values": list(spec.data.fields[drawn.field].values)}
        try:
            said = run_limited("grading.picture:draw", paths, mask, str(out), limits=LIMITS, read=[folder], write=[out])
        except FormatError as error:
            raise NoPictureError(gettext_noop("The picture of this exam cannot be read.")) from error
        (out / "said.json").write_text(json.dumps(said))
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=place.parent))
        for file in out.iterdir():
            shutil.move(file, draft / file.name)
        try:
            draft.rename(place)
        except OSError:  # somebody else was first
            shutil.rmtree(draft)


def _unpack(exam: Exam, spec: QuestionSpec, image: str, folder: Path) -> list[str]:
    """Files of this image in the exam's bundle; what no folder placed belongs to the first image."""
    images = list(spec.data.images)
    paths = []
    with local_copy("exams", exam.bundle_key) as path, zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            owner = member.split("/")[0]
            if (owner if owner in images else images[0]) == image:
                paths.append(archive.extract(member, folder / "dicom"))
    return paths


def forget_exam(exam_id: str) -> None:
    """The exam was withdrawn: its pictures go with it."""
    shutil.rmtree(pictures_root() / exam_id, ignore_errors=True)


def sweep_pictures() -> int:
    """Pictures that nobody asked for in days leave the disk; they are made again when somebody does."""
    eldest, count = time.time() - KEPT_DAYS * 86400, 0
    root = pictures_root()
    for place in root.glob("*/*") if root.exists() else ():
        if place.stat().st_mtime < eldest:
            shutil.rmtree(place, ignore_errors=True)
            count += 1
    return count
