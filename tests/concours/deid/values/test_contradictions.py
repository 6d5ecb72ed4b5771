"""Several values of one field: one value in any spelling is taken, different ones are never chosen between."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concours.deid.values import Admission, KnownIdentifiers, Rows, admit
from tests.concours.deid.values.test_gate import FIELDS, form, through

SAME: dict[str, list[Any]] = {  # spellings of one value
    "age": ["61", "61,0", " 61.0 ", 61], "count": ["3", "3.0", 3], "sex": ["F", "f"], "grade": ["1", 1, "1.0"],
    "death": ["oui", "TRUE", "1", True], "seen": ["2019-03-24", "20190324"], "at": ["9:05", "09:05:00"],
    "note": ["stable", " stable "],
}  # fmt: skip
OTHER = {
    "age": "63", "count": "4", "sex": "M", "grade": "2", "death": "non", "seen": "2019-03-25", "at": "9:06", "note": "growing",
}  # fmt: skip
PLACES = ("two files", "form and file", "two rows", "two pairs", "two columns", "rows of two files")


def sources(place: str, field: str, entry: Any, other: Any) -> list[Rows]:
    """Where one exam can have two values of a field."""
    a, b = {field: entry, "count" if field != "count" else "age": "5"}, {field: other}
    pairs = [{"field": field, "value": entry}, {"field": field.upper(), "value": other}]
    return {
        "two files": [Rows("values.csv", (a,)), Rows("values.csv", (b,))],
        "form and file": [Rows("form", (a,)), Rows("values.csv", (b,))],
        "two rows": [Rows("values.csv", (a, b))],
        "two pairs": [Rows("values.csv", tuple(pairs))],
        "two columns": [Rows("values.csv", ({field: entry, f"{field}_": other},))],
        "rows of two files": [Rows("a.csv", (a,), row=4), Rows("b.csv", (b,), row=7)],
    }[place]


def beside(admission: Admission, field: str) -> dict[str, Any]:
    return {name: value for name, value in admission.values.items() if name != field}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("field", sorted(SAME))
def test_values_that_differ_are_named_with_both_places_and_none_is_taken(place: str, field: str) -> None:
    for entry, other in ((SAME[field][0], OTHER[field]), (OTHER[field], SAME[field][-1])):
        admission = through(*sources(place, field, entry, other))
        (fault,) = admission.faults
        assert (fault.reason, fault.where, admission.values[field]) == ("contradiction", field, None)
        assert all(value in (5, 5.0) for value in beside(admission, field).values()), "good values beside it go on"
        named = {
            "two files": ["values.csv (1)", "values.csv (2)"], "form and file": ["values.csv", "form"],
            "two rows": ["values.csv", "rows 2 and 3"], "two pairs": ["values.csv", "rows 2 and 3"],
            "two columns": [field, f"{field}_", "values.csv"], "rows of two files": ["a.csv, row 4", "b.csv, row 7"],
        }[place]  # fmt: skip
        assert all(words in fault.message for words in named), fault.message
        assert not admission.texts, "a text that is not taken is kept nowhere"


@given(data=st.data(), place=st.sampled_from(PLACES), field=st.sampled_from(sorted(SAME)), blank=st.booleans())
def test_spellings_of_one_value_and_blanks_are_no_contradiction(data: Any, place: str, field: str, blank: bool) -> None:
    draw = data.draw(st.sampled_from(SAME[field]))
    other = data.draw(st.sampled_from(["", "  ", None] if blank else SAME[field]))
    if data.draw(st.booleans()):
        draw, other = other, draw
    admission = through(*sources(place, field, draw, other))
    assert admission.faults == () and admission.values[field] == form(**{field: SAME[field][0]}).values[field]


def test_every_field_that_differs_is_named_once() -> None:
    rows = (
        {"age": "61", "sex": "F", "death": "oui"},
        {"age": "62", "sex": "M", "death": "TRUE"},
        {"age": "63", "sex": "", "death": ""},
    )
    admission = through(Rows("values.csv", rows))
    assert [fault.where for fault in admission.faults] == ["age", "sex"]
    assert admission.values == {"age": None, "sex": None, "death": True}


def test_two_tables_of_one_field_must_be_the_same() -> None:
    rows = ({"volume": "12", "remark": "stable"}, {"volume": "5"})
    again = ({"volume": "12.0", "remark": "stable"}, {"volume": 5})
    assert through(Rows("nodules.csv", rows), Rows("nodules.csv", again)).faults == ()
    admission = through(Rows("nodules.csv", rows), Rows("nodules.csv", rows[:1]))
    assert [fault.reason for fault in admission.faults] == ["contradiction"] and admission.values == {"nodules": None}


def test_a_value_that_is_none_is_told_beside_its_contradiction() -> None:
    admission = through(Rows("form", ({"age": "61"},)), Rows("values.csv", ({"age": "old"},)))
    assert admission.values == {"age": None} and [fault.reason for fault in admission.faults] == ["contradiction"]


def test_the_name_of_a_file_that_names_the_person_is_not_shown() -> None:
    identifiers = KnownIdentifiers.of(["ZORGLUB^MARIE"])
    entry, other = Rows("zorglub.csv", ({"age": "1"},)), Rows("values.csv", ({"age": "2"},))
    (fault,) = admit(FIELDS, [entry, other], identifiers=identifiers, shift_days=0).faults
    assert "zorglub" not in fault.message and "values.csv" in fault.message
