"""With or without an injected contrast agent."""

from __future__ import annotations

import re
from collections.abc import Iterator

from concours.inclusion.exam.facts import ExamFacts, SeriesFacts
from concours.inclusion.judgement import Judge, Judgement, gettext_noop
from concours.inclusion.parameter import OF, Parameter

TITLE = gettext_noop("Contrast medium")
SUMMARY = gettext_noop("Contrast was given or not, as the question requires.")
PARAMETERS = (
    Parameter("allowed", "list", "with, without or both", required=True, choices=("with", "without")),
    OF,
)
# ContrastBolusAgent itself is emptied by the Basic Profile (PS3.15 Table E.1-1), so its companions speak for it.
GIVEN = (
    "ContrastBolusVolume", "ContrastBolusStartTime", "ContrastBolusTotalDose", "ContrastFlowRate",
    "ContrastBolusIngredient",
)  # fmt: skip
SAYS_WITH = re.compile(r"(?<![A-Z])(C\+|POST|GADO|GD|INJ\w*|IV\+|ARTER\w*|PORTAL\w*|VEINEUX|CONTRAST|\+C)(?![A-Z])")
SAYS_WITHOUT = re.compile(
    r"(?<![A-Z])(C-|SANS\s+INJ\w*|SANS\s+IV|NATIVE?|NATIF|UNENHANCED|NON.?CONTRAST|PRE.?CONTRAST|IV-)"
)

ANY = gettext_noop("Contrast is irrelevant for this question.")
MET = gettext_noop("Contrast: %(found)s.")
HAS = gettext_noop("The exam was performed with contrast. Send the one without contrast.")
HAS_NOT = gettext_noop("The exam was performed without contrast. Send the one with contrast.")
UNKNOWN = gettext_noop("The file does not state whether contrast was given. Check it.")


def judge(say: Judge, exam: ExamFacts, allowed: list[str], of: list[str] | None) -> Iterator[Judgement]:
    """Judge the contrast attributes, then the descriptions; silence is review unless both are allowed."""
    for series in exam.of(of):
        where = exam.where(series)
        contrast = contrast_of(series)
        if {"with", "without"} <= set(allowed):
            yield say.accept(where, ANY)
        elif not contrast:
            yield say.review("missing_value", where, UNKNOWN)
        elif contrast in allowed:
            yield say.accept(where, MET, found=contrast)
        else:
            yield say.refuse("criterion_not_met", where, HAS if contrast == "with" else HAS_NOT)


def contrast_of(series: SeriesFacts) -> str:
    """Return with, without or "" (not known)."""
    agent = series.text("ContrastBolusAgent")
    if agent in ("NONE", "NO", "WITHOUT", "SANS") or series.text("ContrastBolusAgentAdministered") == "NO":
        return "without"
    if agent or any(series.text(keyword) not in ("", "0", "0.0") for keyword in GIVEN):
        return "with"
    words = series.description()
    if SAYS_WITHOUT.search(words):
        return "without"
    return "with" if SAYS_WITH.search(words) else ""
