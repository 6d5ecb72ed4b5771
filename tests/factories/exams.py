"""Kept exams with real bundles and annotations, as if they had come through intake, and batches made of them."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from django.utils.text import slugify
from numpy.typing import NDArray
from PIL import Image
from pydicom.uid import CTImageStorage, MRImageStorage

from batches.models import Batch
from batches.split import draft_split, freeze_split
from challenges.models import Centre, Question
from concours.formats.stored import ZIP_MOMENT
from core.claims import claim_next
from core.erasure import sweep_erasures
from core.models import Work
from core.performing import carry_out
from core.storage import put_bytes
from tests.concours.formats.builders import dicom_bytes, dicom_dataset
from tests.factories.people import person
from uploads.models import Annotation, Exam, Patient


def centre(of: Question, name: str = "Hôpital Nord") -> Centre:
    row, _ = Centre.objects.get_or_create(challenge=of.challenge, slug=slugify(name), defaults={"name": name})
    return row


def kept_exam(
    of: Question,
    images: Mapping[str, Sequence[NDArray[Any]]],
    annotations: Mapping[str, Any],
    *,
    at: Centre | None = None,
    patient: str = "",
    state: str = Exam.State.KEPT,
) -> Exam:
    """An exam with a bundle of one DICOM file a slice. Mask arrays become PNG (2D) in the store; all else is a value."""
    home = at or centre(of)
    number = Exam.objects.filter(question=of, centre=home).count() + 1
    pseudonym = hashlib.sha256((patient or f"{of.pk} {home.pk} {number}").encode()).hexdigest()
    person_row, _ = Patient.objects.get_or_create(challenge=of.challenge, pseudonym=pseudonym)
    exam = Exam(question=of, centre=home, patient=person_row, uploaded_by=person("Carla Centre"), number=number)
    blob = put_bytes("exams", f"exam-{exam.pk}", bundle(images))
    exam.bundle_key, exam.bundle_sha256, exam.bundle_bytes, exam.state = blob.key, blob.sha256, blob.size, state
    exam.save(force_insert=True)
    for name, value in annotations.items():
        annotate(exam, name, value)
    return exam


def annotate(exam: Exam, field: str, value: Any) -> Annotation:
    if isinstance(value, np.ndarray):
        content = png(value)
        blob = put_bytes("exams", f"exam-{exam.pk}", content)
        return Annotation.objects.create(
            exam=exam, field=field, blob_key=blob.key, blob_name="png", sha256=blob.sha256, author=exam.uploaded_by
        )
    return Annotation.objects.create(exam=exam, field=field, value=value, author=exam.uploaded_by)


def png(array: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(array.astype(np.uint8)).save(file, format="PNG")
    return file.getvalue()


def bundle(images: Mapping[str, Sequence[NDArray[Any]]]) -> bytes:
    """`<image>/<series>/<sop>.dcm`, as de-identification stores them."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for series, (image, slices) in enumerate(images.items()):
            for number, pixels in enumerate(slices):
                kind = CTImageStorage if pixels.dtype == np.uint16 else MRImageStorage
                dataset = dicom_dataset(pixels, sop_class=kind, k=number)
                dataset.file_meta.MediaStorageSOPClassUID = kind
                name = f"{image}/1.2.3.{series}/1.2.3.{series}.{number}.dcm"
                archive.writestr(zipfile.ZipInfo(name, ZIP_MOMENT), dicom_bytes(dataset))
    return file.getvalue()


def square(side: int, grid: int = 12) -> NDArray[np.uint8]:
    """A square of ones in a corner."""
    mask = np.zeros((grid, grid), np.uint8)
    mask[:side, :side] = 1
    return mask


def sarcopenia_exams(of: Question, sides: Sequence[int], at: Centre | None = None) -> list[Exam]:
    """One exam a side: a slice of its own noise, a square muscle of `side` voxels."""
    rng = np.random.default_rng(7)
    return [
        kept_exam(of, {"image": [rng.integers(0, 2000, (12, 12)).astype(np.uint16)]}, {"mask": square(side)}, at=at)
        for side in sides
    ]


def frozen_batches(of: Question) -> dict[str, Batch]:
    """The question's split drawn and frozen, every batch built and its truth sealed by the real stages."""
    freeze_split(split=draft_split(question=of, actor=None), actor=None)
    work_all()
    return {batch.name: batch for batch in of.batches.all()}


def work_all(only: tuple[str, ...] = ()) -> list[str]:
    """Does everything that is due, as a worker does, and tells which stages ran. Work that failed fails the test."""
    done = []
    while (claim := claim_next(only)) is not None:
        carry_out(claim)
        row = Work.objects.get(pk=claim.work_id)
        assert row.state != Work.State.FAILED and not row.attempts, f"{row.stage}: {row.reason}"
        done.append(claim.stage)
    sweep_erasures()  # a test's transaction is never committed, which is when objects would go
    return done
