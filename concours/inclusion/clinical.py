"""Clinical values: present, and in the range that the question or a known scale allows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from concours.inclusion.exam.facts import ExamFacts, FieldFacts
from concours.inclusion.judgement import Judge, Judgement, gettext_noop
from concours.inclusion.parameter import Parameter

TITLE = gettext_noop("Clinical values")
SUMMARY = gettext_noop("The clinical values that the question requires are present and plausible.")
SCALES = ("edss", "age", "sex")
PARAMETERS = (
    Parameter("fields", "list", "the fields that must be there", required=True, refers_to="field"),
    Parameter("scales", "mapping", "field to the scale it is measured on", choices=SCALES, refers_to="field"),
)
# Kurtzke 1983, Neurology 33:1444: 0, then half points from 1 to 10.
EDSS = (0.0, *(n / 2 for n in range(2, 21)))
OLDEST = 120.0
SEXES = ("F", "M", "O")  # PatientSex (0010,0040)
NUMBER = re.compile(r"[+-]?\d{1,12}([.,]\d{1,12})?")

MET = gettext_noop("%(field)s: value present.")
MISSING = gettext_noop("“%(field)s” is missing. Enter it.")
NO_NUMBER = gettext_noop("“%(field)s” is “%(value)s”, which is not a number. Correct it.")
RANGE = gettext_noop("“%(field)s” is %(value)s; it must be between %(low)s and %(high)s. Correct it.")
CHOICE = gettext_noop("“%(field)s” is “%(value)s”; allowed: %(allowed)s. Correct it.")
NO_EDSS = gettext_noop(
    "“%(field)s” is %(value)s, which is not an EDSS score (0, 1, 1.5, 2 to 10 in steps of 0.5). Correct it."
)
DIFFERS = gettext_noop("“%(field)s” is %(value)s, but the images state %(stated)s. Check which is right.")
UNREADABLE = gettext_noop("The file %(name)s for “%(field)s” cannot be read. Enter the value.")


def judge(say: Judge, exam: ExamFacts, fields: list[str], scales: Mapping[str, str] | None) -> Iterator[Judgement]:
    """Judge each field against its declaration (type, min, max, values or choices) and its scale."""
    for name in fields:
        facts = exam.fields.get(name) or FieldFacts(name)
        if facts.damage is not None:
            yield say.refuse(facts.damage.reason, name, UNREADABLE, field=name, name=facts.damage.name)
            continue
        if facts.missing or facts.mask is not None:
            yield say.refuse("missing_value", name, MISSING, field=name)
            continue
        faults = [*_declared(say, facts), *_scale(say, exam, facts, (scales or {}).get(name, ""))]
        yield from faults
        if not faults:
            yield say.accept(name, MET, field=name)


def _declared(say: Judge, facts: FieldFacts) -> Iterator[Judgement]:
    declared, value = facts.declared, facts.value
    allowed = declared.get("choices") or declared.get("values") or declared.get("allowed")
    if declared.get("type") in ("number", "integer"):
        number = number_of(value)
        if number is None or (declared["type"] == "integer" and number != int(number)):
            yield say.refuse("non_numeric", facts.name, NO_NUMBER, field=facts.name, value=value)
            return
        low, high = declared.get("min"), declared.get("max")
        if (low is not None and number < low) or (high is not None and number > high):
            ends = {"low": "–" if low is None else f"{low:g}", "high": "–" if high is None else f"{high:g}"}
            yield say.refuse("out_of_range", facts.name, RANGE, field=facts.name, value=f"{number:g}", **ends)
        if allowed and number not in [number_of(choice) for choice in allowed]:
            shown = ", ".join(str(choice) for choice in allowed)
            yield say.refuse("out_of_range", facts.name, CHOICE, field=facts.name, value=value, allowed=shown)
    elif allowed and str(value).strip() not in [str(choice) for choice in allowed]:
        shown = ", ".join(str(choice) for choice in allowed)
        yield say.refuse("out_of_range", facts.name, CHOICE, field=facts.name, value=value, allowed=shown)


def _scale(say: Judge, exam: ExamFacts, facts: FieldFacts, scale: str) -> Iterator[Judgement]:
    name, value = facts.name, facts.value
    number = number_of(value)
    if scale == "edss" and number not in EDSS:
        yield say.refuse("out_of_range", name, NO_EDSS, field=name, value=value)
    if scale == "age":
        if number is None or not 0 <= number <= OLDEST:
            yield say.refuse("out_of_range", name, RANGE, field=name, value=value, low="0", high=f"{OLDEST:g}")
        else:
            stated = next(
                (age for series in exam.series if (age := years_of(series.text("PatientAge"))) is not None), None
            )
            if stated is not None and abs(stated - number) > 1:
                yield say.review("criterion_not_met", name, DIFFERS, field=name, value=value, stated=f"{stated:g}")
    if scale == "sex":
        if str(value).strip().upper() not in SEXES:
            yield say.refuse("out_of_range", name, CHOICE, field=name, value=value, allowed=", ".join(SEXES))
        else:
            header_sex = next((sex for series in exam.series if (sex := series.text("PatientSex")) in SEXES), None)
            if header_sex and header_sex != str(value).strip().upper():
                yield say.review("criterion_not_met", name, DIFFERS, field=name, value=value, stated=header_sex)


def number_of(value: Any) -> float | None:
    """Return a number as typed by a person (decimal comma allowed), None for anything else; never reads "1_0"."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value) if abs(value) < 1e12 else None
    text = str(value).strip()
    return float(text.replace(",", ".")) if NUMBER.fullmatch(text) and text.isascii() else None


def years_of(age: str) -> float | None:
    """Return a DICOM age (012Y, 018M, 003W, 010D; PS3.5 AS) in years, None when it is none."""
    match = re.fullmatch(r"(\d{3})([YMWD])", age)
    if match is None:
        return None
    return int(match[1]) / {"Y": 1.0, "M": 12.0, "W": 52.18, "D": 365.25}[match[2]]
