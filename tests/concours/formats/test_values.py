"""One parser of numbers and of yes and no, and cells that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concours.formats.values import NUMBER, begins_like_formula, inert_cell, parse_boolean, parse_number

YES = ["1", "true", "yes", "on", "oui", "vrai", "sim", "Oui", " VRAI ", "TRUE", True, 1, 1.0]
NO = ["0", "false", "no", "off", "non", "faux", "não", "Non", " FAUX ", False, 0, 0.0]


@pytest.mark.parametrize(("values", "expected"), [(YES, True), (NO, False), (["", "2", "maybe", None, 2, "1.0"], None)])
def test_yes_and_no_have_one_reading(values: list[Any], expected: bool | None) -> None:
    assert [parse_boolean(value) for value in values] == [expected] * len(values)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1,5", 1.5), (" 2 ", 2.0), ("-3e2", -300.0), (7, 7.0), (".5", 0.5), ("1_0", None), ("0x1", None), ("١", None),
     ("1e999", None), ("nan", None), ("", None), (None, None), (True, None), (float("inf"), None), ("1 000", None)],
)  # fmt: skip
def test_numbers_have_one_reading(value: Any, expected: float | None) -> None:
    assert parse_number(value) == expected


@given(st.text())
def test_no_cell_of_text_starts_a_formula(text: str) -> None:
    cell = inert_cell(text)
    replace = text.replace("\r\n", "\n").replace("\r", "\n")
    assert not begins_like_formula(cell) and cell.removeprefix("'") in (replace, replace.removeprefix("'"))
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow([cell, "x"])
    assert next(csv.reader(io.StringIO(stream.getvalue(), newline=""))) == [cell, "x"]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_keeps_every_digit(value: float) -> None:
    assert float(inert_cell(value)) == value and NUMBER.fullmatch(inert_cell(value))
