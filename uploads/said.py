"""What a centre reads of its exams: every reason in words, and what to do next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.models import Progress
from core.progress import progress_of
from core.vocabulary import stage_word
from core.words import say
from uploads.models import Exam
from uploads.serializers import state_for_centre

SPEAKING = ("refused", "review", "fault", "failed")  # progress that says why
NEXT: dict[str, str | Promise] = {
    "received": _("Nothing to do: the platform removes what identifies the patient. This takes minutes at most."),
    "deidentified": _("Nothing to do: the platform checks the inclusion criteria. This takes minutes at most."),
    "review": _("Nothing to do: an organiser looks at this exam. You are told here what was decided."),
    "accepted": _("Nothing to do: the exam is included. Thank you."),
    "refused": _(
        "Mend what is named above, then send the exam again as a new upload. If it cannot be mended, send another patient's exam."
    ),
    "withdrawn": _("Nothing to do: the exam and its images are gone."),
}
TODO: dict[str, str | Promise] = {
    "duplicate_exam": _("Nothing to do: the exam is here already, and this copy is not counted."),
    "consent_missing": _("Give the information letter first. If the patient refuses, do not send the exam."),
}


def next_step(exam: Exam) -> str:
    if exam.state == Exam.State.REFUSED and exam.reason in TODO:
        return str(TODO[exam.reason])
    return str(NEXT[state_for_centre(exam)])


def may_send_again(exam: Exam) -> bool:
    return exam.state == Exam.State.REFUSED and exam.reason not in TODO


def reasons_of(exams: Iterable[Exam]) -> dict[str, list[dict[str, str]]]:
    """By exam id: every reason that its centre may read, {message, where, state}, each sentence once; one query."""
    ids = [str(exam.pk) for exam in exams]
    rows = Progress.objects.filter(
        subject_kind="exam", subject_id__in=ids, audience=Progress.Audience.CENTRE, state__in=SPEAKING
    ).order_by("at", "id")
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        message = say(row.template, row.values) or row.reason
        if message and all(one["message"] != message for one in found[row.subject_id]):
            found[row.subject_id].append({"message": message, "where": shown_where(row.where), "state": row.state})
    return found


def shown_where(where: str) -> str:
    """Where, unless it only repeats that it is about the exam."""
    return "" if where == "exam" or where.startswith("exam ") else where


def timeline_of(exam: Exam) -> list[dict[str, Any]]:
    """The exam's way so far, for its centre: {stage, state, message, where, at}."""
    return [
        {
            "stage": stage_word(row.stage),
            "state": row.state,
            "message": say(row.template, row.values),
            "where": shown_where(row.where),
            "at": row.at,
        }
        for row in progress_of(exam).filter(audience=Progress.Audience.CENTRE)
    ]
