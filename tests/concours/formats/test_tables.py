"""Tables in every dialect that teams send, and every way a cell can be wrong."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concours.formats.fault import MESSAGE_LIMIT, FormatError
from concours.formats.files import read_table
from concours.formats.manifest import Column, Manifest, SubmissionLimits
from concours.formats.submission import validate_submission
from concours.formats.table_check import check_cell, check_table, examine
from concours.formats.tables import Table, read_csv
from concours.formats.values import parse_number
from tests.concours.formats import builders as b

MANIFEST = Manifest.from_json(
    {"id_column": "case_id", "ids": ["001", "NA", "x y"], "columns": {"p": {"type": "number", "min": 0, "max": 1}}}
)
EXPECTED = {"001": 0.5, "NA": 1.0, "x y": 0.25}


def values(data: bytes, manifest: Manifest = MANIFEST) -> dict[str, object]:
    table = read_table(data, "t.csv", None, (manifest.id_column, *manifest.columns))
    return check_table(table, manifest).by_id("p")


def reasons(data: bytes, manifest: Manifest = MANIFEST) -> list[str]:
    with pytest.raises(FormatError) as caught:
        values(data, manifest)
    assert all(len(f.message) <= MESSAGE_LIMIT for f in caught.value.faults)
    return [f.reason for f in caught.value.faults]


PLAIN = "case_id,p\n001,0.5\nNA,1\nx y,0.25\n"


@pytest.mark.parametrize(
    "data",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").encode(),
        PLAIN.replace(",", ";").replace(".", ",").encode(),
        PLAIN.replace(",", "\t").replace(".", ",").encode(),
        b'case_id,p\n001,"0,5"\nNA,1\nx y,"0,25"\n',
        b'"case_id","p"\n"001","0.5"\n"NA","1"\n"x y","0.25"\n',
        ("sep=;\n" + PLAIN.replace(",", ";")).encode(),
        ("sep=\t\r\n" + PLAIN.replace(",", "\t")).encode(),
        b"case_id,p\nx y,2.5e-1\n001,.5\nNA,1.\n",
        b"p,case_id\n0.5,001\n1,NA\n0.25,x y\n",
        b"note,case_id,p,other\nfree text,001,0.5,-3\n,NA,1,1e9\n,x y,0.25,\n",
        b"case_id , p\n 001 , 0.5\nNA,1\n\n\nx y,0.25\n\n",
        b"case_id,p\n001,0.5,\nNA,1,\nx y,0.25,\n",
        b.xlsx([["case_id", "p"], ["001", 0.5], ["NA", 1.0], ["x y", 0.25]]),
    ],
)
def test_every_dialect_reads_the_same(data: bytes) -> None:
    assert values(data) == EXPECTED


def test_a_header_that_reads_two_ways_is_decided_by_the_expected_names() -> None:
    assert values(b"case_id;p;a,b,c,d,e\n001;0,5;\nNA;1;\nx y;0,25;\n") == EXPECTED


def test_all_errors_come_at_once_and_name_row_and_id() -> None:
    data = b"case_id,p,note\n001,1_0,=cmd()\n001,2,\nzz,,\n"
    assert sorted(reasons(data)) == sorted(
        [
            "unsafe_file",
            "duplicate_id",
            "extra_id",
            "missing_id",
            "missing_id",
            "non_numeric",
            "out_of_range",
            "missing_value",
        ]
    )
    with pytest.raises(FormatError) as caught:
        values(data)
    answer = {f.reason: f.message for f in caught.value.faults}
    assert answer["non_numeric"] == "Row 2, id '001': '1_0' in the column 'p' is not a number."
    assert answer["duplicate_id"] == "t.csv, row 3: the id '001' already appears in row 2. Remove one."


RAGGED = [b"NA,1,2,3", b"NA"]


@pytest.mark.parametrize("row", RAGGED)
def test_a_ragged_row_is_told_beside_the_faults_of_the_others(row: bytes, tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes(b"case_id,p\n001,x\n" + row + b"\nx y,2\nx y,0.1\n")
    with pytest.raises(FormatError) as caught:
        validate_submission(file, MANIFEST)
    result = [(fault.reason, fault.where) for fault in caught.value.faults]
    assert result == [
        ("wrong_format", "t.csv, row 3"),
        ("duplicate_id", "t.csv, row 5"),
        ("non_numeric", "t.csv, row 2, id 001"),
        ("out_of_range", "t.csv, row 4, id x y"),
    ]
    assert "row 3 has" in caught.value.faults[0].message


def test_where_nothing_looks_at_ragged_rows_they_are_refused() -> None:
    with pytest.raises(FormatError) as caught:
        read_table(b"case_id,p\n001,1\nNA\n", "t.csv")
    assert [fault.where for fault in caught.value.faults] == ["t.csv, row 3"]


@pytest.mark.parametrize(("text", "value"), [("1", 1.0), ("-1,5", -1.5), ("+2.", 2.0), (",5", 0.5), ("1e-3", 0.001)])
def test_numbers(text: str, value: float) -> None:
    assert parse_number(text) == value


NO_NUMBERS = "1_0 0x1 ١ 1e999 nan inf 1.2.3 1,2,3 e5 . + - 1e ½ 1f 0b1 1e99999 １"


@pytest.mark.parametrize("text", NO_NUMBERS.split())
def test_what_is_no_number(text: str) -> None:
    assert parse_number(text) is None


def test_a_minus_sign_alone_is_a_formula_to_a_spreadsheet_but_a_number_is_not() -> None:
    table = "case_id,p,z\n001,0.5,-3\nNA,1,+4\nx y,0.25,{}\n"
    assert values(table.format("-1,5").replace(",z", ",z").encode().replace(b"-1,5", b'"-1,5"')) == EXPECTED
    assert values(table.format("-inf").encode()) == EXPECTED
    for cell in ("-", "@a", "=1", "+a", "-2+3", '"\t=1"'):
        assert reasons(table.format(cell).encode()) == ["unsafe_file"]


def test_column_types() -> None:
    manifest = Manifest.from_json(
        {
            "id_column": "id",
            "ids": ["1"],
            "grid": {"shape": [4, 5]},
            "columns": {
                "n": {"type": "integer"},
                "c": {"type": "category", "allowed": [0, "a"]},
                "s": {"type": "shape"},
                "o": {"type": "number", "required": False},
                "i": {"type": "ignored"},
            },
        }
    )
    good = check_table(read_csv(b'id,n,c,s,o,i\n1,3,a,"(4, 5)",,x\n'), manifest)
    assert good.columns == {"n": [3.0], "c": ["a"], "s": ["(4, 5)"], "o": [None]}
    with pytest.raises(FormatError) as caught:
        check_table(read_csv(b"id,n,c,s,o,i\n1,3.5,b,5x4,a,x\n"), manifest)
    assert [f.reason for f in caught.value.faults] == ["non_numeric", "out_of_range", "wrong_shape", "non_numeric"]


def test_many_rows_an_id() -> None:
    manifest = Manifest.from_json({"ids": ["1", "2"], "rows": "many", "columns": {"p": {}}})
    result = check_table(read_csv(b"id,p\n1,0\n2,1\n1,5\n"), manifest)
    assert (result.ids, result.columns["p"]) == (["1", "2", "1"], [0.0, 1.0, 5.0])
    with pytest.raises(FormatError, match="missing_id"):
        check_table(read_csv(b"id,p\n1,0\n1,5\n"), manifest)


def test_a_thousand_errors_are_enough() -> None:
    rows = "".join(f"{i},x\n" for i in range(5000))
    assert len(reasons(("case_id,p\n" + rows).encode())) == 1000


def test_more_rows_than_allowed_are_refused_before_any_is_kept() -> None:
    limits = SubmissionLimits(rows=3)
    fine = b'id,note\n1,a\n\n \t, \n2,"b\nb\nb\nb"\n3,c\n'
    assert read_csv(fine, limits=limits).column("id") == ["1", "2", "3"]
    for more in (b"4,d\n", b"4\n", b"4,d,e"):
        with pytest.raises(FormatError, match="too_large") as caught:
            read_csv(fine + more, limits=limits, ragged=True)
        assert caught.value.faults[0].message == "table has more than 3 rows. Send one row per case."


COLUMNS = st.builds(
    Column,
    name=st.just("p"),
    type=st.sampled_from(["number", "integer", "text", "category", "rle", "shape"]),
    min=st.none() | st.just(0.0),
    max=st.none() | st.just(2.0),
    values=st.sampled_from([(), ("0", "1,0", "a"), ("1", "2")]),
    required=st.booleans(),
)
SOME_CELLS = st.sampled_from(["", "0", "1", "1.0", "1,0", "2", "2.5", "-0", "-3", "1e999", "nan", "a", "1_0", "(4, 5)"])


@settings(max_examples=400, deadline=None)
@given(COLUMNS, st.lists(SOME_CELLS, min_size=1, max_size=3))
def test_a_whole_column_is_read_as_its_cells_are(column: Column, cells: list[str]) -> None:
    manifest = Manifest(columns={"p": column})
    table = Table(("id", "p"), [[str(at), cell] for at, cell in enumerate(cells)], list(range(2, len(cells) + 2)))
    one_by_one = [check_cell(cell, column, manifest, "") for cell in cells]
    result, faults = examine(table, manifest)
    assert result.columns["p"] == [value for value, _ in one_by_one]
    assert [fault.reason for fault in faults] == [wrong[0] for _, wrong in one_by_one if wrong is not None]


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n", exclude_categories=("Cs", "Cc")), max_size=12)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=6),
    st.sampled_from(",;\t"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_is_written_as_csv_is_read_back_as_text(rows: list[list[str]], delimiter: str, encoding: str) -> None:
    width = len(rows[0])
    header = [f"column {i}" for i in range(width)]
    rows = [["r" + cell for cell in (row + [""] * width)[:width]] for row in rows]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([header, *rows])
    table = read_csv(out.getvalue().encode(encoding), expected=header)
    assert list(table.columns) == header
    assert table.rows == [[cell.strip() for cell in row] for row in rows]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda t: ("case_id,p\n" + t).encode()))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        values_result = values(data)
    except FormatError as error:
        assert all(len(f.message) <= MESSAGE_LIMIT for f in error.faults)
    else:
        assert set(values_result) == {"001", "NA", "x y"}
