"""The gate: of all that a centre sends beside images, only declared fields pass, each as its type, texts in examined pieces.

Plain: the server's limited child calls it, and a browser may. See docs/decisions/0011-values-and-text.md.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from functools import partial
from typing import Any

from concours.deid.values.contradictions import FORM, SentValue, contradiction
from concours.deid.values.folded import Folded, fold
from concours.deid.values.known import KnownIdentifiers
from concours.deid.values.prose import Piece, Pieces, examine_text, safe_text
from concours.deid.values.rows import LONGEST_TEXT, TOO_LONG, Rows
from concours.formats.fault import Fault, clip, gettext_noop
from concours.formats.values import parse_boolean, parse_number
from concours.questions.schema import ColumnSpec, FieldSpec

MOST_ROWS = 10_000  # of one table field of one exam
SHOWN = 8  # names of columns in one note

EXTRA = gettext_noop("%(table)s: columns that the question does not declare were dropped: %(columns)s.")
NO_NUMBER = gettext_noop("“%(field)s” is not a number. Correct it and send the exam again.")
NOT_WHOLE = gettext_noop("“%(field)s” is not a whole number. Correct it and send the exam again.")
NO_BOOLEAN = gettext_noop("“%(field)s” is neither yes nor no. Correct it and send the exam again.")
NO_CHOICE = gettext_noop("“%(field)s” must be one of: %(allowed)s. Correct it and send the exam again.")
NO_DATE = gettext_noop("“%(field)s” is not a date such as 2019-03-24. Correct it and send the exam again.")
NO_TIME = gettext_noop("“%(field)s” is not a time such as 14:30. Correct it and send the exam again.")
NO_TABLE = gettext_noop("“%(field)s” must be a list of rows. Send it as a table %(table)s.csv.")
OUTSIDE = gettext_noop("“%(field)s” must be between %(low)s and %(high)s. Correct it and send the exam again.")
INVALID = frozenset(
    ("non_numeric", "wrong_format", "out_of_range", "too_large", "contradiction")
)  # reasons after which the exam cannot be used

_SQUASH = re.compile(r"[\W_]+")
_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:[T ].*)?", re.ASCII)
_TIME = re.compile(r"(\d{1,2})[:h](\d{2})(?::(\d{2}))?", re.ASCII)
# Columns that no question declares and that say who the person is: their content is looked for in the texts of the same exam.
_PEOPLE = re.compile(
    r"name|nom$|^nom|prenom|surname|medecin|doctor|physician|radiologue|radiologist|operat|apelido|medic[oa]$|referr"
)
_NUMBERS = re.compile(
    r"patient|ipp|nip|mrn|^id$|birth|naissance|nascimento|dossier|accession|phone|tel|mail|nss|ssn|utente|processo|dob"
)
_PLACES = re.compile(r"address|adresse|morada|city|ville|hospital|hopital|institution|clinic")


@dataclass(frozen=True)
class Declared:
    """A field, or a column of a table field, as far as the gate needs it."""

    name: str
    type: str
    min: float | None = None
    max: float | None = None
    allowed: tuple[str, ...] = ()
    columns: Mapping[str, Declared] = field(default_factory=dict)

    @classmethod
    def of(cls, spec: FieldSpec | ColumnSpec) -> Declared:
        columns = {name: cls.of(column) for name, column in spec.columns.items()} if isinstance(spec, FieldSpec) else {}
        return cls(spec.name, spec.type, spec.min, spec.max, spec.allowed, columns)

    def to_json(self) -> dict[str, Any]:
        columns = {name: column.to_json() for name, column in self.columns.items()}
        return {"name": self.name, "type": self.type, "min": self.min, "max": self.max, "allowed": list(self.allowed),
                "columns": columns}  # fmt: skip

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Declared:
        columns = {name: cls.from_json(column) for name, column in value["columns"].items()}
        return cls(value["name"], value["type"], value["min"], value["max"], tuple(value["allowed"]), columns)


def declared_fields(fields: Mapping[str, FieldSpec]) -> dict[str, Declared]:
    """The fields that a centre may send as values: no mask, and nothing that is derived from another field."""
    return {name: Declared.of(field) for name, field in fields.items() if field.type != "mask" and field.derive is None}


@dataclass(frozen=True)
class GatedText:
    """One text in pieces. `place` is the field, or `field.row.column` (rows from 0)."""

    place: str
    pieces: Pieces

    @property
    def safe(self) -> str:
        return safe_text(self.pieces)

    @property
    def undecided(self) -> bool:
        return any(piece.state == "unsure" for piece in self.pieces)

    def to_json(self) -> dict[str, Any]:
        return {"place": self.place, "pieces": [piece.to_json() for piece in self.pieces]}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> GatedText:
        return cls(value["place"], tuple(Piece.from_json(piece) for piece in value["pieces"]))


@dataclass(frozen=True)
class Admission:
    """What passed: values by field (a list of rows for a table), texts in pieces, and what was dropped or is wrong."""

    values: Mapping[str, Any]
    texts: tuple[GatedText, ...] = ()
    faults: tuple[Fault, ...] = ()


def identities_of(rows: Iterable[Mapping[str, Any]], fields: Mapping[str, Declared]) -> KnownIdentifiers:
    """Names, numbers and places in columns that the question does not declare: what to look for in the declared texts."""
    people, numbers, places = set[str](), set[str](), set[str]()
    declared_names = {_squash(name) for declared in fields.values() for name in (declared.name, *declared.columns)}
    for row in rows:
        for name, value in row.items():
            text = str(value).strip() if isinstance(value, str | int | float) else ""
            called = fold(str(name))
            if not text or _squash(str(name)) in declared_names:
                continue
            if _PEOPLE.search(called):
                people.add(text)
            elif _NUMBERS.search(called):
                numbers.add(text)
            elif _PLACES.search(called):
                places.add(text)
    return KnownIdentifiers.of(people, numbers, places)


def admit(
    fields: Mapping[str, Declared], sources: Iterable[Rows], *, identifiers: KnownIdentifiers, shift_days: int
) -> Admission:
    """Lets through what the question declares; dates move by `shift_days`. A field with contradictory values has none."""
    by_field: dict[str, list[SentValue]] = {}
    faults: list[Fault] = []
    listed = list(sources)
    for source, called in zip(listed, _called(listed, identifiers), strict=True):
        for name, sent in _of_source(fields, source, called, identifiers, faults):
            by_field.setdefault(name, []).append(sent)
    gate = _Gate(identifiers, shift_days, faults)
    values: dict[str, Any] = {}
    for name, sent_values in by_field.items():
        declared = fields[name]
        scratch = _Gate(
            identifiers, shift_days, []
        )  # to compare values by what they mean; its faults count for nothing
        fault = contradiction(name, sent_values, partial(scratch.field, declared))
        if fault is not None:
            faults.append(fault)
        last = next((sent.value for sent in reversed(sent_values) if not sent.is_blank), None)
        values[name] = None if fault is not None else gate.field(declared, last)
    return Admission(values, tuple(gate.texts), tuple(faults))


def _called(sources: Sequence[Rows], identifiers: KnownIdentifiers) -> list[str]:
    """What a reason calls each source: by its name, with a number where several bear it, and without what names the person."""
    count = Counter(source.called for source in sources if not source.row)
    names = []
    for n, source in enumerate(sources):
        shown = _shown_name(source.called, identifiers)
        before = sum(other.called == source.called and not other.row for other in sources[: n + 1])
        names.append(f"{shown} ({before})" if count[source.called] > 1 and not source.row else shown)
    return names


def _squash(name: str) -> str:
    return _SQUASH.sub("", fold(name))


def _of_source(
    fields: Mapping[str, Declared], source: Rows, called: str, identifiers: KnownIdentifiers, faults: list[Fault]
) -> Iterator[tuple[str, SentValue]]:
    """Field and what was sent for it: a table named after a table field is its rows, `field,value` pairs are fields, and any
    other table has the fields as columns, and rows that must not contradict each other."""
    names = {_squash(name): name for name in fields}
    table = fields.get(names.get(_squash(source.stem), ""))
    if table is not None and table.type == "table" and source.called != FORM and not source.row:
        rows = _declared_rows(table, source.rows, source.called, identifiers, faults)
        yield table.name, SentValue(rows, called)
        return
    pairs = bool(source.rows) and set(map(_squash, source.rows[0])) >= {"field", "value"}
    extra: dict[str, None] = {}
    for number, row in enumerate(source.rows, 2):
        cells = {str(_cell(row, "field")): _cell(row, "value")} if pairs else row
        for sent, value in cells.items():
            name = names.get(_squash(str(sent)))
            if name is None:
                extra[str(sent)] = None
            elif fields[name].type == "table" and isinstance(value, list):
                listed = [item for item in value if isinstance(item, Mapping)]
                rows = _declared_rows(fields[name], listed, name, identifiers, faults)
                yield name, SentValue(rows, called)
            else:
                yield name, SentValue(value, called, source.row or number, str(sent))
    _note_extra(list(extra), source.called, identifiers, faults)


def extra_columns(fields: Mapping[str, Declared], source: Rows, *, beside: Iterable[str] = ()) -> list[Fault]:
    """One note on the columns of a table that no field has, `beside` those that say who the patient is."""
    declared_names = {_squash(name) for name in (*fields, *beside)}
    extra = dict.fromkeys(str(name) for row in source.rows for name in row if _squash(str(name)) not in declared_names)
    faults: list[Fault] = []
    _note_extra(list(extra), source.called, KnownIdentifiers(), faults)
    return faults


def _cell(row: Mapping[str, Any], column: str) -> Any:
    return next((value for name, value in row.items() if _squash(str(name)) == column), None)


def _declared_rows(
    table: Declared, rows: Iterable[Mapping[str, Any]], called: str, identifiers: KnownIdentifiers, faults: list[Fault]
) -> list[dict[str, Any]]:
    names = {_squash(name): name for name in table.columns}
    extra: dict[str, None] = {}
    declared_rows: list[dict[str, Any]] = []
    for row in list(rows)[:MOST_ROWS]:
        declared_rows.append({})
        for sent, value in row.items():
            name = names.get(_squash(str(sent)))
            if name is None:
                extra[str(sent)] = None
            else:
                declared_rows[-1].setdefault(name, value)
    _note_extra(list(extra), called, identifiers, faults)
    return declared_rows


def _note_extra(extra: list[str], called: str, identifiers: KnownIdentifiers, faults: list[Fault]) -> None:
    """One note per source. A column whose own name names the person is counted, not shown."""
    named = [name for name in extra if name.strip()]
    if not named:
        return
    shown = ["…" if next(identifiers.spans(Folded.of(name)), None) else clip(name, 30) for name in named[:SHOWN]]
    more = ["…"] if len(named) > SHOWN else []
    table = _shown_name(called, identifiers)
    faults.append(Fault("extra_column", table, EXTRA, {"table": table, "columns": ", ".join([*shown, *more])}))


def _shown_name(called: str, identifiers: KnownIdentifiers) -> str:
    return "…" if next(identifiers.spans(Folded.of(called)), None) else clip(called, 60)


class _Gate:
    """Parses values into their types; gathers texts and faults."""

    def __init__(self, identifiers: KnownIdentifiers, shift_days: int, faults: list[Fault]) -> None:
        self.identifiers, self.shift_days, self.faults = identifiers, shift_days, faults
        self.texts: list[GatedText] = []

    def field(self, declared: Declared, value: Any) -> Any:
        if declared.type != "table":
            return self.scalar(declared, value, declared.name, declared.name)
        if not isinstance(value, list):
            self._wrong("wrong_format", declared.name, NO_TABLE, field=declared.name, table=declared.name)
            return None
        return [
            {
                name: self.scalar(
                    declared.columns[name],
                    cell,
                    f"{declared.name}.{number}.{name}",
                    f"{declared.name}, {number + 1}: {name}",
                )
                for name, cell in row.items()
            }
            for number, row in enumerate(value)
        ]

    def scalar(self, declared: Declared, value: Any, place: str, shown: str) -> Any:
        """The value as its type; None where nothing was sent, or where it is not of its type, which is a fault."""
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        if isinstance(value, dict | list):
            self._wrong(
                "wrong_format", place, NO_NUMBER if declared.type == "number" else NO_CHOICE, field=shown, allowed=""
            )
            return None
        return getattr(self, f"_{declared.type}")(declared, value, place, shown)

    def _number(self, declared: Declared, value: Any, place: str, shown: str) -> float | None:
        number = parse_number(value)
        if number is None:
            self._wrong("non_numeric", place, NO_NUMBER, field=shown)
            return None
        return self._within(declared, number, place, shown)

    def _integer(self, declared: Declared, value: Any, place: str, shown: str) -> int | None:
        number = parse_number(value)
        if number is None or not number.is_integer():
            self._wrong("non_numeric", place, NO_NUMBER if number is None else NOT_WHOLE, field=shown)
            return None
        within = self._within(declared, number, place, shown)
        return None if within is None else int(within)

    def _within(self, declared: Declared, number: float, place: str, shown: str) -> float | None:
        low, high = declared.min, declared.max
        if (low is not None and number < low) or (high is not None and number > high):
            ends = {"low": "–" if low is None else f"{low:g}", "high": "–" if high is None else f"{high:g}"}
            self._wrong("out_of_range", place, OUTSIDE, field=shown, **ends)
            return None
        if declared.allowed and all(parse_number(choice) != number for choice in declared.allowed):
            self._wrong("out_of_range", place, NO_CHOICE, field=shown, allowed=", ".join(declared.allowed))
            return None
        return number

    def _boolean(self, _declared: Declared, value: Any, place: str, shown: str) -> bool | None:
        truth = parse_boolean(value)
        if truth is None:
            self._wrong("wrong_format", place, NO_BOOLEAN, field=shown)
        return truth

    def _category(self, declared: Declared, value: Any, place: str, shown: str) -> str | None:
        """One of the allowed values, in any case and with any accents; a number in any spelling."""
        text = f"{value:g}" if isinstance(value, float) else str(value).strip()
        if text in declared.allowed:
            return text
        same = [choice for choice in declared.allowed if fold(choice) == fold(text)]
        number = parse_number(text)
        same = same or [choice for choice in declared.allowed if number is not None and parse_number(choice) == number]
        if len(same) == 1:
            return same[0]
        self._wrong("out_of_range", place, NO_CHOICE, field=shown, allowed=", ".join(declared.allowed))
        return None

    def _date(self, _declared: Declared, value: Any, place: str, shown: str) -> str | None:
        match = _DATE.fullmatch(str(value).strip())
        try:
            moved = date(*map(int, match.groups())) + timedelta(days=self.shift_days) if match else None
        except (ValueError, OverflowError):
            moved = None
        if moved is None:
            self._wrong("wrong_format", place, NO_DATE, field=shown)
            return None
        return moved.isoformat()

    def _time(self, _declared: Declared, value: Any, place: str, shown: str) -> str | None:
        match = _TIME.fullmatch(str(value).strip())
        hour, minute, second = (int(part or 0) for part in match.groups()) if match else (24, 0, 0)
        if hour > 23 or minute > 59 or second > 59:
            self._wrong("wrong_format", place, NO_TIME, field=shown)
            return None
        return time(hour, minute, second).isoformat()

    def _text(self, _declared: Declared, value: Any, place: str, shown: str) -> str | None:
        text = str(value).strip()
        if len(text) > LONGEST_TEXT:
            self._wrong("too_large", place, TOO_LONG, name=shown, limit=LONGEST_TEXT)
            return None
        gated = GatedText(place, examine_text(text, self.identifiers))
        self.texts.append(gated)
        return gated.safe

    def _wrong(self, reason: str, place: str, template: str, **values: Any) -> None:
        where = place.partition(".")[0]
        self.faults.append(Fault(reason, where, template, {name: str(value) for name, value in values.items()}))
