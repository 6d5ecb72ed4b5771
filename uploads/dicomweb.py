"""De-identified exams as DICOMweb sees them: which instances an address names, for those who may see the exam."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.db.models import QuerySet

from challenges.models import Question
from concours.formats.child import ChildLimits, run_limited
from concours.formats.json import JsonObject
from concours.formats.stored import Stored, members
from core.actors import Reader
from core.storage import local_copy
from uploads.models import Exam

LIMITS = ChildLimits(memory_bytes=2 << 30, cpu_seconds=120)
STUDY = ("StudyInstanceUID", "StudyDate", "StudyTime", "StudyDescription", "PatientID", "PatientName", "PatientSex")
SERIES = (*STUDY, "SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription")
INSTANCE = (
    *(*SERIES, "SOPClassUID", "SOPInstanceUID", "InstanceNumber"),
    *("Rows", "Columns", "BitsAllocated", "NumberOfFrames"),
)


@dataclass(frozen=True)
class FoundInstance:
    """One instance where it lies in its exam's bundle."""

    series: str
    instance: str
    place: Stored


def exams_shown(reader: Reader, challenge: str, question: str) -> QuerySet[Exam]:
    """The included exams of a question that the reader may see: of the own centre, or of the organised challenge."""
    questions = Question.objects.visible_to(reader).filter(challenge__slug=challenge, slug=question)
    exams = Exam.objects.visible_to(reader).included().filter(question__in=questions)
    return exams.exclude(study_uid="").order_by("received_at", "pk")


def instances_of(exam: Exam, held: ExitStack, series: str = "", instance: str = "") -> list[FoundInstance]:
    """The exam's instances, of one series or a single one where named; the bundle stays while `held` is open."""
    bundle = held.enter_context(local_copy("exams", exam.bundle_key))
    listed = []
    for place in members(bundle):
        path = PurePosixPath(place.name)
        own = FoundInstance(path.parent.name, path.stem, place)
        if series in ("", own.series) and instance in ("", own.instance):
            listed.append(own)
    return listed


def metadata_of(instances: Sequence[FoundInstance], keywords: Collection[str] = ()) -> list[JsonObject]:
    """The DICOM JSON model of each instance, read in a limited child. Raises FormatError."""
    if not instances:
        return []
    documents: list[JsonObject] = run_limited(
        "concours.study.dicomweb:read_metadata",
        [entry.place.to_json() for entry in instances],
        list(keywords),
        limits=LIMITS,
        read=sorted({entry.place.path for entry in instances}),
    )
    return documents


def frames_of_instance(place: Stored, numbers: Sequence[int]) -> tuple[str, list[bytes]]:
    """The transfer syntax and the bytes of frames. Raises FormatError."""
    answer = run_limited(
        "concours.study.dicomweb:read_frames", place.to_json(), list(numbers), limits=LIMITS, read=[place.path]
    )
    return str(answer["syntax"]), [bytes(frame) for frame in answer["frames"]]


def rendered(place: Stored, number: int, form: str) -> bytes:
    """A frame as a picture. Raises FormatError."""
    return bytes(
        run_limited("concours.study.dicomweb:render", place.to_json(), number, form, limits=LIMITS, read=[place.path])
    )
