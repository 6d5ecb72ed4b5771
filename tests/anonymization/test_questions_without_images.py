"""A table row and a text file are exams: through intake, the steps of texts, the sets, delivery and the sealed truth."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core import serializers
from django.test import Client
from django.urls import reverse

from anonymization.models import ExamText, WordDecision
from anonymization.rare_words import rare_words
from anonymization.texts import TextDoneError, WordChoice, decide_words, mark_text, waiting_texts
from batches.split import draft_split, freeze_split
from challenges.charter import publish_charter, sign_charter
from challenges.models import Question, Role
from challenges.roles import grant_role
from core.models import Progress
from core.readiness import NotReadyError
from core.storage import local_copy
from grading.models import Reading
from tests.concours.formats.builders import zipped
from tests.factories.exams import frozen_batches, work_all
from tests.factories.people import person
from tests.factories.questions import question
from tests.factories.uploads import sent
from uploads.models import Annotation, Exam, Upload

pytestmark = pytest.mark.django_db
INTAKE = ("receive", "deidentify", "check_quality", "assign_readings")
SETS = {"split": {"stratify": ["centre"], "sets": {"training": 2, "validation": 2, "test": 2}}}
NAMES = ("Zorglub", "Quilleveré", "0612345678", "4471902", "1953-04-17")
# What every batch holds about itself.
PAPERS = {"README.md", "dictionary.csv", "LICENCE.txt", "CITATION.txt", "SHA256SUMS"}


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> None:
    settings.KEYS_DIR, settings.STAGING_DIR = tmp_path / "keys", tmp_path / "staging"
    settings.WORK_HEARTBEAT_SECONDS = 3600


def table(rows: int = 6) -> bytes:
    lines = ["patient_id,name,birth date,age,sex,creatinine,albumin,death"]
    lines += [f"447190{n},Quilleveré Maëlys,1953-04-17,{60 + n},{'FM'[n % 2]},{70 + n},,{n % 2}" for n in range(rows)]
    return "\n".join(lines).encode()


def everything_in_rows() -> str:
    models: list[Any] = [Annotation, Progress, Exam, ExamText, WordDecision]
    return "".join(serializers.serialize("json", model.objects.all()) for model in models)


def archives(of: Question) -> dict[str, dict[str, bytes]]:
    result = {}
    for batch in of.batches.all():
        with local_copy("deliveries", batch.archive_key) as path, zipfile.ZipFile(path) as archive:
            result[batch.name] = {name: archive.read(name) for name in archive.namelist()}
    return result


def test_a_table_becomes_exams_batches_and_a_sealed_truth() -> None:
    of = question("prognosis", {"split": {**SETS["split"], "stratify": ["death"]}})  # a set of one class is not frozen
    upload = sent(of, table(), name="clinical.csv")
    work_all(INTAKE)
    exams = list(Exam.objects.order_by("number"))
    assert [exam.state for exam in exams] == ["kept"] * 6
    assert len({exam.patient_id for exam in exams}) == 6
    upload.refresh_from_db()
    assert [fault["reason"] for fault in upload.faults] == ["extra_column"]
    assert not [name for name in NAMES if name in everything_in_rows()]
    assert all(batch.truths.count() == (batch.name == "evaluation") for batch in frozen_batches(of).values())
    delivered = archives(of)
    assert set(delivered["training"]) - PAPERS == {"manifest.json", "truth.csv"}
    assert next(csv.reader(io.StringIO(delivered["training"]["truth.csv"].decode()))) == [
        "case_id", "age", "sex", "creatinine", "albumin", "death",
    ]  # fmt: skip
    assert "death" not in delivered["evaluation"]["cases.csv"].decode()
    planted = [name.encode() for name in (*NAMES, "Maëlys")]
    assert not [
        name for files in delivered.values() for content in files.values() for name in planted if name in content
    ]


def test_the_same_table_again_adds_nothing_and_another_centres_patients_are_others() -> None:
    of = question("prognosis", SETS)
    for _ in range(2):
        sent(of, table(2), name="clinical.csv")
    work_all(INTAKE)
    assert sorted(Exam.objects.values_list("state", "reason")) == [
        ("kept", ""), ("kept", ""), ("refused", "duplicate_exam"), ("refused", "duplicate_exam"),
    ]  # fmt: skip


def test_a_row_without_a_required_value_is_refused_alone() -> None:
    of = question("prognosis", SETS)
    sent(of, b"patient_id,age,sex,death\nP1,60,F,1\nP2,61,M,\nP3,x,M,1\n", name="clinical.csv")
    work_all(INTAKE)
    assert list(Exam.objects.order_by("number").values_list("state", "reason")) == [
        ("kept", ""), ("refused", "missing_value"), ("refused", "non_numeric"),
    ]  # fmt: skip


# --- reports ----------------------------------------------------------------------------------------------------------

TEXTS = [
    "Nodule de 12 mm du lobe supérieur droit. Adressé par le Dr Zorglub, tél. 0612345678.",
    "Maladie de Parkinson. Mme Quilleveré est suivie depuis le 12/03/2019.",
    "Pas de lésion focale hépatique. Contrôle par Zorglub.",
    "Fracture de Pouteau. Le voisin de palier est venu avec elle.",
    "Stéatose hépatique.",
    "Zorglub a relu. Pas d'épanchement.",
]


def reports(of: Question) -> list[Exam]:
    files = {f"447190{n}.txt": text.encode() for n, text in enumerate(TEXTS)}
    rows = ["patient_id,nom,follow_up", *(f"447190{n},Quilleveré,{n % 2}" for n in range(len(TEXTS)))]
    sent(of, zipped({**files, "labels.csv": "\n".join(rows).encode()}), name="reports.zip")
    work_all(INTAKE)
    return list(Exam.objects.order_by("number"))


def test_reports_pass_their_three_steps_before_a_team_reads_them() -> None:
    of, olga = question("reports", SETS), person("Olga")
    exams = reports(of)
    assert [exam.state for exam in exams] == ["kept"] * 6
    assert not [name for name in NAMES if name in everything_in_rows().replace('[\\"Zorglub', "") if name != "Zorglub"]
    assert "Zorglub" not in "".join(str(row.value) for row in Annotation.objects.all())
    split = draft_split(question=of, actor=None)
    with pytest.raises(NotReadyError) as error:
        freeze_split(split=split, actor=None)
    assert error.value.reason == "texts_not_ready" and "exam 1" in error.value.faults[0].where

    words = {word.word: word.texts for word in rare_words(of)}
    assert words == {"Zorglub": 2, "Parkinson": 1, "Pouteau": 1}
    choices = [WordChoice("Parkinson", True), WordChoice("Pouteau", True), WordChoice("Zorglub", False)]
    decide_words(question=of, choices=choices, actor=olga)
    work_all()
    assert rare_words(of) == []
    assert "Zorglub" not in everything_in_rows()
    texts = {row.exam.number: row.value for row in Annotation.objects.filter(field="report", is_chosen=True)}
    assert texts[2] == "Maladie de Parkinson. […] est suivie depuis le […]."
    assert texts[6] == "[…] a relu. Pas d'épanchement."

    with pytest.raises(NotReadyError):
        freeze_split(split=split, actor=None)
    for text in ExamText.objects.filter(step=ExamText.Step.ANNOTATORS):
        words_of_text = "".join(piece[0] for piece in text.pieces).split()
        places = [n for n, word in enumerate(words_of_text) if word.startswith("voisin")]
        mark_text(text=text, places=places, actor=person("Rita"))
    assert waiting_texts(exams, ["report"]) == [] and not ExamText.objects.exclude(pieces=[]).exists()
    with pytest.raises(TextDoneError):
        mark_text(text=ExamText.objects.first(), places=[], actor=olga)
    freeze_split(split=split, actor=None)
    work_all()
    delivered = archives(of)
    everything = b"".join(content for files in delivered.values() for content in files.values())
    assert not [name for name in (*NAMES, "voisin") if name.encode() in everything]
    assert "Fracture de Pouteau. Le […] de palier est venu avec elle.".encode() in everything
    assert all(
        name.startswith(("report/", "manifest", "truth", "cases"))
        for files in delivered.values()
        for name in set(files) - PAPERS
    )
    assert b"follow_up" not in delivered["evaluation"]["cases.csv"]


def test_decisions_hold_for_reports_that_come_later() -> None:
    of = question("reports", {**SETS, "deidentification": {"text_steps": ["patterns", "words"]}})
    decide_words(
        question=of, choices=[WordChoice("zorglub", False, "X"), WordChoice("PARKINSON", True)], actor=person("Olga")
    )
    assert WordDecision.objects.get(stays=False).word == ""
    sent(of, b"patient_id,report,follow_up\nP1,Zorglub dit Parkinson,1\n", name="r.csv")
    work_all()
    assert Annotation.objects.get(field="report").value == "X dit Parkinson"
    assert waiting_texts(Exam.objects.all(), ["report"]) == []


def test_form_values_stand_in_rows_that_have_none() -> None:
    of = question("reports", {**SETS, "deidentification": {"text_steps": ["patterns", "words"]}})
    sent(of, b"pas de fracture", name="P1.txt", values=json.dumps({"follow_up": "oui"}))
    work_all(INTAKE)
    assert Exam.objects.get().state == "kept"
    assert Annotation.objects.get(field="follow_up").value is True
    assert Upload.objects.get().state == "received"


def test_a_reader_grades_a_case_by_its_values_alone() -> None:
    of = question("prognosis", {**SETS, "grading": {"readers": 1}})
    rita = person("Rita")
    grant_role(challenge=of.challenge, user=rita, kind=Role.Kind.READER, actor=person("Olga"))
    words = {"en": "Read.", "fr": "Lire."}
    charter = publish_charter(challenge=of.challenge, audience="reader", text=words, actor=person("Olga"))
    sign_charter(charter=charter, user=rita, name="Rita")
    sent(of, table(1), name="clinical.csv")
    work_all(INTAKE)
    reading = Reading.objects.get()
    browser = Client()
    browser.force_login(rita)
    shown = browser.get(reverse("grading:reading", args=[reading.pk]))
    assert shown.status_code == 200 and "60" in shown.content.decode()
    browser.post(reverse("grading:grade", args=[reading.pk]), {"grade": "A"})
    assert Exam.objects.get().state == "kept"


def test_two_tables_that_contradict_each_other_refuse_that_patient_alone() -> None:
    of = question("prognosis", SETS)
    more = table().decode().replace("60,F", "90,F", 1)
    sent(of, zipped({"a.csv": table(), "b.csv": more.encode()}))
    work_all(INTAKE)
    exams = list(Exam.objects.order_by("number"))
    assert sorted(exam.state for exam in exams) == ["kept"] * 5 + ["refused"]
    (refused,) = [exam for exam in exams if exam.state == "refused"]
    (row,) = Progress.objects.filter(subject_id=str(refused.pk), reason="contradiction", state="refused")
    assert (row.where, row.values["here"], row.values["first"], row.values["there"]) == ("age", "a.csv", 2, "b.csv")
    assert not [name for name in NAMES if name in everything_in_rows()]
