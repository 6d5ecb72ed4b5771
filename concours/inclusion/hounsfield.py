"""Hounsfield units of a CT: whether the values are plausible at all."""

from __future__ import annotations

from collections.abc import Iterator

from concours.inclusion.exam.facts import ExamFacts
from concours.inclusion.judgement import Judge, Judgement, gettext_noop
from concours.inclusion.parameter import OF, Parameter

TITLE = gettext_noop("Values in Hounsfield units")
SUMMARY = gettext_noop("The CT's values are Hounsfield units.")
PARAMETERS = (
    Parameter("low", "number", "the darkest hundredth of the image must be darker than this", unit="HU", default=-200),
    Parameter("high", "number", "no image has its brightest hundredth above this", unit="HU", default=4000),
    OF,
)
TISSUE = (-1050.0, 400.0)  # HU; the median of any clinical CT, from a lung to a pelvis, lies between these

MET = gettext_noop("Values from %(low)d to %(high)d HU.")
RAW = gettext_noop("The values are not Hounsfield units (from %(low)d to %(high)d). Export the original CT series.")
NO_RESCALE = gettext_noop("The rescale slope or intercept is missing. Export the original CT series.")
OTHER_UNIT = gettext_noop("The unit of the values is %(unit)s, not HU. Check that this is an ordinary CT.")
ODD = gettext_noop("The values (%(low)d to %(high)d HU, median %(middle)d) are unusual for a CT. Check the image.")
UNKNOWN = gettext_noop("The values could not be measured. Check the image.")


def judge(say: Judge, exam: ExamFacts, low: float, high: float, of: list[str] | None) -> Iterator[Judgement]:
    """Judge the rescaled percentiles: a CT shows air or fat, so a darkest hundredth at or above zero is raw data."""
    for series in exam.of(of):
        where, percentiles = exam.where(series), series.percentiles
        if not percentiles:
            yield say.review("missing_value", where, UNKNOWN)
            continue
        values = {"low": round(percentiles["1"]), "high": round(percentiles["99"]), "middle": round(percentiles["50"])}
        unit = series.text("RescaleType")
        stated = series.number("RescaleSlope") is not None and series.number("RescaleIntercept") is not None
        if percentiles["1"] >= 0 and percentiles["99"] > 255:
            yield say.refuse("out_of_range", where, RAW, **values)
        elif not stated:
            yield say.review("missing_value", where, NO_RESCALE)
        elif unit not in ("", "HU"):
            yield say.review("criterion_not_met", where, OTHER_UNIT, unit=unit)
        elif percentiles["1"] > low or percentiles["99"] > high or not TISSUE[0] <= percentiles["50"] <= TISSUE[1]:
            yield say.review("out_of_range", where, ODD, **values)
        else:
            yield say.accept(where, MET, **values)
