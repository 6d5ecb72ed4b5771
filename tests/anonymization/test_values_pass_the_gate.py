"""What a centre sends beside images, through the real stages: nothing undeclared or unexamined is kept or delivered."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core import serializers

from anonymization.decide import confirm_review
from anonymization.models import Deidentification, ExamText, QualityCheck, Review
from batches.models import Batch
from core.models import Progress
from core.progress import progress_of
from core.storage import local_copy
from demo.phantoms import lung, nodules
from tests.concours.formats.builders import zipped
from tests.factories.exams import frozen_batches, work_all
from tests.factories.people import person
from tests.factories.questions import question
from tests.factories.uploads import sent
from uploads.models import Annotation, Exam, Upload
from uploads.reasons import may_complete, reasons_of

pytestmark = pytest.mark.django_db
INTAKE = ("receive", "deidentify", "check_quality", "assign_readings")
PLANTED = ("Zorglub", "ZORGLUB", "0612345678", "4471902")
FREE = {"grading": {"readers": 0}, "split": {"stratify": ["centre"], "sets": {"training": 1, "test": 1}}}


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> None:
    settings.KEYS_DIR, settings.STAGING_DIR = tmp_path / "keys", tmp_path / "staging"
    settings.WORK_HEARTBEAT_SECONDS = 3600


def rows_as_text() -> str:
    """Every row that people or stages may read once an exam is in; the quarantine and the upload's own row left out."""
    models: list[Any] = [Annotation, Deidentification, QualityCheck, Progress, Review, Exam]
    return "".join(serializers.serialize("json", model.objects.all()) for model in models)


def reasons(exam: Exam) -> list[str]:
    return [row.reason for row in progress_of(exam).order_by("pk") if row.reason]


def archive_of(batch: Batch) -> dict[str, bytes]:
    with local_copy("deliveries", batch.archive_key) as path, zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_undeclared_columns_of_a_table_reach_nobody() -> None:
    sets = {"training": 1, "validation": 1, "test": 4}  # of three and three: the test set has both classes in any draw
    of = question("nodules", {**FREE, "split": {"stratify": ["centre"], "sets": sets}})
    for seed in range(1, 7):
        files = dict(nodules.make(seed, "nord", abnormal=seed % 2 == 0).files)
        rows = list(csv.DictReader(io.StringIO(files["exam/nodules.csv"].decode())))
        text = io.StringIO()
        writer = csv.DictWriter(text, [*rows[0], "patient", "comment", "=cmd"], lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "patient": "Marie Zorglub", "comment": "4471902", "=cmd": "=1+1"} for row in rows)
        files["exam/nodules.csv"] = text.getvalue().encode()
        sent(of, zipped(files))
    work_all(INTAKE)
    exams = list(Exam.objects.all())
    assert [exam.state for exam in exams] == ["kept"] * 6
    assert all(reasons(exam) == ["extra_column"] for exam in exams)
    assert not [word for word in ("Zorglub", "4471902", "=1+1") if word in rows_as_text()]
    declared = {"x", "y", "z", "diameter", "volume", "density"}
    for batch in frozen_batches(of).values():
        for name, content in archive_of(batch).items():
            if name.startswith("nodules/"):
                assert set(next(csv.reader(io.StringIO(content.decode())))) <= declared
            assert not [word for word in PLANTED if word.encode() in content]


def test_a_name_in_a_text_value_waits_for_a_person_and_reaches_nobody() -> None:
    of = question("lung-tumour", FREE)
    values = {
        "stage": "II Dr Zorglub 0612345678",
        "histology": "adénocarcinome de ZORGLUB",
        "comment": "4471902",
        "sex": "f",
    }
    sent(of, zipped(dict(lung.make(1, "nord").files)), values=json.dumps(values))
    sent(of, zipped(dict(lung.make(2, "nord").files)), values=json.dumps({"stage": "II", "histology": "ADC"}))
    work_all(INTAKE)
    waiting, clean = Exam.objects.order_by("number")
    assert (waiting.state, clean.state) == ("review", "kept")
    assert reasons(waiting) == ["extra_column", "residual_identifier"] and reasons(clean) == []
    text = waiting.texts.get(step=ExamText.Step.REVIEW)
    assert [piece for piece in text.pieces if piece[1] == "unsure"] == [["ZORGLUB", "unsure", ""]]
    assert not [word for word in PLANTED if word in rows_as_text()]
    chosen = {row.field: row.value for row in waiting.annotations.filter(is_chosen=True)}
    assert {name: chosen[name] for name in ("sex", "stage", "histology")} == {
        "sex": "F", "stage": "II […]", "histology": "adénocarcinome de […]",
    }  # fmt: skip
    confirm_review(review=Review.objects.get(), actor=person("Olga"))
    work_all(INTAKE)
    waiting.refresh_from_db()
    assert waiting.state == "kept" and not ExamText.objects.waiting().exists()
    assert not ExamText.objects.exclude(pieces=[]).exists()
    for batch in frozen_batches(of).values():
        for content in archive_of(batch).values():
            assert not [word for word in PLANTED if word.encode() in content]


