"""Finds the criteria in this folder and applies those that a question asks for, in the question's order."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from anonymization.criteria.exam.facts import ExamFacts
from anonymization.criteria.judgement import Judge, Judgement
from anonymization.criteria.parameter import Parameter, parameter_faults

ALWAYS = ("files",)  # judged first for every question: an exam whose files are damaged or missing is never accepted


@dataclass(frozen=True)
class Criterion:
    """A criterion's file: its name is the file's, `summary` one English sentence, `judge` yields its judgements."""

    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    judge: Callable[..., Iterator[Judgement]]


@cache
def _criteria() -> dict[str, Criterion]:
    found = {}
    for module in sorted(pkgutil.iter_modules([str(Path(__file__).parent)]), key=lambda one: one.name):
        if module.ispkg or module.name == "examine":
            continue
        content = importlib.import_module(f"anonymization.criteria.{module.name}")
        if hasattr(content, "PARAMETERS") and hasattr(content, "judge"):
            found[module.name] = Criterion(module.name, content.SUMMARY, content.PARAMETERS, content.judge)
    return found


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


def criterion_faults(name: str, given: Mapping[str, Any]) -> list[str]:
    """Return in English what is wrong with one criterion's block of a question file; empty when it is sound."""
    return [words for _, words in inclusion_faults({name: given})]


def inclusion_faults(inclusion: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return every fault of a question's `inclusion` block as (criterion, English words); empty when sound."""
    faults: list[tuple[str, str]] = []
    for name, given in inclusion.items():
        if name not in _criteria():
            faults.append((name, f"{name} is no criterion; known are {', '.join(names())}"))
        elif not isinstance(given, Mapping):
            faults.append((name, f"{name} needs a mapping of parameters, {{}} when there are none"))
        else:
            faults += [(name, words) for words in parameter_faults(find(name).parameters, given)]
    return faults


def examine(exam: ExamFacts, inclusion: Mapping[str, Mapping[str, Any]]) -> list[Judgement]:
    """Return every judgement of one exam, all reasons at once, accepted ones included.

    `inclusion` is the question's block (criterion -> parameters); what it leaves out takes the declared default. The
    criterion `files` is judged first even when the question does not name it. ValueError when the block itself is
    at fault: the question file's check lets no such block through.
    """
    if faults := inclusion_faults(inclusion):
        raise ValueError("; ".join(words for _, words in faults))
    asked: dict[str, Mapping[str, Any]] = {name: inclusion.get(name, {}) for name in ALWAYS}
    asked |= {name: given for name, given in inclusion.items() if name not in ALWAYS}
    judgements: list[Judgement] = []
    for name, given in asked.items():
        criterion = find(name)
        defaults = {parameter.name: parameter.default for parameter in criterion.parameters}
        judgements += criterion.judge(Judge(name), exam, **{**defaults, **given})
    return judgements
