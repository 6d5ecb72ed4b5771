"""Phase after contrast of an MR or CT image: late arterial, portal venous, or a fat-saturated T2 beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from concours.inclusion.exam.facts import ExamFacts, SeriesFacts
from concours.inclusion.exam.sequence import fat_suppression_known, sequence_of
from concours.inclusion.judgement import Judge, Judgement, gettext_noop
from concours.inclusion.parameter import Parameter

TITLE = gettext_noop("Phase after contrast injection")
SUMMARY = gettext_noop("Each image shows the phase that the question requires.")
PHASES = ("late_arterial", "portal_venous", "t2_fatsat")
PARAMETERS = (Parameter("images", "mapping", "image to phase", required=True, choices=PHASES, refers_to="image"),)
# Seconds after the injection began (LI-RADS v2018, technical recommendations: late arterial about 35 to 40 s,
# portal venous 60 to 80 s), widened for test bolus and bolus tracking.
WINDOWS = {"late_arterial": (20.0, 50.0), "portal_venous": (50.0, 110.0)}
PATTERNS = {
    "late_arterial": re.compile(r"(?<![A-Z])(ART|ARTERIEL\w*|ARTERIAL\w*|ARTÉRIEL\w*|LATE.?ART\w*)(?![A-Z])"),
    "portal_venous": re.compile(r"(?<![A-Z])(PORT\w*|PV|PVP|PORTAL\w*|VEN\w*|VEINEUX)(?![A-Z])"),
}

MET = gettext_noop("%(image)s: correct phase.")
WRONG_PHASE = gettext_noop("“%(image)s” does not show the required phase. Check that the images are not swapped.")
WRONG_TIME = gettext_noop(
    "“%(image)s” was acquired %(seconds)d s after the injection; %(low)d to %(high)d s is required. Send that phase."
)
UNKNOWN = gettext_noop("The phase of “%(image)s” is not stated. Check that it is the required one.")
ORDER = gettext_noop("“%(first)s” was acquired after “%(second)s”. Check that the two are not swapped.")
NOT_T2 = gettext_noop("“%(image)s” is not a T2 sequence. Send the fat-saturated T2.")
NOT_SATURATED = gettext_noop("“%(image)s” is a T2 without fat saturation. Send the fat-saturated T2.")
T2_UNKNOWN = gettext_noop("It is unclear whether “%(image)s” is a fat-saturated T2. Check it.")


def judge(say: Judge, exam: ExamFacts, images: Mapping[str, str]) -> Iterator[Judgement]:
    """Judge seconds from injection where they are stated, else the descriptions, else the order of acquisition."""
    for image, phase in images.items():
        for series in exam.of([image]):
            if phase == "t2_fatsat":
                yield from _t2(say, exam.where(series), image, series)
            else:
                yield from _phase(say, exam.where(series), image, phase, series)
    yield from _order(say, exam, images)


def _t2(say: Judge, where: str, image: str, series: SeriesFacts) -> Iterator[Judgement]:
    sequence = sequence_of(series)
    if sequence.conflict or not sequence.kind:
        yield say.review("missing_value", where, T2_UNKNOWN, image=image)
    elif sequence.kind == "t2_fatsat":
        yield say.accept(where, MET, image=image)
    elif sequence.kind != "t2":
        yield say.refuse("criterion_not_met", where, NOT_T2, image=image)
    elif fat_suppression_known(series):
        yield say.refuse("criterion_not_met", where, NOT_SATURATED, image=image)
    else:
        yield say.review("missing_value", where, T2_UNKNOWN, image=image)


def _phase(say: Judge, where: str, image: str, phase: str, series: SeriesFacts) -> Iterator[Judgement]:
    low, high = WINDOWS[phase]
    seconds = seconds_after_injection(series)
    described = {name for name, pattern in PATTERNS.items() if pattern.search(series.description())}
    if seconds is not None:
        if low <= seconds <= high:
            yield say.accept(where, MET, image=image)
        else:
            yield say.refuse(
                "criterion_not_met", where, WRONG_TIME, image=image, seconds=round(seconds), low=low, high=high
            )
    elif described == {phase}:
        yield say.accept(where, MET, image=image)
    elif described and phase not in described:
        yield say.refuse("criterion_not_met", where, WRONG_PHASE, image=image)
    else:
        yield say.review("missing_value", where, UNKNOWN, image=image)


def _order(say: Judge, exam: ExamFacts, images: Mapping[str, str]) -> Iterator[Judgement]:
    at = {}
    for image, phase in images.items():
        times = [clock(series.text("AcquisitionTime")) for series in exam.of([image])]
        if phase in WINDOWS and times and times[0] is not None:
            at[phase] = (times[0], image)
    if len(at) == 2 and at["late_arterial"][0] >= at["portal_venous"][0]:
        first, second = at["late_arterial"][1], at["portal_venous"][1]
        yield say.refuse("criterion_not_met", first, ORDER, first=first, second=second)


def clock(text: str) -> float | None:
    """Return a DICOM time (HHMMSS.FFFFFF) in seconds of the day, None when it is none."""
    text = text.split("\\", maxsplit=1)[0]
    if not re.fullmatch(r"\d{6}(\.\d{1,6})?", text):
        return None
    return int(text[:2]) * 3600 + int(text[2:4]) * 60 + float(text[4:])


def seconds_after_injection(series: SeriesFacts) -> float | None:
    """Return AcquisitionTime minus ContrastBolusStartTime in seconds; None unless both are stated and plausible."""
    start, acquired = clock(series.text("ContrastBolusStartTime")), clock(series.text("AcquisitionTime"))
    if start is None or acquired is None:
        return None
    seconds = (acquired - start) % 86_400
    return seconds if 0 < seconds <= 1800 else None
