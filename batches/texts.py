"""Free text leaves only after its steps: checked at the freeze, and again where cases are written."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db.models import QuerySet

from anonymization.texts import waiting_texts
from concours.formats.fault import plural_noop
from core.errors import MoveNotAllowedError
from core.words import separated
from uploads.models import Exam

NAMED = 10  # texts that an error names
TEXTS_WAIT = plural_noop(
    "%(count)s text is not de-identified yet: %(names)s. Decide its words or read it on the page of texts, then try again.",
    "%(count)s texts are not de-identified yet: %(names)s. Decide their words or read them on the page of texts, then try again.",
)


class TextsNotReadyError(MoveNotAllowedError):
    """Texts that teams would receive still wait for a person; the message names them."""

    reason = "texts_not_ready"


def require_texts(exams: Iterable[Exam] | QuerySet[Exam], fields: Collection[str]) -> None:
    """Every text of these exams and fields has passed its steps. Raises TextsNotReadyError."""
    waiting = waiting_texts(exams, fields)
    if not waiting:
        return
    names = [f"{row.exam.centre}, exam {row.exam.number} ({row.place})" for row in waiting[:NAMED]]
    more = ["…"] if len(waiting) > NAMED else []
    raise TextsNotReadyError(TEXTS_WAIT, count=len(waiting), names=separated([*names, *more]))
