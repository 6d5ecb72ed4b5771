"""Questions without images: which rows and texts make an exam, and whose it is."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from concours.deid.values import declared_fields
from concours.known_names import known_names
from concours.questions.schema import load_spec
from concours.study.cases import sort_cases
from tests.concours.formats.builders import zipped
from tests.factories.questions import catalogue_text

LIMITS = {"bytes": 10_000_000, "unpacked_bytes": 50_000_000, "entries": 1000}
HEAD = "patient_id,age,sex,creatinine,death,comment\n"


def sorted_cases(tmp_path: Path, content: bytes, name: str, question: str = "prognosis", **data: Any) -> dict[str, Any]:
    spec = load_spec(catalogue_text(question, {"data": data} if data else None), known_names())
    path, into = tmp_path / "upload", tmp_path / "into"
    path.write_bytes(content)
    into.mkdir()
    fields = [declared_field.to_json() for declared_field in declared_fields(spec.data.fields).values()]
    return sort_cases([str(path)], [name], str(into), LIMITS, fields, spec.data.patient)


def test_each_row_is_a_case_of_its_patient(tmp_path: Path) -> None:
    answer = sorted_cases(
        tmp_path, (HEAD + "P1,60,F,70,0,seen by Zorglub\nP2,61,M,,1,\nP1,62,F,80,0,\n").encode(), "clinical.csv"
    )
    assert [(case["patient"], case["values"]["age"], case["called"]) for case in answer["cases"]] == [
        ("P1", "60", "clinical.csv, row 2"), ("P2", "61", "clinical.csv, row 3"), ("P1", "62", "clinical.csv, row 4"),
    ]  # fmt: skip
    assert "Zorglub" not in json.dumps(answer)
    assert [(fault["reason"], fault["values"]["columns"]) for fault in answer["faults"]] == [
        ("extra_column", "comment")
    ]


@pytest.mark.parametrize("column", ["patient_id", "PatientID", "Patient ID", "patient", "IPP", "id"])
def test_the_patients_column_is_found_under_its_usual_names(column: str, tmp_path: Path) -> None:
    answer = sorted_cases(tmp_path, f"{column};age;sex;death\n007;60;F;oui\n".encode(), "clinical.csv")
    assert [(case["patient"], case["values"]["death"]) for case in answer["cases"]] == [("007", "oui")]
    assert answer["faults"] == []


def test_a_column_that_the_question_names_is_the_patients(tmp_path: Path) -> None:
    answer = sorted_cases(tmp_path, b"dossier,age\nA-7,60\n", "clinical.csv", patient="dossier")
    assert [case["patient"] for case in answer["cases"]] == ["A-7"]


def test_a_table_without_a_patient_is_refused_in_words(tmp_path: Path) -> None:
    answer = sorted_cases(tmp_path, b"age,sex\n60,F\n", "clinical.csv")
    assert answer["cases"] == []
    assert [(fault["reason"], fault["where"]) for fault in answer["faults"]] == [("missing_column", "clinical.csv")]
    assert "patient_id" in answer["faults"][0]["message"]


def test_a_row_without_a_number_is_named_and_the_others_are_taken(tmp_path: Path) -> None:
    answer = sorted_cases(tmp_path, (HEAD + "P1,60,F,,0,\n,61,M,,1,\n").encode(), "clinical.csv")
    assert [case["patient"] for case in answer["cases"]] == ["P1"]
    assert [(fault["reason"], fault["where"]) for fault in answer["faults"] if fault["reason"] == "missing_id"] == [
        ("missing_id", "clinical.csv, row 3")
    ]


def test_two_tables_of_the_same_patients_are_one_case_each(tmp_path: Path) -> None:
    files = {"a.csv": b"patient_id,age,sex\nP1,60,F\nP2,61,M\n", "b.csv": b"patient_id,death\nP2,1\nP1,0\n"}
    answer = sorted_cases(tmp_path, zipped(files), "drop.zip")
    assert {case["patient"]: (case["values"]["age"], case["values"]["death"]) for case in answer["cases"]} == {
        "P1": ("60", "0"), "P2": ("61", "1"),
    }  # fmt: skip


def test_json_and_workbooks_hold_rows_too(tmp_path: Path) -> None:
    rows = [{"patient_id": "P1", "age": 60, "phone": "0612345678"}, {"patient_id": "P2", "age": 61}]
    answer = sorted_cases(tmp_path, json.dumps(rows).encode(), "clinical.json")
    assert [(case["patient"], case["values"]["age"], case["numbers"]) for case in answer["cases"]] == [
        ("P1", 60, ["0612345678", "P1"]), ("P2", 61, ["P2"]),
    ]  # fmt: skip
    book, stream = openpyxl.Workbook(), io.BytesIO()
    for row in (["patient_id", "age"], ["001", 60]):
        book.active.append(row)
    book.save(stream)
    (tmp_path / "again").mkdir()
    assert [case["patient"] for case in sorted_cases(tmp_path / "again", stream.getvalue(), "c.xlsx")["cases"]] == [
        "001"
    ]


REPORTS = {
    "P1.txt": b"premier", "report/P2.txt": b"second", "P3/report.txt": "troisième".encode(), "P4_report.txt": b"quatre",
    "r5.txt": b"cinq", "labels.csv": b"patient_id,follow_up,report\nP1,1,\nP2,0,\nP3,1,\nP4,0,\nP5,1,r5.txt\n",
}  # fmt: skip


def test_texts_find_their_patient_by_name_folder_or_row(tmp_path: Path) -> None:
    answer = sorted_cases(tmp_path, zipped(REPORTS), "drop.zip", "reports")
    assert {case["patient"]: (case["values"]["report"], case["values"]["follow_up"]) for case in answer["cases"]} == {
        "P1": ("premier", "1"), "P2": ("second", "0"), "P3": ("troisième", "1"), "P4": ("quatre", "0"), "P5": ("cinq", "1"),
    }  # fmt: skip
    assert answer["faults"] == []


def test_a_text_alone_is_a_case_named_after_its_patient(tmp_path: Path) -> None:
    answer = sorted_cases(tmp_path, b"nodule stable", "4471902.txt", "reports")
    assert [(case["patient"], case["values"]) for case in answer["cases"]] == [("4471902", {"report": "nodule stable"})]


def test_a_text_of_a_patient_with_two_rows_belongs_to_none(tmp_path: Path) -> None:
    files = {"P1.txt": b"x", "t.csv": b"patient_id,follow_up\nP1,1\nP1,0\n"}
    answer = sorted_cases(tmp_path, zipped(files), "drop.zip", "reports")
    assert [fault["reason"] for fault in answer["faults"]] == ["extra_file"]


def test_nothing_usable_is_said_with_the_columns_to_send(tmp_path: Path) -> None:
    answer = sorted_cases(tmp_path, zipped({"a.pdf": b"%PDF-1.4"}), "drop.zip", "reports")
    assert [fault["reason"] for fault in answer["faults"]] == ["empty_submission"]
    assert "follow_up" in answer["faults"][0]["message"]
    assert answer["aside"]


def test_a_patient_of_two_tables_that_contradict_each_other_keeps_both_values_and_their_places(tmp_path: Path) -> None:
    content = zipped({"a.csv": b"patient_id;age\nP1;61\nP2;50\n", "b.csv": b"patient_id;age\nP2;50\nP1;63\n"})
    cases = {case["patient"]: case for case in sorted_cases(tmp_path, content, "drop.zip", "prognosis")["cases"]}
    places = [(source["called"], source["row"], source["rows"][0]["age"]) for source in cases["P1"]["sources"]]
    assert places == [("a.csv", 2, "61"), ("b.csv", 3, "63")]
    assert {source["rows"][0]["age"] for source in cases["P2"]["sources"]} == {"50"}
