"""The proposed mask of a correction as a picture, for the organiser who decides."""

from __future__ import annotations

import zipfile

from anonymization.images import geometries_of
from anonymization.models import Correction
from anonymization.quality import LIMITS
from challenges.frame import spec_of
from concours.formats.child import run_limited
from concours.formats.fault import FormatError
from core.storage import local_copy
from core.temporary import lease_folder


def correction_picture(correction: Correction) -> bytes | None:
    """PNG, drawn in a limited child; None where it is decided, or cannot be drawn."""
    exam = correction.exam
    if not correction.blob_key or not exam.bundle_key:
        return None
    spec = spec_of(exam.question)
    field, images = spec.data.fields[correction.field], list(spec.data.images)
    image = field.of if field.of in images else images[0]
    with lease_folder("mask") as folder, local_copy("exams", correction.blob_key) as mask:
        with local_copy("exams", exam.bundle_key) as bundle, zipfile.ZipFile(bundle) as archive:
            names = [name for name in archive.namelist() if name.startswith(f"{image}/") or len(images) == 1]
            archive.extractall(folder, names)
        try:
            drawn: bytes = run_limited(
                "anonymization.mask_drawing:draw_mask",
                [str(folder / name) for name in names],
                geometries_of(exam).get(image),
                str(mask),
                list(field.values),
                correction.field,
                limits=LIMITS,
                read=[folder, mask],
            )
        except FormatError:
            return None
    return drawn
