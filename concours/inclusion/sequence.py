"""MR sequence: FLAIR (3D, or 2D axial), T1, T2, fat-saturated T2, STIR."""

from __future__ import annotations

from collections.abc import Iterator

from concours.inclusion.exam.facts import ExamFacts
from concours.inclusion.exam.sequence import KINDS, sequence_of
from concours.inclusion.judgement import Judge, Judgement, gettext_noop
from concours.inclusion.parameter import OF, Parameter

TITLE = gettext_noop("MR sequence")
SUMMARY = gettext_noop("The MR sequence is one that the question accepts.")
PARAMETERS = (
    Parameter("allowed", "list", "sequences; flair alone takes any plane and dimension", required=True, choices=KINDS),
    OF,
)

MET = gettext_noop("Sequence: %(found)s.")
NOT_MET = gettext_noop("The sequence is %(found)s; required: %(allowed)s.")
UNKNOWN = gettext_noop("The sequence cannot be identified from its parameters. Check that it is %(allowed)s.")
CONFLICT = gettext_noop("The name of the sequence contradicts its parameters. Check that it is %(allowed)s.")
NO_DIMENSION = gettext_noop("The file does not state whether the %(found)s is 2D or 3D. Check that it is %(allowed)s.")


def judge(say: Judge, exam: ExamFacts, allowed: list[str], of: list[str] | None) -> Iterator[Judgement]:
    """Judge inversion, echo and repetition times, ScanningSequence and MRAcquisitionType, then the descriptions."""
    allowed_names = ", ".join(allowed)
    for series in exam.of(of):
        sequence, where = sequence_of(series), exam.where(series)
        name = " ".join(part for part in (sequence.kind.upper(), sequence.dimensions.upper(), sequence.plane) if part)
        if not sequence.kind:
            yield say.review("missing_value", where, UNKNOWN, allowed=allowed_names)
        elif sequence.conflict:
            yield say.review("criterion_not_met", where, CONFLICT, allowed=allowed_names)
        elif sequence.is_one_of(allowed):
            yield say.accept(where, MET, found=name)
        elif not sequence.dimensions and any(piece.startswith(f"{sequence.kind}_") for piece in allowed):
            yield say.review("missing_value", where, NO_DIMENSION, found=sequence.kind.upper(), allowed=allowed_names)
        else:
            yield say.refuse("criterion_not_met", where, NOT_MET, found=name, allowed=allowed_names)
