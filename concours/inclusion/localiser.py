"""An image is no localiser: a scout that plans the examination has few, thick or crossing slices. Judged for every question."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from concours.inclusion.exam.facts import ExamFacts
from concours.inclusion.judgement import Judge, Judgement, gettext_noop
from concours.inclusion.parameter import Parameter

TITLE = gettext_noop("Localiser")
SUMMARY = gettext_noop("The image is no localiser (scout).")
PARAMETERS: tuple[Parameter, ...] = ()
OF_SLICES = True  # frames that cross are no volume: `usable` says so
TYPES = frozenset({"LOCALIZER", "SCOUT", "TOPOGRAM", "SURVEY"})
# What manufacturers and radiographers call a localiser, where the image type does not say so (every MR localiser).
NAMES = re.compile(
    r"(?<![a-z])(locali[sz]er\w*|localisateur|loc|topogram\w*|scout\w*|surview|scano(gram\w*)?|survey|rep[eé]rage"
    r"|3[- ]?plan(e|s)?)(?![a-z])",
    re.IGNORECASE,
)

MET = gettext_noop("“%(image)s” is no localiser.")
IS_ONE = gettext_noop("“%(image)s” is a localiser (scout). Upload the diagnostic series.")
CALLED_ONE = gettext_noop("“%(image)s” is called a localiser (%(name)s). Check that it is the diagnostic series.")


def is_localiser_type(image_type: Any) -> bool:
    """Whether ImageType (0008,0008) names a localiser."""
    parts = [image_type] if isinstance(image_type, str) else image_type or ()
    return bool({str(part).strip().upper() for part in parts} & TYPES)


def localiser_word(header: Mapping[str, Any]) -> str:
    """The word for a localiser in the names of the series; empty where there is none."""
    words = f"{header.get('SeriesDescription') or ''} | {header.get('ProtocolName') or ''}".replace("_", " ")
    match = NAMES.search(words)
    return match.group() if match else ""


def judge(say: Judge, exam: ExamFacts) -> Iterator[Judgement]:
    """Refuse a series whose image type says localiser; review one that is only named so."""
    for series in exam.of():
        where = exam.where(series)
        word = localiser_word({name: series.get(name) for name in ("SeriesDescription", "ProtocolName")})
        if is_localiser_type(series.get("ImageType")):
            yield say.refuse("criterion_not_met", where, IS_ONE, image=series.image)
        elif word:
            yield say.review("criterion_not_met", where, CALLED_ONE, image=series.image, name=word)
        else:
            yield say.accept(where, MET, image=series.image)