def test_words_that_a_person_keeps_come_back() -> None:
    of = question("lung-tumour", FREE)
    values = {"stage": "II", "histology": "tumeur de Pancoast chez Zorglub"}
    sent(of, zipped(dict(lung.make(1, "nord").files)), values=json.dumps(values))
    work_all(INTAKE)
    confirm_review(review=Review.objects.get(), actor=person("Olga"), keep=["Pancoast"])
    assert Annotation.objects.get(field="histology", is_chosen=True).value == "tumeur de Pancoast chez […]"


def test_an_exam_without_a_value_that_teams_receive_is_refused_with_its_name() -> None:
    """No criterion of the question names the field; the batch would miss it after the freeze."""
    of = question("lung-tumour", {**FREE, "data": {"fields": {"sex": {"required": True}}}})
    sent(of, zipped(dict(lung.make(1, "nord").files)), values=json.dumps({"age": 61}))
    sent(of, zipped(dict(lung.make(2, "nord").files)), values=json.dumps({"sex": "M"}))
    work_all(INTAKE)
    without, complete = Exam.objects.order_by("number")
    assert (without.state, complete.state) == ("refused", "kept")
    assert [(row.reason, row.where) for row in progress_of(without) if row.reason] == [("missing_value", "sex")]


def test_values_of_the_wrong_type_are_refused_without_being_repeated() -> None:
    of = question("lung-tumour", FREE)
    sent(of, zipped(dict(lung.make(1, "nord").files)), values=json.dumps({"age": "Zorglub", "sex": "Marie"}))
    work_all(INTAKE)
    exam = Exam.objects.get()
    assert exam.state == "refused" and set(reasons(exam)) == {"non_numeric", "out_of_range"}
    assert "Zorglub" not in rows_as_text() and "Marie" not in rows_as_text()
    assert Upload.objects.get().state == "received"


def study(seed: int, folder: str) -> dict[str, bytes]:
    return {
        f"{folder}/{name.partition('/')[2]}": content for name, content in dict(lung.make(seed, "nord").files).items()
    }


def test_values_that_contradict_each_other_are_refused_with_both_places_and_the_good_exam_goes_on() -> None:
    of = question("lung-tumour", FREE)
    files = study(1, "one") | study(2, "two")
    table = "field;value\nage;{}\nsex;F\nstage;II\nhistology;ADC\n"
    files |= {"one/values.csv": table.format(61).encode(), "one/more/values.csv": table.format(63).encode()}
    files["two/values.csv"] = table.format(50).encode()
    upload = sent(of, zipped(files), values=json.dumps({"sex": "F"}))
    work_all(INTAKE)
    wrong, good = sorted(Exam.objects.all(), key=lambda exam: exam.state, reverse=True)
    assert (wrong.state, good.state) == ("refused", "kept")
    rows = list(progress_of(wrong).filter(state="refused"))
    assert [(row.reason, row.where) for row in rows] == [("contradiction", "age")]
    assert {rows[0].values["here"], rows[0].values["there"]} == {"values.csv (1)", "values.csv (2)"}
    remaining = {row.field: row.value for row in wrong.annotations.filter(is_chosen=True)}
    assert remaining.get("age") is None and remaining["sex"] == "F", "what is good of it is kept"
    (reason,) = reasons_of([wrong], upload.owner)[str(wrong.pk)]
    assert may_complete(wrong, [reason]), "the centre enters the right value; nothing is uploaded again"


def test_a_form_that_contradicts_the_table_is_refused() -> None:
    of = question("lung-tumour", FREE)
    files = study(1, "one") | {"one/values.csv": b"field;value\nsex;M\nage;61,0\nstage;II\nhistology;ADC\n"}
    sent(of, zipped(files), values=json.dumps({"sex": "F", "age": 61}))
    work_all(INTAKE)
    exam = Exam.objects.get()
    assert [(row.reason, row.where) for row in progress_of(exam).filter(state="refused")] == [("contradiction", "sex")]
