"""The gate: what is not declared does not pass, what passes has its type, and text passes in examined pieces."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from concours.deid.values import (
    Admission,
    Declared,
    KnownIdentifiers,
    Rows,
    admit,
    admit_exam,
    declared_fields,
    read_rows,
    read_text,
)
from concours.formats.fault import FormatError
from concours.known_names import known_names
from concours.questions.schema import load_spec
from tests.factories.questions import catalogue_text

FIELDS = {
    "age": Declared("age", "number", 0, 120),
    "count": Declared("count", "integer", 0, 9),
    "sex": Declared("sex", "category", allowed=("F", "M")),
    "grade": Declared("grade", "category", allowed=("0", "1", "2")),
    "death": Declared("death", "boolean"),
    "seen": Declared("seen", "date"),
    "at": Declared("at", "time"),
    "note": Declared("note", "text"),
    "nodules": Declared(
        "nodules", "table", columns={"volume": Declared("volume", "number", 0), "remark": Declared("remark", "text")}
    ),
}
NOBODY = KnownIdentifiers()


def through(*sources: Rows, identifiers: KnownIdentifiers = NOBODY, shift: int = -10) -> Admission:
    return admit(FIELDS, sources, identifiers=identifiers, shift_days=shift)


def form(**values: Any) -> Admission:
    return through(Rows("form", (values,)))


@pytest.mark.parametrize(
    ("field", "sent", "stored"),
    [
        ("age", "61,5", 61.5), ("age", " 61 ", 61.0), ("age", 61, 61.0), ("age", "", None), ("age", None, None),
        ("count", "3.0", 3), ("sex", "f", "F"), ("sex", "M", "M"), ("grade", 1, "1"), ("grade", "2.0", "2"),
        ("death", "oui", True), ("death", "FAUX", False), ("death", "1", True), ("death", True, True),
        ("seen", "2019-03-24", "2019-03-14"), ("seen", "20190324", "2019-03-14"), ("seen", "2019-03-24 00:00:00", "2019-03-14"),
        ("at", "9:05", "09:05:00"), ("at", "14h30", "14:30:00"), ("note", "pas de lésion", "pas de lésion"),
    ],
)  # fmt: skip
def test_a_value_becomes_its_type(field: str, sent: Any, stored: Any) -> None:
    admission = form(**{field: sent})
    assert admission.values == {field: stored} and admission.faults == ()


@pytest.mark.parametrize(
    ("field", "sent", "reason"),
    [
        ("age", "Dupont", "non_numeric"), ("age", "19530417", "out_of_range"), ("age", True, "non_numeric"),
        ("age", [1], "wrong_format"), ("count", "1.5", "non_numeric"), ("sex", "Dupont", "out_of_range"),
        ("grade", "3", "out_of_range"), ("death", "2", "wrong_format"), ("seen", "24/03/2019", "wrong_format"),
        ("seen", "2019-02-30", "wrong_format"), ("at", "25:00", "wrong_format"),
        ("nodules", "Dupont", "wrong_format"), ("note", "x" * 200_001, "too_large"),
    ],
)  # fmt: skip
def test_what_is_not_of_its_type_is_left_out_and_never_repeated(field: str, sent: Any, reason: str) -> None:
    admission = form(**{field: sent})
    assert admission.values == {field: None}
    assert [(fault.reason, fault.where) for fault in admission.faults] == [(reason, field)]
    assert "Dupont" not in json.dumps([fault.to_json() for fault in admission.faults])


TABLES = {
    "csv": "volume,patient,comment,remark\n12,Marie Zorglub,appeler le 0612345678,stable\n",
    "semicolons": "volume;patient;comment;remark\n12,5;Marie Zorglub;=1+1;stable\n",
    "json": json.dumps([{"volume": 12, "patient": "Marie Zorglub", "remark": "stable", "more": {"name": "Zorglub"}}]),
}


@pytest.mark.parametrize("kind", [*TABLES, "xlsx"])
def test_undeclared_columns_are_dropped_with_one_note_in_every_format(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"nodules.{'json' if kind == 'json' else 'xlsx' if kind == 'xlsx' else 'csv'}"
    if kind == "xlsx":
        book = openpyxl.Workbook()
        for row in (["volume", "patient", "remark"], [12, "Marie Zorglub", "stable"]):
            book.active.append(row)
        book.save(path)
    else:
        path.write_text(TABLES[kind], encoding="utf-8")
    admission = through(read_rows(path.read_bytes(), path.name))
    (row,) = admission.values["nodules"]
    assert set(row) == {"volume", "remark"} and row["volume"] in (12.0, 12.5) and row["remark"] == "stable"
    assert [fault.reason for fault in admission.faults] == ["extra_column"]
    assert "patient" in admission.faults[0].message and "Zorglub" not in str(admission)


def test_undeclared_keys_of_the_form_and_of_pairs_are_dropped() -> None:
    pairs = Rows("values.csv", ({"field": "Age", "value": "61"}, {"field": "name", "value": "Zorglub"}))
    admission = through(Rows("form", ({"sex": "F", "phone": "0612345678"},)), pairs)
    assert admission.values == {"sex": "F", "age": 61.0}
    assert [fault.reason for fault in admission.faults] == ["extra_column", "extra_column"]


def test_a_column_that_is_itself_a_name_is_counted_and_not_shown() -> None:
    identifiers = KnownIdentifiers.of(["ZORGLUB^MARIE"])
    admission = through(Rows("form", ({"Zorglub": "1", "other": "2"},)), identifiers=identifiers)
    assert admission.faults[0].values["columns"] == "…, other"


def test_what_undeclared_columns_say_of_the_patient_is_removed_from_the_texts(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "00-values.csv").write_text(
        "nom,ipp,note\nPetit,Z99-A,le nodule de petit est stable (z99 a)\n", encoding="utf-8"
    )
    admission, identifiers = admit_exam(tmp_path, FIELDS, NOBODY, 0)
    assert admission.values == {"note": "le nodule de […] est stable ([…])"}
    assert identifiers.all() == {"Petit", "Z99-A"}


def test_a_damaged_table_is_a_fault_in_words(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "00-values.csv").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "tables" / "01-values.json").write_text("[1, 2]")
    admission, _known = admit_exam(tmp_path, FIELDS, NOBODY, 0)
    assert admission.values == {} and len(admission.faults) == 2
    assert "values.json" in admission.faults[1].message


def test_text_files_are_read_as_their_program_wrote_them() -> None:
    for content in ("é\r\nà\n".encode(), "\ufeffé\nà".encode(), "é\nà".encode("utf-16"), "é\nà".encode("cp1252")):
        assert read_text(content, "a.txt") == "é\nà"
    with pytest.raises(FormatError):
        read_text(b"PK\x03\x04\x00\x00", "a.txt")


@given(st.dictionaries(st.text(max_size=12), st.one_of(st.text(), st.integers(), st.none(), st.lists(st.integers()))))
def test_nothing_but_declared_fields_ever_passes(values: dict[str, Any]) -> None:
    admission = through(Rows("form", (values,)))
    assert set(admission.values) <= set(FIELDS)
    for name, value in admission.values.items():
        kind = FIELDS[name].type
        assert value is None or isinstance(
            value,
            {"number": float, "integer": int, "boolean": bool, "table": list}.get(kind, str),
        )


def test_masks_and_derived_fields_are_no_values() -> None:
    spec = load_spec(catalogue_text("nodules"), known_names())
    names = set(declared_fields(spec.data.fields))
    assert "nodules" in names and names == {
        name for name, field in spec.data.fields.items() if field.type != "mask" and field.derive is None
    }
    assert all(
        Declared.from_json(declared_field.to_json()) == declared_field
        for declared_field in declared_fields(spec.data.fields).values()
    )
