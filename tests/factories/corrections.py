"""Corrections as a person sends them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from anonymization.correct import correct
from anonymization.examine_correction import SentCorrection
from anonymization.models import Correction
from challenges.models import Challenge, Question, Role
from challenges.roles import grant_role
from core.models import User
from tests.factories.exams import kept_exam, png
from tests.factories.people import person
from uploads.models import Exam

REASON = "second reading by two radiologists"
SETS = {"split": {"stratify": ["death"], "sets": {"training": 2, "validation": 2, "test": 2}}}  # of `patients`


def corrected(exam: Exam, field: str, new: Any, *, by: User, reason: str = REASON) -> Correction:
    """`new` is a mask (array), the bytes of a file, or a value."""
    exam = Exam.objects.select_related("question__challenge", "centre").get(pk=exam.pk)
    if not isinstance(new, np.ndarray | bytes):
        return correct(exam=exam, field=field, actor=by, reason=reason, sent=SentCorrection(value=new))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sent"
        path.write_bytes(png(new) if isinstance(new, np.ndarray) else new)
        sent = SentCorrection(file=path, called="new.png")
        return correct(exam=exam, field=field, actor=by, reason=reason, sent=sent)


def second_organiser(challenge: Challenge) -> User:
    """Odile organises as well."""
    odile = person("Odile")
    grant_role(challenge=challenge, user=odile, kind=Role.Kind.ORGANISER, actor=None)
    return odile


def patients(of: Question, count: int = 6) -> list[Exam]:
    """Exams without images of the question `prognosis`; every second patient died."""
    return [kept_exam(of, {}, {"age": 60 + n, "sex": "F", "death": bool(n % 2)}) for n in range(count)]
