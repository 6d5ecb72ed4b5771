"""Before quality control: each image of the exam becomes one series, by the criteria, by the drawn mask, or by a person.

The stages after it find one series per image in the exam's bundle. What is in the bundle decides: a run that finds nothing to
choose or to join changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from anonymization.choices import Choice, option_of
from anonymization.models import Review
from concours.formats.stored import CHUNK, Stored
from concours.inclusion import Judgement
from concours.study.candidates import ExamRequirements, FoundSeries
from concours.study.choosing import choose_series, files_of, pack_series
from core.erasure import erase_after_commit, keep_object
from core.storage import Blob, local_copy, put_file
from uploads.models import Exam, Instance, Series


@dataclass(frozen=True)
class InstanceFile:
    """One object of the bundle: its SOP instance UID, SHA-256 (hex) and size in bytes."""

    sop: str
    sha256: str
    size: int


@dataclass(frozen=True)
class WrittenBundle:
    """The bundle that was written again: its object and, by image and series, the instances in it."""

    blob: Blob
    files: Mapping[tuple[str, str], Sequence[InstanceFile]]


@dataclass(frozen=True)
class Settled:
    """What became of the exam's series: a new bundle, or images for a person to choose.

    `nearest` says that no series meets the criteria, and which one was judged in the end; `others` counts the series left out.
    """

    written: WrittenBundle | None = None
    choices: list[Choice] = field(default_factory=list)
    nearest: list[Judgement] = field(default_factory=list)
    others: int = 0


def settle_series(exam: Exam, requirements: ExamRequirements, work: Path, *, apart: bool = False) -> Settled:
    """Judges every series where an image has several, and writes the bundle again in `work`. Raises FormatError.

    With `apart`, the only series of an image is looked at too: it may hold several stacks.
    """
    with local_copy("exams", exam.bundle_key) as bundle:
        chosen = choose_series(
            bundle, requirements, work, picked_by=lambda candidates: _picked(exam, candidates), apart=apart
        )
        if chosen.open:
            return Settled(choices=[_choice(image, candidates) for image, candidates in chosen.open.items()])
        if chosen.taken is None:
            return Settled()
        return Settled(_write(exam, chosen.taken, work), nearest=list(chosen.nearest), others=chosen.others)


def _picked(exam: Exam, candidates: Sequence[FoundSeries]) -> dict[str, int] | None:
    """What a person chose for this exam, by image: the candidate's number; None where nobody did."""
    review = exam.reviews.filter(state=Review.State.CONFIRMED).exclude(chosen={}).order_by("-decided_at").first()
    if review is None:
        return None
    by_series = {uid: entry.candidate.number for entry in candidates for uid in entry.candidate.series}
    picked = {image: by_series[uids[0]] for image, uids in review.chosen.items() if uids[0] in by_series}
    return picked if len(picked) == len(review.chosen) else None


def _choice(image: str, candidates: Sequence[FoundSeries]) -> Choice:
    options = []
    for entry in candidates:
        assert entry.facts is not None
        points = [point for point in entry.candidate.judgements[image] if point.outcome == "review"]
        options.append(option_of(entry.candidate.number, entry.candidate.series, entry.facts, points, entry.cut))
    return Choice(image, options)


def _write(exam: Exam, taken: Mapping[str, FoundSeries], work: Path) -> WrittenBundle:
    """One stored zip of the series that were taken, the same bytes whenever it is made: `<image>/<series>/<sop>.dcm`."""
    path = work / "bundle.zip"
    files: dict[tuple[str, str], list[InstanceFile]] = {}
    pack_series(path, taken)
    for image, uid, file in files_of(taken):
        sop = PurePosixPath(file.name).stem
        files.setdefault((image, uid), []).append(InstanceFile(sop, _digest(file), file.size))
    return WrittenBundle(put_file("exams", f"exam-{exam.pk}", path, move=True), files)


def _digest(file: Stored) -> str:
    digest = hashlib.sha256()
    with file.open() as content:
        while piece := content.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()


def replace_bundle(exam: Exam, written: WrittenBundle) -> None:
    """Inside the last transaction: rows for the series that the exam has now. The former bundle is erased after the commit."""
    exam.series.all().delete()
    for (image, uid), files in written.files.items():
        series = Series.objects.create(exam=exam, series_uid=uid, role=image, instance_count=len(files))
        Instance.objects.bulk_create(
            Instance(series=series, sop_uid=file.sop, position=number, sha256=file.sha256, size=file.size)
            for number, file in enumerate(files)
        )
    if exam.bundle_key != written.blob.key:
        erase_after_commit([("exams", exam.bundle_key)])
    keep_object("exams", written.blob.key)
    exam.bundle_key, exam.bundle_sha256, exam.bundle_bytes = written.blob.key, written.blob.sha256, written.blob.size
    exam.save(update_fields=["bundle_key", "bundle_sha256", "bundle_bytes"])
