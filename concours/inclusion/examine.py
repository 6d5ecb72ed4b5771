"""Finds the criteria in this folder and applies those that a question asks for, in the question's order."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from concours.inclusion.exam.facts import ExamFacts
from concours.inclusion.judgement import Judge, Judgement
from concours.inclusion.parameter import Parameter, parameter_faults

# Judged first for every question: an exam whose files are damaged or missing, whose image is unusable, or which lacks a value
# that a later stage needs, is never accepted.
ALWAYS = ("files", "localiser", "usable", "values")


@dataclass(frozen=True)
class Criterion:
    """A criterion's file: its name is the file's, `title` and `summary` are English words, `judge` yields its judgements.

    `unit` is that of its limits; `words` says how a parameter's value is written, where the value alone is not enough.
    `of_slices` criteria compare the slices of an image with each other: where the image is no volume they would only list
    symptoms, so they do not see it.
    """

    name: str
    title: str
    unit: str
    words: Mapping[str, str]
    summary: str
    parameters: tuple[Parameter, ...]
    judge: Callable[..., Iterator[Judgement]]
    of_slices: bool = False


@cache
def _criteria() -> dict[str, Criterion]:
    criteria = {}
    folder = importlib.import_module("concours.inclusion").__path__
    for module in sorted(pkgutil.iter_modules(folder), key=lambda entry: entry.name):
        if module.ispkg or module.name in (
            "describe",
            "examine",
        ):  # describe: for the documentation, with pixel engines
            continue
        content = importlib.import_module(f"concours.inclusion.{module.name}")
        if hasattr(content, "PARAMETERS") and hasattr(content, "judge"):
            criteria[module.name] = Criterion(
                name=module.name,
                title=content.TITLE,
                unit=getattr(content, "UNIT", ""),
                words=getattr(content, "WORDS", {}),
                summary=content.SUMMARY,
                parameters=content.PARAMETERS,
                judge=content.judge,
                of_slices=getattr(content, "OF_SLICES", False),
            )
    return criteria


def names() -> list[str]:
    """Return the names of all criteria, sorted."""
    return list(_criteria())


def find(name: str) -> Criterion:
    """Return one criterion; KeyError when there is no such file."""
    return _criteria()[name]


def declared() -> dict[str, dict[str, dict[str, Any]]]:
    """Return criterion -> parameter -> declaration (JSON-able), what a question file is validated against."""
    return {
        name: {parameter.name: parameter.to_json() for parameter in criterion.parameters}
        for name, criterion in _criteria().items()
    }


def criterion_faults(name: str, parameters: Mapping[str, Any]) -> list[str]:
    """Return in English what is wrong with one criterion's block of a question file; empty when it is sound."""
    return [words for _, words in inclusion_faults({name: parameters})]


def inclusion_faults(inclusion: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return every fault of a question's `inclusion` block as (criterion, English words); empty when sound."""
    faults: list[tuple[str, str]] = []
    for name, parameters in inclusion.items():
        if name not in _criteria():
            faults.append((name, f"{name} is no criterion; known are {', '.join(names())}"))
        elif not isinstance(parameters, Mapping):
            faults.append((name, f"{name} needs a mapping of parameters, {{}} when there are none"))
        else:
            faults += [(name, words) for words in parameter_faults(find(name).parameters, parameters)]
    return faults


def examine(exam: ExamFacts, inclusion: Mapping[str, Mapping[str, Any]]) -> list[Judgement]:
    """Return every judgement of one exam, all reasons at once, accepted ones included.

    `inclusion` is the question's block (criterion -> parameters); what it leaves out takes the declared default. The
    criteria of `ALWAYS` are judged first even when the question does not name them. ValueError when the block
    itself is at fault: the question file's check lets no such block through.
    """
    if faults := inclusion_faults(inclusion):
        raise ValueError("; ".join(words for _, words in faults))
    parameters_by_criterion: dict[str, Mapping[str, Any]] = {name: inclusion.get(name, {}) for name in ALWAYS}
    parameters_by_criterion |= {name: parameters for name, parameters in inclusion.items() if name not in ALWAYS}
    volumes = replace(exam, series=tuple(series for series in exam.series if exam.geometry(series.image) is not None))
    judgements: list[Judgement] = []
    for name, parameters in parameters_by_criterion.items():
        criterion = find(name)
        defaults = {parameter.name: parameter.default for parameter in criterion.parameters}
        seen = volumes if criterion.of_slices else exam
        judgements += criterion.judge(Judge(name), seen, **{**defaults, **parameters})
    return _once(judgements, exam)


def _once(judgements: list[Judgement], exam: ExamFacts) -> list[Judgement]:
    """Two criteria may come upon the same fault of a file; it is said once, under the last; so is a missing field."""
    reasons: dict[tuple[str, str, str], Judgement] = {}
    for judgement in judgements:
        missing = judgement.reason == "missing_value" and judgement.where in exam.fields
        message = "" if missing else judgement.message
        key = (judgement.where, message, judgement.criterion if judgement.outcome == "accept" else "")
        reasons[key] = judgement
    return list(reasons.values())
