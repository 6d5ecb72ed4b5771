"""Completeness of a volume by the positions of its slices: missing, duplicated, irregular or tilted."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from anonymization.criteria.exam.facts import ExamFacts, SeriesFacts
from anonymization.criteria.exam.geometry import Stack, stack_of, tilt_of
from anonymization.criteria.judgement import Judge, Judgement, gettext_noop
from anonymization.criteria.parameter import OF, Parameter

SUMMARY = gettext_noop("The slices lie one after the other at equal distances, none missing, none twice, none tilted.")
PARAMETERS = (
    Parameter("min", "number", "smallest distance between slices", unit="mm"),
    Parameter("max", "number", "largest distance between slices", unit="mm"),
    Parameter("tolerance", "number", "share of the distance by which it may vary", default=0.1),
    Parameter("tilt", "number", "largest angle between slices and the body's axes", unit="degrees", default=35),
    OF,
)
SAME_PLACE = 0.01  # mm
SHEAR = 0.05  # largest in-plane drift from slice to slice, as a share of the distance between slices

MET = gettext_noop("%(count)d slices every %(spacing)s mm, complete.")
UNKNOWN = gettext_noop("The positions of the slices are not stated. Check that the series is complete.")
MISSING = gettext_noop("About %(count)d slices are missing after %(name)s. Send the whole series again.")
TWICE = gettext_noop("%(name)s lies where another slice lies. Send each slice once.")
PHASES = gettext_noop("There are %(times)d slices at each position. Send one phase or echo alone.")
IRREGULAR = gettext_noop(
    "The distances between slices vary from %(low)s to %(high)s mm. Send the reconstruction with equal distances."
)
NOT_PARALLEL = gettext_noop("The slices are not parallel. Leave out localisers and other series.")
SHEARED = gettext_noop("The gantry was tilted by about %(angle)s degrees. Check that the volume can be used.")
TILTED = gettext_noop("The slices are tilted by %(angle)s degrees against the body. Check that the volume can be used.")
CLOSE = gettext_noop("The slices are %(spacing)s mm apart and at least %(limit)s mm is asked.")
FAR = gettext_noop(
    "The slices are %(spacing)s mm apart and at most %(limit)s mm is asked. Send a finer reconstruction."
)


def judge(
    say: Judge, exam: ExamFacts, min: float | None, max: float | None, tolerance: float, tilt: float,
    of: list[str] | None,
) -> Iterator[Judgement]:  # fmt: skip
    """Judge ImagePositionPatient along the slice normal; distances come from positions, never from SliceThickness."""
    for series in exam.of(of):
        where = exam.where(series)
        if len(series.slices) < 2:
            continue
        stack = stack_of(series.slices)
        if stack is None:
            yield say.review("missing_value", where, UNKNOWN)
            continue
        faults = [*_orientation(say, where, series, stack, tilt), *_gaps(say, where, series, stack, tolerance)]
        spacing = median([gap for gap in stack.gaps if gap > SAME_PLACE] or [0.0])
        if min is not None and 0 < spacing < min - SAME_PLACE:
            limit = f"{min:g}"
            faults.append(say.refuse("criterion_not_met", where, CLOSE, spacing=f"{spacing:.2f}", limit=limit))
        if max is not None and spacing > max + SAME_PLACE:
            limit = f"{max:g}"
            faults.append(say.refuse("criterion_not_met", where, FAR, spacing=f"{spacing:.2f}", limit=limit))
        yield from faults
        if not faults:
            yield say.accept(where, MET, count=len(series.slices), spacing=f"{spacing:.2f}")


def _orientation(say: Judge, where: str, series: SeriesFacts, stack: Stack, tilt: float) -> Iterator[Judgement]:
    if not stack.parallel:
        yield say.refuse("criterion_not_met", where, NOT_PARALLEL)
        return
    spacing = median(stack.gaps)
    gantry = abs(series.number("GantryDetectorTilt") or 0.0)
    if stack.drift > SHEAR * spacing > 0 and series.text("Modality") == "CT":
        yield say.review("criterion_not_met", where, SHEARED, angle=f"{gantry:.0f}" if gantry else "?")
    angle = tilt_of(series.slices[0].orientation or ())
    if angle > tilt:
        yield say.review("criterion_not_met", where, TILTED, angle=f"{angle:.0f}")


def _gaps(say: Judge, where: str, series: SeriesFacts, stack: Stack, tolerance: float) -> Iterator[Judgement]:
    names = [series.slices[n].instance for n in stack.order]
    apart = [gap for gap in stack.gaps if gap > SAME_PLACE]
    places = len(apart) + 1
    times, rest = divmod(len(names), places)
    if times > 1 and rest == 0 and all(_run_lengths(stack, times)):
        yield say.refuse("criterion_not_met", where, PHASES, times=times)
    else:
        for before, gap in enumerate(stack.gaps):
            if gap <= SAME_PLACE:
                yield say.refuse("duplicate_file", names[before + 1], TWICE, name=names[before + 1])
    if not apart:
        return
    spacing = median(apart)
    odd = []
    for before, gap in enumerate(stack.gaps):
        if gap <= SAME_PLACE or abs(gap - spacing) <= tolerance * spacing:
            continue
        steps = round(gap / spacing)
        if steps >= 2 and abs(gap / spacing - steps) <= tolerance * steps:
            yield say.refuse("incomplete_series", where, MISSING, count=steps - 1, name=names[before])
        else:
            odd.append(gap)
    if odd:
        low, high = f"{min(apart):.2f}", f"{max(apart):.2f}"
        yield say.refuse("incomplete_series", where, IRREGULAR, low=low, high=high)


def _run_lengths(stack: Stack, times: int) -> Iterator[bool]:
    """Say for each position whether it holds exactly `times` slices."""
    run = 1
    for gap in (*stack.gaps, float("inf")):
        if gap <= SAME_PLACE:
            run += 1
        else:
            yield run == times
            run = 1
