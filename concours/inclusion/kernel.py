"""Reconstruction kernel of a CT: soft or hard, by vendor."""

from __future__ import annotations

from collections.abc import Iterator

from concours.inclusion.exam.facts import ExamFacts
from concours.inclusion.exam.kernels import kernel_of
from concours.inclusion.judgement import Judge, Judgement, gettext_noop
from concours.inclusion.parameter import OF, Parameter

TITLE = gettext_noop("Reconstruction kernel")
SUMMARY = gettext_noop("The CT was reconstructed with the kind of kernel (soft or hard) that the question requires.")
PARAMETERS = (
    Parameter("allowed", "list", "soft or hard", required=True, choices=("soft", "hard")),
    OF,
)

MET = gettext_noop("Kernel %(name)s (%(kind)s).")
TOO_HARD = gettext_noop("The kernel %(name)s is hard; a soft kernel is required. Send the soft-tissue reconstruction.")
TOO_SOFT = gettext_noop("The kernel %(name)s is soft; a hard kernel is required. Send the lung or bone reconstruction.")
UNLISTED = gettext_noop("The kernel %(name)s is not in the tables. Check that it is %(allowed)s.")
UNKNOWN = gettext_noop("The kernel is not stated. Check that it is %(allowed)s.")


def judge(say: Judge, exam: ExamFacts, allowed: list[str], of: list[str] | None) -> Iterator[Judgement]:
    """Look ConvolutionKernel (0018,1210) up in the vendor's rows of tables/kernels.csv; unknown is review."""
    for series in exam.of(of):
        kernel, where = kernel_of(series), exam.where(series)
        allowed_names = ", ".join(allowed)
        if not kernel.name:
            yield say.review("missing_value", where, UNKNOWN, allowed=allowed_names)
        elif not kernel.kind:
            yield say.review("criterion_not_met", where, UNLISTED, name=kernel.name, allowed=allowed_names)
        elif kernel.kind in allowed:
            yield say.accept(where, MET, name=kernel.name, kind=kernel.kind)
        else:
            words = TOO_HARD if kernel.kind == "hard" else TOO_SOFT
            yield say.refuse("criterion_not_met", where, words, name=kernel.name)
