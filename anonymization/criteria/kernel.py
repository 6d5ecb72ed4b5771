"""Reconstruction kernel of a CT: soft or hard, by vendor."""

from __future__ import annotations

from collections.abc import Iterator

from anonymization.criteria.exam.facts import ExamFacts
from anonymization.criteria.exam.kernels import kernel_of
from anonymization.criteria.judgement import Judge, Judgement, gettext_noop
from anonymization.criteria.parameter import OF, Parameter

SUMMARY = gettext_noop("The CT was reconstructed with a soft or a hard kernel, as the question asks.")
PARAMETERS = (
    Parameter("allowed", "list", "soft or hard", required=True, choices=("soft", "hard")),
    OF,
)

MET = gettext_noop("Kernel %(name)s (%(kind)s).")
TOO_HARD = gettext_noop("The kernel %(name)s is hard and a soft one is asked. Send the soft tissue reconstruction.")
TOO_SOFT = gettext_noop("The kernel %(name)s is soft and a hard one is asked. Send the lung or bone reconstruction.")
UNLISTED = gettext_noop("The kernel %(name)s is not in the tables. Check that it is: %(allowed)s.")
UNKNOWN = gettext_noop("The kernel is not stated. Check that it is: %(allowed)s.")


def judge(say: Judge, exam: ExamFacts, allowed: list[str], of: list[str] | None) -> Iterator[Judgement]:
    """Look ConvolutionKernel (0018,1210) up in the vendor's rows of tables/kernels.csv; unknown is review."""
    for series in exam.of(of):
        kernel, where = kernel_of(series), exam.where(series)
        wanted = ", ".join(allowed)
        if not kernel.name:
            yield say.review("missing_value", where, UNKNOWN, allowed=wanted)
        elif not kernel.kind:
            yield say.review("criterion_not_met", where, UNLISTED, name=kernel.name, allowed=wanted)
        elif kernel.kind in allowed:
            yield say.accept(where, MET, name=kernel.name, kind=kernel.kind)
        else:
            words = TOO_HARD if kernel.kind == "hard" else TOO_SOFT
            yield say.refuse("criterion_not_met", where, words, name=kernel.name)
