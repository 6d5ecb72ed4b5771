"""Every field that the question needs is there. Judged for every question."""

from __future__ import annotations

from collections.abc import Iterator

from concours.formats.fault import plural_noop
from concours.inclusion.exam.facts import ExamFacts, FieldFacts
from concours.inclusion.judgement import Judge, Judgement, gettext_noop
from concours.inclusion.parameter import Parameter

TITLE = gettext_noop("Required values")
SUMMARY = gettext_noop("Every value, table and mask that scoring, the sets or the data of teams need is there.")
PARAMETERS: tuple[Parameter, ...] = ()

MET = gettext_noop("All required values are there.")
MISSING = gettext_noop("“%(field)s” is missing. Enter it.")
NO_MASK = gettext_noop("The mask “%(field)s” is missing. Send it with the exam.")
NO_TABLE = gettext_noop("The table “%(field)s” is missing. Send it with the exam.")
NO_CELL = gettext_noop("“%(field)s”, row %(row)d: “%(column)s” is missing. Enter it.")
FEW = plural_noop(
    "“%(field)s” has %(count)d row; at least %(least)d are required.",
    "“%(field)s” has %(count)d rows; at least %(least)d are required.",
)
MANY = plural_noop(
    "“%(field)s” has %(count)d row; at most %(most)d is allowed.",
    "“%(field)s” has %(count)d rows; at most %(most)d are allowed.",
)
MOST_CELLS = 10  # missing cells of one table that are named


def judge(say: Judge, exam: ExamFacts) -> Iterator[Judgement]:
    """Refuse for each required field that is missing, and for each table with missing cells or too few or too many rows."""
    faults = [fault for facts in exam.fields.values() for fault in _field(say, facts)]
    yield from faults
    if not faults:
        yield say.accept("", MET)


def _field(say: Judge, facts: FieldFacts) -> Iterator[Judgement]:
    kind, name = facts.declared.get("type"), facts.name
    if facts.missing:
        if facts.declared.get("required"):
            template = NO_MASK if kind == "mask" else NO_TABLE if kind == "table" else MISSING
            yield say.refuse("missing_value", name, template, field=name)
    elif kind == "table" and isinstance(facts.value, list):
        yield from _rows(say, facts)


def _rows(say: Judge, facts: FieldFacts) -> Iterator[Judgement]:
    name, count = facts.name, len(facts.value)
    least, most = facts.declared.get("rows_min"), facts.declared.get("rows_max")
    if least is not None and count < least:
        yield say.refuse("criterion_not_met", name, FEW, field=name, count=count, least=least)
    if most is not None and count > most:
        yield say.refuse("criterion_not_met", name, MANY, field=name, count=count, most=most)
    required = facts.declared.get("columns_required") or []
    missing = [(n, column) for n, row in enumerate(facts.value, 1) for column in required if row.get(column) is None]
    for number, column in missing[:MOST_CELLS]:
        yield say.refuse(
            "missing_value", f"{name}, row {number}, {column}", NO_CELL, field=name, row=number, column=column
        )
