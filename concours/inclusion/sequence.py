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
    wanted = ", ".join(allowed)
    for series in exam.of(of):
        found, where = sequence_of(series), exam.where(series)
        name = " ".join(part for part in (found.kind.upper(), found.dimensions.upper(), found.plane) if part)
        if not found.kind:
            yield say.review("missing_value", where, UNKNOWN, allowed=wanted)
        elif found.conflict:
            yield say.review("criterion_not_met", where, CONFLICT, allowed=wanted)
        elif found.is_one_of(allowed):
            yield say.accept(where, MET, found=name)
        elif not found.dimensions and any(one.startswith(f"{found.kind}_") for one in allowed):
            yield say.review("missing_value", where, NO_DIMENSION, found=found.kind.upper(), allowed=wanted)
        else:
            yield say.refuse("criterion_not_met", where, NOT_MET, found=name, allowed=wanted)
