"""A draft from another platform becomes a question file of ours, checked like any other."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import yaml

from concours.formats.fault import gettext_noop
from concours.questions.schema import KnownNames, SpecError, load_spec
from concours.questions.schema.mistakes import Mistake

from .imported import Findings, Imported, ImportedColumn, ImportedContest


def slug_of(title: str, default: str = "question") -> str:
    """A slug from any title: `Segmentation 2024!` becomes `segmentation-2024`."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50].strip("-") or default


def name_of(key: str, taken: dict[str, Any]) -> str:
    """A score's name from any key: `Dice (mean)` becomes `dice_mean`, another one `dice_mean_2`."""
    name = slug_of(key, "score").replace("-", "_")
    name = f"score_{name}" if name[0].isdigit() else name
    number = 2
    while name in taken:
        name, number = f"{name.rstrip('0123456789_')}_{number}", number + 1
    return name


def write_question(draft: ImportedContest, findings: Findings) -> Imported:
    """The question file of a draft. Raises SpecError with every mistake found so far: nothing is imported by half."""
    if not draft.windows and not findings.mistakes:
        findings.wrong(1, "phases", gettext_noop("there is no phase"))
    if not draft.columns and not findings.mistakes:
        findings.wrong(1, "leaderboards", gettext_noop("there is no column to rank by"))
    if findings.mistakes:
        raise SpecError(findings.mistakes)
    text = yaml.safe_dump(_document(draft), sort_keys=False, allow_unicode=True, width=120)
    try:
        load_spec(text, KnownNames(kinds=("external",), metrics=(), criteria=()))
    except SpecError as error:
        raise SpecError(
            [
                Mistake(1, mistake.where, gettext_noop("%(message)s"), {"message": mistake.message})
                for mistake in error.mistakes
            ]
        ) from error
    template = gettext_noop(
        "scores come from the organisers' own program, as a table; name kind, data, submission and metrics to have them "
        "computed here"
    )
    findings.note(1, "", template)
    return Imported(draft.source, text, tuple(sorted(findings.notes, key=lambda note: note.line)))


def _document(draft: ImportedContest) -> dict[str, Any]:
    names: dict[str, str] = {}
    for column in draft.columns:
        names[column.key] = name_of(column.key, dict.fromkeys(names.values(), 1))
    plain = [column for column in draft.columns if not column.of]
    digits = [column.digits for column in draft.columns if column.digits is not None]
    return {
        "concours": 1,
        "slug": slug_of(draft.title),
        "title": draft.title,
        "summary": draft.summary,
        "source": draft.source,
        "kind": "external",
        "data": {"deliver": {"format": "dicom"}},
        "phases": _phases(draft),
        "submission": {"id_column": "case_id"},
        "metrics": {
            names[column.key]: {
                "metric": "external",
                "over": "set",
                "direction": column.direction,
                "title": column.title,
            }
            for column in plain
        },
        "ranking": _ranking(draft, names),
        "leaderboard": {"public_share": 1 if draft.public else 0, "digits": min(max(digits, default=4), 15)},
        "limits": dict(draft.limits),
    }


def _phases(draft: ImportedContest) -> dict[str, Any]:
    phases: dict[str, Any] = {}
    for window in draft.windows:
        name = slug_of(window.name, "phase")
        name = f"phase-{name}" if name[0].isdigit() else name
        while name in phases:
            name = f"{name}-2"
        last = window is draft.windows[-1]
        phases[name] = {
            "opens": window.opens,
            "closes": window.closes,
            "accepts": "submissions",
            "decides": last,
            "title": window.title,
        }
    return phases


def _ranking(draft: ImportedContest, names: dict[str, str]) -> dict[str, Any]:
    ranking: dict[str, Any] = {"rule": "best_score", "by": [names[draft.main]], "tie_break": ["submitted_at"]}
    derived = _derived(next(column for column in draft.columns if column.key == draft.main), names)
    if derived:
        ranking["derived"] = {names[draft.main]: derived}
    return ranking


def _derived(main: ImportedColumn, names: dict[str, str]) -> dict[str, Any]:
    return {"how": "mean", "of": [names[key] for key in main.of]} if main.of else {}
