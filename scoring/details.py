"""What lies behind a score, for a page: counts, the scores of classes, tables; the same numbers that the API gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from challenges.question_words import number
from concours.formats.json import Json

TITLES: Mapping[str, Json] = {
    "true_positives": _("True positives"),
    "false_positives": _("False positives"),
    "true_negatives": _("True negatives"),
    "false_negatives": _("False negatives"),
    "indeterminate": _("Indeterminate"),
    "indeterminate_share": _("Share of indeterminate answers"),
    "positives": _("Positive exams"),
    "negatives": _("Negative exams"),
    "cases": _("Cases"),
    "exams": _("Exams"),
    "lesions": _("Lesions"),
    "readers": _("Readers"),
    "absent": _("Classes that do not occur"),
    "sensitivities": _("Sensitivity by false alarms per exam"),
    "labels": _("By class"),
    "recalls": _("Recall by class"),
    "areas": _("Areas of the tasks"),
    "weights": _("Weights of the tasks"),
    "declared": _("Declared by the team"),
    "measured": _("Measured by the organisers"),
    "differs": _("Declared and measured differ"),
    "undefined_cases": _("Cases without a score"),
}
TABLES = ("confusion", "observed")  # rows: the truth; columns: the prediction; both over `labels`


@dataclass(frozen=True)
class Detail:
    """One row of facts: a title and its value, or a title and a value for each name."""

    title: str
    value: str = ""
    parts: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class DetailTable:
    """How often each true class (row) was given each class (column)."""

    labels: Sequence[str]
    rows: Sequence[tuple[str, Sequence[int]]]


@dataclass(frozen=True)
class Details:
    facts: Sequence[Detail] = field(default_factory=list)
    table: DetailTable | None = None

    def __bool__(self) -> bool:
        return bool(self.facts) or self.table is not None


def details_of(details: Mapping[str, Json]) -> Details:
    """Everything that a metric said about its score, readable."""
    table = next((details[name] for name in TABLES if name in details), None)
    facts = [
        _fact(name, value)
        for name, value in details.items()
        if name not in TABLES and not (name == "labels" and table is not None) and value not in ({}, [], None)
    ]
    if table is None:
        return Details(facts)
    labels = [str(label) for label in details.get("labels", range(len(table)))]
    return Details(facts, DetailTable(labels, list(zip(labels, table, strict=True))))


def _fact(name: str, value: Json) -> Detail:
    title = str(TITLES.get(name, name.replace("_", " ").capitalize()))
    if isinstance(value, Mapping):
        return Detail(title, parts=[(str(key), _written(part)) for key, part in value.items()])
    if isinstance(value, list | tuple):
        return Detail(title, ", ".join(_written(part) for part in value))
    return Detail(title, _written(value))


def _written(value: Json) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, int | float):
        return number(round(value, 4))
    if isinstance(value, list | tuple):
        return " / ".join(_written(part) for part in value)
    return str(value)
