"""The part of the body that was examined, with the spellings that scanners use."""

from __future__ import annotations

from collections.abc import Iterator

from concours.inclusion.exam.facts import ExamFacts
from concours.inclusion.judgement import Judge, Judgement, gettext_noop
from concours.inclusion.parameter import OF, Parameter

TITLE = gettext_noop("Body part")
SUMMARY = gettext_noop("The images show the right part of the body.")
# One name for the spellings met in BodyPartExamined (PS3.16 Annex L lists the defined terms).
SPELLINGS = {
    "CHEST": ("CHEST", "THORAX", "LUNG", "LUNGS", "THORACIC", "POUMON", "POUMONS"),
    "ABDOMEN": ("ABDOMEN", "ABDO", "LIVER", "FOIE", "ABD", "ABDOMENPELVIS", "ABDPEL", "ABDPELV", "ABDOPELV"),
    "PELVIS": ("PELVIS", "BASSIN", "ABDOMENPELVIS", "ABDPEL", "ABDPELV", "ABDOPELV"),
    "BRAIN": ("BRAIN", "HEAD", "SKULL", "CRANE", "ENCEPHALE", "CERVEAU", "TETE", "NEURO"),
    "SPINE": ("SPINE", "LSPINE", "CSPINE", "TSPINE", "LSSPINE", "WHOLESPINE", "RACHIS"),
    "KNEE": ("KNEE", "GENOU"),
    "NECK": ("NECK", "COU", "HEADNECK", "LARYNX", "THYROID"),
    "BREAST": ("BREAST", "SEIN"),
    "KIDNEY": ("KIDNEY", "REIN", "ABDOMEN", "ABDO"),
    "HIP": ("HIP", "HANCHE", "PELVIS"),
    "WHOLEBODY": ("WHOLEBODY", "CORPSENTIER"),
}
WIDE = (
    "WHOLEBODY",
    "CHESTABDPELVIS",
    "CHESTABDOMENPELVIS",
    "CHESTABDPEL",
    "TAP",
    "CAP",
    "THORAXABDOMEN",
    "CHESTABDOMEN",
)
PARAMETERS = (
    Parameter("allowed", "list", "parts of the body", required=True, choices=tuple(SPELLINGS)),
    OF,
)

MET = gettext_noop("Part of the body: %(found)s.")
NOT_MET = gettext_noop("The part of the body is %(found)s; required: %(allowed)s.")
UNKNOWN = gettext_noop(
    "The part of the body is not stated or not recognised (%(found)s). Check that it is %(allowed)s."
)


def judge(say: Judge, exam: ExamFacts, allowed: list[str], of: list[str] | None) -> Iterator[Judgement]:
    """Compare BodyPartExamined (0018,0015): known and allowed accepts, known and another refuses, the rest is review.

    Technologists pick it from a list in a hurry, so an exam of several regions and an unlisted word are only reviewed.
    """
    allowed_words = ", ".join(allowed)
    for series in exam.of(of):
        body_part, where = series.text("BodyPartExamined"), exam.where(series)
        word = "".join(letter for letter in body_part if letter.isalnum())
        parts = {part for part, spellings in SPELLINGS.items() if word in spellings}
        if parts & set(allowed):
            yield say.accept(where, MET, found=body_part)
        elif parts and word not in WIDE:
            yield say.refuse("criterion_not_met", where, NOT_MET, found=body_part, allowed=allowed_words)
        else:
            yield say.review("missing_value", where, UNKNOWN, found=body_part or "–", allowed=allowed_words)
