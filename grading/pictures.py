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
from django.utils.text import capfirst
from django.utils.translation import gettext_noop

from anonymization.images import geometries_of
from challenges.frame import spec_of
from concours.formats.child import ChildLimits
from concours.formats.fault import FormatError
from concours.questions.schema import QuestionSpec
from core.errors import StepError
from core.for_page import run_for_page
from core.storage import local_copy
from core.temporary import lease_folder
from grading.picture import PictureFacts
from uploads.models import Annotation, Exam

LIMITS = ChildLimits(memory_bytes=3 << 30, cpu_seconds=300, wall_seconds=90.0)
KEPT_DAYS = 3
FACTS = "facts.json"
VERSION = 3  # of what a picture is; a new one makes old ones stale


class NoPictureError(StepError):
    reason = "no_picture"


@dataclass(frozen=True)
class ViewerPicture:
    """Raw files on this machine and what a viewer must know of them. `mask` is None where there is none that fits."""

    volume: Path
    mask: Path | None
    facts: PictureFacts

    def headers(self) -> dict[str, str]:
        facts = self.facts
        headers = {
            "X-Shape": ",".join(map(str, facts.shape)),
            "X-Spacing": ",".join(f"{step:.6g}" for step in facts.spacing),
            "X-Window": ",".join(f"{value:.6g}" for value in facts.window),
            "X-Orientation": facts.orientation,
            "X-Units": facts.units if facts.units.isascii() and facts.units.isprintable() else "",
            "X-Inverted": "1" if facts.inverted else "",
        }
        return {name: value for name, value in headers.items() if value}

    def require_mask(self) -> Path | None:
        """The mask's file; None where the exam has no mask. Raises NoPictureError where it has one that cannot be drawn."""
        if self.facts.mask_fault:
            raise NoPictureError(
                gettext_noop("The segmentation of this exam cannot be drawn on its image. Ask the organisers.")
            )
        return self.mask


@dataclass(frozen=True)
class ViewedImage:
    """An image of an exam as the viewer is given it; `mask` is empty where the image has none."""

    name: str
    label: str
    volume: str
    mask: str
    modality: str


def viewed_images(spec: QuestionSpec, language: str, *, volume: str, mask: str) -> list[ViewedImage]:
    """Every image of the question. `volume` and `mask` are the addresses that give one image by its name."""
    return [
        ViewedImage(
            name=image.name,
            label=capfirst(image.title.says(language)),
            volume=f"{volume}?image={image.name}",
            mask=f"{mask}?image={image.name}" if mask_field(spec, image.name) else "",
            modality=image.modality[0] if len(image.modality) == 1 else "",
        )
        for image in spec.data.images.values()
    ]


def mask_field(spec: QuestionSpec, image: str) -> str:
    """The mask that belongs to this image, or an empty name."""
    first = next(iter(spec.data.images), "")
    drawn = [name for name, field in spec.data.fields.items() if field.type == "mask" and (field.of or first) == image]
    return drawn[0] if drawn else ""


def picture_of(exam: Exam, image: str = "") -> ViewerPicture:
    """The picture of one image of the exam, by default the first of the question. Raises NoPictureError, UnavailableError."""
    spec = spec_of(exam.question)
    name = image if image in spec.data.images else next(iter(spec.data.images), "")
    if not exam.bundle_key or not name or exam.state == Exam.State.WITHDRAWN:
        raise NoPictureError(gettext_noop("This exam has no image to show."))
    drawn = exam.annotations.filter(field=mask_field(spec, name), is_chosen=True).exclude(blob_key="").first()
    mark = f"{VERSION} {exam.bundle_sha256} {drawn.sha256 if drawn else ''} {name}"
    place = _folder(exam) / hashlib.sha256(mark.encode()).hexdigest()[:32]
    if not (place / FACTS).exists():
        _make(exam, spec, name, drawn, place)
    return _kept(place)


def _folder(exam: Exam) -> Path:
    return pictures_root() / str(exam.pk)


def pictures_root() -> Path:
    root: Path = settings.DATA / "pictures"
    return root


def _kept(place: Path) -> ViewerPicture:
    facts = PictureFacts.from_json(json.loads((place / FACTS).read_text()))
    os.utime(place)
    return ViewerPicture(place / "volume", place / "mask" if facts.has_mask else None, facts)


def _make(exam: Exam, spec: QuestionSpec, image: str, drawn: Annotation | None, place: Path) -> None:
    """Beside, then renamed: two readers at once make the same thing twice, and neither sees half of it."""
    with lease_folder("picture") as folder:
        out = folder / "out"
        out.mkdir()
        paths = _unpack(exam, spec, image, folder)
        if not paths:
            raise NoPictureError(gettext_noop("This exam has no image to show."))
        mask = None
        if drawn is not None:
            target = folder / f"mask.{drawn.blob_name}"
            with local_copy("exams", drawn.blob_key) as path:
                target.write_bytes(path.read_bytes())
            mask = {"path": str(target), "values": list(spec.data.fields[drawn.field].values)}
        try:
            facts = run_for_page(
                "grading.picture:draw",
                paths,
                geometries_of(exam).get(image),
                mask,
                str(out),
                limits=LIMITS,
                read=[folder],
                write=[out],
            )
        except FormatError as error:
            raise NoPictureError(gettext_noop("The image of this exam cannot be read.")) from error
        (out / FACTS).write_text(json.dumps(facts))
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
