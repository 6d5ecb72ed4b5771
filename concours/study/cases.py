"""Exams without images: each row of a table is one, and so is each text file. Files are parsed one by one, in limited children.

The patient is the column that the question names, or the name of the text file. See docs/decisions/0011-values-and-text.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from concours.deid.values import Declared, KnownIdentifiers, ParsedSource, Rows, identities_of, parse_here
from concours.deid.values.folded import fold
from concours.deid.values.gate import extra_columns
from concours.formats.fault import Fault, gettext_noop
from concours.formats.manifest import SubmissionLimits
from concours.formats.stored import Stored
from concours.study.grouping import notes_of
from concours.study.sent import SentFile
from concours.study.sorting import all_files

TEXT_ENDINGS = (".txt", ".text", ".md")
# Taken for the patient's column where the question names none and the table has none of its name.
USUAL_NAMES = ("patient_id", "patient", "patient id", "id patient", "ipp", "nip", "mrn", "subject_id", "subject", "id")
MOST_FAULTS = 50

NO_PATIENT = gettext_noop(
    "%(name)s has no column “%(column)s”, which says whose values they are. Add it and send the table again."
)
NO_NUMBER = gettext_noop(
    "%(name)s, row %(row)d: “%(column)s” is empty. Enter the patient's number and send the row again."
)
NO_ROW = gettext_noop(
    "'%(name)s' belongs to no single row of the tables beside it. Name it in one row, or send it alone."
)
WHICH_FIELD = gettext_noop("'%(name)s' is a text, but of which field? Name it after its field: %(fields)s.")
NO_CASE = gettext_noop(
    "No row and no text that this question asks for was found. Send a table with the columns %(columns)s."
)
PAIRS = frozenset(("field", "value"))
_SQUASH = re.compile(r"[\W_]+")


@dataclass
class SentCase:
    """One exam without images: the patient's own number, declared values as they were sent, and what else names the person.

    `values` are the first that were sent of each field; `sources` are all of them, each where it was sent.
    """

    patient: str
    values: dict[str, Any]
    called: str  # where its centre finds it: the table and row, or the file
    source: str
    people: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)
    sources: list[ParsedSource] = field(default_factory=list)

    def read_text(self, name: str, file: str, text: str) -> None:
        """The text of a file that a cell of the field `name` names takes the place of that cell."""
        self.values[name] = text
        self.sources = [
            replace(source, rows=tuple(_with_text(row, file, text) for row in source.rows)) for source in self.sources
        ]

    def to_json(self) -> dict[str, Any]:
        sets = {name: sorted(getattr(self, name)) for name in ("people", "numbers", "places")}
        return {"patient": self.patient, "values": self.values, "called": self.called, "source": self.source,
                "sources": [source.to_json() for source in self.sources], **sets}  # fmt: skip

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SentCase:
        people, numbers, places = (set(map(str, value[name])) for name in ("people", "numbers", "places"))
        return cls(
            str(value["patient"]),
            dict(value["values"]),
            str(value["called"]),
            str(value["source"]),
            people,
            numbers,
            places,
            [ParsedSource.from_json(source) for source in value["sources"]],
        )


def sort_cases(
    paths: list[str], names: list[str], into: str, limits: dict[str, int], fields: list[dict[str, Any]], patient: str
) -> dict[str, Any]:
    """`build_cases` of uploads whose files are parsed in this process. Raises FormatError."""
    sent = list_sources(paths, names, into, limits)
    parsed = [parsed_by(parse_here, SentFile.from_json(file)) for file in sent]
    return build_cases(sent, parsed, fields, patient)


def list_sources(paths: list[str], names: list[str], into: str, limits: dict[str, int]) -> list[dict[str, Any]]:
    """The files of uploads by their names, unpacked where they have to be. Raises FormatError."""
    files = all_files(paths, names, Path(into), SubmissionLimits(**limits), ())
    return [file.to_json() for file in sorted(files, key=lambda source: source.name)]


def parsed_by(parse: Callable[..., ParsedSource], file: SentFile) -> dict[str, Any] | None:
    """What `parse` makes of a file from which rows or texts come; None of any other, which is set aside."""
    if not _is_text(file) and file.kind != "table":
        return None
    stored = Stored(Path(file.path), file.name, file.offset, file.size)
    return parse(stored, PurePosixPath(file.name).name, is_text=_is_text(file)).to_json()


def _is_text(file: SentFile) -> bool:
    return file.name.lower().endswith(TEXT_ENDINGS)


def build_cases(
    sent: list[dict[str, Any]], parsed: list[dict[str, Any] | None], fields: list[dict[str, Any]], patient: str
) -> dict[str, Any]:
    """`{"cases": [SentCase], "faults": [Fault], "aside": [SetAside]}` of the files of uploads and what each one holds."""
    builder = _CaseBuilder({field["name"]: Declared.from_json(field) for field in fields}, patient)
    files = [SentFile.from_json(file) for file in sent]
    sources = [None if source is None else ParsedSource.from_json(source) for source in parsed]
    pairs = [(file, source) for file, source in zip(files, sources, strict=True) if source is not None]
    for file, source in pairs:
        if not _is_text(file):
            builder.add_table(file, source)
    for file, source in pairs:
        if _is_text(file):
            builder.add_text(file, source)
    aside = [file for file, source in zip(files, sources, strict=True) if source is None]
    cases = [case for case in builder.cases if any(_given(value) for value in case.values.values())]
    faults = builder.faults
    if not cases and not faults:
        columns = ", ".join([patient, *(field["name"] for field in fields)])
        faults = [Fault("empty_submission", "upload", NO_CASE, {"columns": columns})]
    return {
        "cases": [case.to_json() for case in cases],
        "faults": [fault.to_json() for fault in faults[:MOST_FAULTS]],
        "aside": [note.to_json() for note in notes_of(aside)],
    }


def _given(value: Any) -> bool:
    return value is not None and str(value).strip() != ""


def _squash(name: str) -> str:
    return _SQUASH.sub("", fold(name))


class _CaseBuilder:
    """Cases of the tables first, then of the texts; a patient of two tables is one case."""

    def __init__(self, fields: Mapping[str, Declared], patient: str) -> None:
        self.fields, self.patient = fields, patient
        self.names = {_squash(name): name for name in fields}
        self.texts = [name for name, field in fields.items() if field.type == "text"]
        self.cases: list[SentCase] = []
        self.faults: list[Fault] = []

    # --- tables -------------------------------------------------------------------------------------------------------

    def add_table(self, file: SentFile, parsed: ParsedSource) -> None:
        called = parsed.called
        if parsed.faults:
            self.faults += parsed.faults
            return
        rows = _pivoted(parsed.as_rows())
        if not rows.rows:
            return
        column = self._patient_column(rows.rows)
        if column is None:
            values = {"name": called, "column": self.patient}
            self.faults.append(Fault("missing_column", called, NO_PATIENT, values))
            return
        self.faults += extra_columns(self.fields, rows, beside=(column,))
        earlier = self._by_patient()
        for number, row in enumerate(rows.rows, 2):
            who = str(row.get(column) or "").strip()
            if not who:
                self.faults.append(_no_number(called, number, column))
                continue
            self._add_row(row, who, (called, number), file.name, earlier.get(_squash(who), []))

    def _patient_column(self, rows: Sequence[Mapping[str, Any]]) -> str | None:
        columns = {_squash(str(name)): str(name) for name in rows[0]}
        undeclared = [name for name in (self.patient, *USUAL_NAMES) if _squash(name) not in self.names]
        return next((columns[_squash(name)] for name in undeclared if _squash(name) in columns), None)

    def _by_patient(self) -> dict[str, list[SentCase]]:
        by_patient: dict[str, list[SentCase]] = {}
        for case in self.cases:
            by_patient.setdefault(_squash(case.patient), []).append(case)
        return by_patient

    def _add_row(
        self, row: Mapping[str, Any], who: str, place: tuple[str, int], source: str, same: Sequence[SentCase]
    ) -> None:
        declared = {str(name): value for name, value in row.items() if _squash(str(name)) in self.names}
        values = {self.names[_squash(name)]: value for name, value in declared.items()}
        called, number = place
        more = identities_of([row], self.fields)
        if not same:
            self.cases.append(SentCase(who, values, f"{called}, row {number}", source))
            same = self.cases[-1:]
        for case in same:
            case.values |= {name: value for name, value in values.items() if not _given(case.values.get(name))}
            case.sources.append(ParsedSource(called, (declared,), row=number))
            _know(case, more)

    # --- texts --------------------------------------------------------------------------------------------------------

    def add_text(self, file: SentFile, parsed: ParsedSource) -> None:
        path = PurePosixPath(file.name)
        if parsed.faults:
            self.faults += parsed.faults
            return
        text = parsed.text
        named = [case for case in self.cases if self._names_file(case, path)]
        if len(named) == 1:
            field_ = next(name for name in self.texts if _is_file(named[0].values.get(name), path))
            named[0].read_text(field_, path.name, text)
            return
        field_, who = self._field_and_patient(path)
        if not field_:
            values = {"name": file.name, "fields": ", ".join(self.texts)}
            self.faults.append(Fault("extra_file", file.name, WHICH_FIELD, values))
            return
        same = [case for case in self.cases if _squash(case.patient) == _squash(who)]
        if len(same) > 1 or len(named) > 1:
            self.faults.append(Fault("extra_file", file.name, NO_ROW, {"name": file.name}))
        elif same:
            if not _given(same[0].values.get(field_)):
                same[0].values[field_] = text
            same[0].sources.append(ParsedSource(path.name, ({field_: text},)))
        else:
            source = ParsedSource(path.name, ({field_: text},))
            self.cases.append(SentCase(who, {field_: text}, path.name, file.name, sources=[source]))
            _know(self.cases[-1], KnownIdentifiers())

    def _names_file(self, case: SentCase, path: PurePosixPath) -> bool:
        return any(_is_file(case.values.get(name), path) for name in self.texts)

    def _field_and_patient(self, path: PurePosixPath) -> tuple[str, str]:
        """`<patient>.txt` of the only text field, `<patient>_<field>.txt`, `<field>/<patient>.txt` or `<patient>/<field>.txt`."""
        stem, folder = path.name.rpartition(".")[0], path.parent.name
        for name in self.texts:
            if _squash(stem) == _squash(name) and folder:
                return name, folder
            if _squash(folder) == _squash(name):
                return name, stem
            for sign in "_-. ":
                if fold(stem).endswith(f"{sign}{fold(name)}"):
                    return name, stem[: -len(name) - 1]
        return (self.texts[0], stem) if len(self.texts) == 1 else ("", stem)


def _with_text(row: Mapping[str, Any], file: str, text: str) -> dict[str, Any]:
    return {column: text if _is_file(value, PurePosixPath(file)) else value for column, value in row.items()}


def _is_file(value: Any, path: PurePosixPath) -> bool:
    """Whether a cell names this file instead of holding the text."""
    return (
        isinstance(value, str)
        and bool(value.strip())
        and PurePosixPath(value.strip()).name.lower() == path.name.lower()
    )


def _no_number(called: str, row: int, column: str) -> Fault:
    return Fault("missing_id", f"{called}, row {row}", NO_NUMBER, {"name": called, "row": row, "column": column})


def _know(case: SentCase, more: KnownIdentifiers) -> None:
    case.people |= more.people | ({case.patient} if not any(sign.isdigit() for sign in case.patient) else set())
    case.numbers |= more.numbers | {case.patient}
    case.places |= more.places


def _pivoted(rows: Rows) -> Rows:
    """A table of `field,value` pairs is one row."""
    if not rows.rows or not set(map(_squash, map(str, rows.rows[0]))) >= PAIRS:
        return rows
    values: dict[str, Any] = {}
    for row in rows.rows:
        cells = {_squash(str(name)): value for name, value in row.items()}
        values[str(cells["field"])] = cells["value"]
    return Rows(rows.called, (values,))
