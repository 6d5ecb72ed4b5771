"""Workbooks as Excel really writes them: dates that were numbers, numbers shown with zeros, sheets nobody sees."""

import io
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

import openpyxl
import pytest

from concours.formats.fault import FormatError
from concours.formats.xlsx import read_xlsx
from tests.concours.formats import builders as b


def written(fill: Callable[[Any, Any], None]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["case_id", "p"])
    sheet.append(["a", 1.5])
    fill(book, sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def cell_of(value: object, shown: str | None = None, mac: bool = False) -> str:
    def fill(book: Any, sheet: Any) -> None:
        if mac:
            book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
        sheet["B2"] = value
        if shown is not None:
            sheet["B2"].number_format = shown

    return read_xlsx(written(fill)).column("p")[0]


@pytest.mark.parametrize(
    ("value", "shown", "text"),
    [
        (date(2024, 5, 1), None, "2024-05-01"),  # what Excel makes of 1.5 or 1/5 in French
        (datetime(2024, 5, 1, 13, 30), None, "2024-05-01T13:30:00"),
        (time(12, 0), None, "12:00:00"),
        (45413, "dd/mm/yyyy", "2024-05-01"),
        (45413, "[$-40C]d mmmm yyyy;@", "2024-05-01"),
        (45413.5, "[h]:mm", "2024-05-01T12:00:00"),
        (-2, "dd/mm/yyyy", "date -2"),
        (1.5, "0.0", "1.5"),
        (1.5, '0.0" days"', "1.5"),
        (1.5, "[Red]0.0\\d", "1.5"),
        (1.5, "0.0E+00", "1.5"),
        (0.5, "0%", "0.5"),
        (1, "000", "001"),
        (1234, "000", "1234"),
        (0.5, "000", "0.5"),
    ],
)
def test_a_date_is_no_number_and_shown_zeros_stay(value: object, shown: str | None, text: str) -> None:
    assert cell_of(value, shown) == text


def test_dates_of_1904() -> None:
    assert cell_of(date(2024, 5, 1), mac=True) == "2024-05-01"


def test_the_first_sheet_that_is_seen_is_read() -> None:
    def fill(book: Any, _: Any) -> None:
        for at, state in enumerate(("hidden", "veryHidden")):
            sheet = book.create_sheet(state, at)
            sheet.sheet_state = state
            sheet.append(["case_id", "p"])
            sheet.append(["z", 9])

    assert read_xlsx(written(fill)).rows == [["a", "1.5"]]


def test_a_cell_that_stands_twice_is_damage() -> None:
    row = '<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>'
    with pytest.raises(FormatError) as refused:
        read_xlsx(b.xlsx_raw(row))
    assert refused.value.faults[0].reason == "unreadable_file"


def test_damaged_styles() -> None:
    rows = '<row><c t="str"><v>p</v></c></row><row><c s="1"><v>2</v></c></row>'

    def text(styles: str) -> str:
        return read_xlsx(b.xlsx_raw(rows, "", **{"xl__styles.xml": styles.encode()})).column("p")[0]

    xf = '<xf numFmtId="0"/>'
    assert text(f'<styleSheet><cellXfs>{xf}<xf numFmtId="14"/></cellXfs></styleSheet>') == "1900-01-01"
    assert text(f'<styleSheet><cellXfs>{xf}<xf numFmtId="x"/></cellXfs></styleSheet>') == "2"
    assert text(f"<styleSheet><cellXfs>{xf}</cellXfs></styleSheet>") == "2"
    with pytest.raises(FormatError) as refused:
        text("<styleSheet>")
    assert refused.value.faults[0].reason == "unreadable_file"
