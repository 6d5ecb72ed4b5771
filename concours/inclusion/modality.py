"""The kind of equipment: CT, MR and so on."""

from __future__ import annotations

from collections.abc import Iterator

from concours.inclusion.exam.facts import ExamFacts
from concours.inclusion.judgement import Judge, Judgement, gettext_noop
from concours.inclusion.parameter import OF, Parameter

TITLE = gettext_noop("Modality")
SUMMARY = gettext_noop("The images were acquired with the required modality.")
PARAMETERS = (
    Parameter("allowed", "list", "DICOM modalities, such as CT or MR", required=True),
    OF,
)

MET = gettext_noop("Modality %(found)s.")
NOT_MET = gettext_noop("The modality is %(found)s; %(allowed)s is required.")
UNKNOWN = gettext_noop("The modality is not stated. Check that the exam is %(allowed)s.")


def judge(say: Judge, exam: ExamFacts, allowed: list[str], of: list[str] | None) -> Iterator[Judgement]:
    """Compare Modality (0008,0060) of each series with the allowed ones."""
    for series in exam.of(of):
        modality, where = series.text("Modality"), exam.where(series)
        if not modality:
            yield say.review("missing_value", where, UNKNOWN, allowed=", ".join(allowed))
        elif modality in allowed:
            yield say.accept(where, MET, found=modality)
        else:
            yield say.refuse("criterion_not_met", where, NOT_MET, found=modality, allowed=", ".join(allowed))
