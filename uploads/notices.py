"""Who is told that an exam is refused, and why."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils import translation

from challenges.field_titles import field_titles
from challenges.frame import spec_of
from concours.formats.fault import Fault
from core.notices import notify
from uploads.models import Exam
from uploads.reasons import NAMING_STAGES, render_reason

MOST_SENTENCES = 3


def tell_refused(exam: Exam, stage: str, faults: Sequence[Fault]) -> None:
    """To the person who sent it. Exam and files are called by their numbers: names of sent files may be a patient's."""
    owner = exam.uploaded_by
    with translation.override(owner.language):
        titles = field_titles(spec_of(exam.question))
        sentences = dict.fromkeys(
            render_reason(
                fault.template,
                fault.values,
                fault.where,
                named=False,
                titles=titles,
                naming=stage in NAMING_STAGES,
                code=fault.reason,
            )[0]
            for fault in faults
        )
    notify(
        "exam_refused",
        [owner],
        about=str(exam.pk),
        values={
            "exam": exam.number,
            "question": exam.question.title,
            "reasons": " ".join(list(sentences)[:MOST_SENTENCES]),
        },
        path=reverse("uploads:exam", args=[exam.pk]),
        challenge_id=exam.question.challenge_id,
    )
