"""What a person may know of a submission's cases: ids and grids, as soon as the batch that is answered is out for them."""

from __future__ import annotations

import io
import zipfile

from django.utils.translation import gettext_noop

from batches.models import Batch
from challenges.frame import spec_of
from challenges.models import Phase, Question
from concours.evaluation.sample import SampleTooLargeError, example_manifest, sample_submission
from concours.formats.manifest import Manifest
from concours.formats.stored import ZIP_MOMENT
from concours.kit.kit import kit_files
from core.actors import Reader
from core.errors import InvalidInputError
from scoring.models import Truth
from scoring.submit import submissions_phases


class SampleNotMadeError(InvalidInputError):
    """The masks of the cases are too large to be written for a page."""


def answered_phase(question: Question, name: str = "") -> Phase | None:
    """The phase of that name which accepts submissions, else the one that decides."""
    phases = submissions_phases(question)
    return next((phase for phase in phases if (phase.name == name if name else phase.decides)), None)


def known_manifest(user: Reader, question: Question, phase_name: str = "") -> Manifest | None:
    """The public manifest of the sealed cases of a phase; None while the person may not see them."""
    phase = answered_phase(question, phase_name)
    if phase is None:
        return None
    batch = Batch.objects.visible_to(user).filter(question=question, name=phase.batch).first()
    truth = Truth.objects.filter(batch=batch).first() if batch is not None else None
    return None if truth is None else Manifest.from_json(truth.public_manifest)


def kit_for(user: Reader, question: Question) -> tuple[str, bytes]:
    """The starter kit as a zip, with the cases that the person knows; the same twice."""
    spec, target = spec_of(question), io.BytesIO()
    name = f"{question.challenge.slug}/{question.slug}"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in kit_files(spec, known_manifest(user, question), name).items():
            info = zipfile.ZipInfo(f"{spec.slug}-kit/{path}", ZIP_MOMENT)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return f"{spec.slug}-kit.zip", target.getvalue()


def sample_for(user: Reader, question: Question) -> tuple[str, bytes]:
    """A sample submission with the cases that the person knows, else with invented ones. Raises SampleNotMadeError."""
    spec = spec_of(question)
    try:
        return sample_submission(spec, known_manifest(user, question) or example_manifest(spec))
    except SampleTooLargeError as error:
        raise SampleNotMadeError(
            gettext_noop(
                "The masks of this question are too large for a sample from this page. Make it on your computer: "
                "concours data %(question)s, then concours sample question.yaml --manifest submission.json."
            ),
            question=f"{question.challenge.slug}/{question.slug}",
        ) from error
