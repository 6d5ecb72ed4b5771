"""An exam that a centre's machine de-identified ends as the same bytes as its originals would, and only with a true proof."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from challenges.frame import spec_of
from challenges.keys import key_of_centre
from challenges.models import Question
from concours.deid.identity import CentreKey
from concours.study.preparing import PreparedExam, find_exams, prepare_exam
from core.progress import progress_of
from core.storage import local_copy
from demo.phantoms import lung, sarcopenia
from tests.concours.formats.builders import zipped
from tests.factories.exams import centre, work_all
from tests.factories.questions import question
from tests.uploads.test_receive import own_folders, sent
from uploads.models import Exam

__all__ = ["own_folders"]
pytestmark = pytest.mark.django_db
STAGES = ("receive", "deidentify", "check_quality")


def prepared(
    of: Question, files: Mapping[str, bytes], folder: Path, key: CentreKey | None = None, **values: Any
) -> list[PreparedExam]:
    """What the centre's machine makes of the files."""
    spec = spec_of(of)
    drop = folder / "drop"
    for name, content in files.items():
        path = drop / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    grouping = find_exams([drop], folder, spec)
    created = []
    for number, draft in enumerate(grouping.drafts):
        work = folder / str(number)
        work.mkdir()
        created.append(prepare_exam(draft, values, key or key_of_centre(centre(of)), spec, work))
    return created


def content(exam: PreparedExam) -> bytes:
    assert exam.archive is not None
    return exam.archive.read_bytes()


def stored(exam: Exam) -> tuple[bytes, str]:
    assert exam.patient is not None
    with local_copy("exams", exam.bundle_key) as path:
        return path.read_bytes(), exam.patient.pseudonym


def both_ways(of: Question, files: Mapping[str, bytes], folder: Path, **values: Any) -> tuple[Exam, Exam, PreparedExam]:
    """The exam from its originals, and from the centre's machine, in two questions of one challenge."""
    other = question(of.slug, {"slug": "second"}, within=of.challenge)
    sent(of, zipped(dict(files)), values=json.dumps(values))
    (ready,) = prepared(other, files, folder, **values)
    sent(other, content(ready), name="", prepared=ready.proof)
    work_all(STAGES)
    return of.exams.get(), other.exams.get(), ready


@pytest.mark.parametrize(("slug", "phantom"), [("sarcopenia", sarcopenia), ("lung-tumour", lung)])
def test_both_ways_give_the_same_bytes_and_the_same_patient(slug: str, phantom: Any, tmp_path: Path) -> None:
    of = question(slug)
    created = phantom.make(3, "nord")
    raw, own, ready = both_ways(of, created.files, tmp_path)
    assert raw.state == own.state, [(row.reason, row.template) for row in progress_of(own)]
    assert stored(raw) == stored(own)
    assert ready.pseudonym == stored(own)[1] and own.sent_folder == ""
    values = [
        {row.field: (row.value, row.sha256) for row in exam.annotations.filter(is_chosen=True)} for exam in (raw, own)
    ]
    assert values[0] == values[1] and values[0]


def test_dates_among_the_values_move_once(tmp_path: Path) -> None:
    changes = {"data": {"fields": {"scanned": {"type": "date", "required": False}}}}
    of = question("sarcopenia", changes)
    other = question("sarcopenia", {**changes, "slug": "second"}, within=of.challenge)
    files = sarcopenia.make(4, "nord").files
    sent(of, zipped(dict(files)), values=json.dumps({"scanned": "2019-05-06"}))
    (ready,) = prepared(other, files, tmp_path, scanned="2019-05-06")
    sent(other, content(ready), name="", prepared=ready.proof)
    work_all(STAGES)
    raw, own = (entry.exams.get().annotations.get(field="scanned").value for entry in (of, other))
    assert raw == own != "2019-05-06"


def test_the_archive_is_the_same_whenever_it_is_made(tmp_path: Path) -> None:
    of = question()
    files = sarcopenia.make(5, "nord").files
    once, twice = (prepared(of, files, tmp_path / name)[0] for name in ("a", "b"))
    assert content(once) == content(twice) and once.proof == twice.proof


def test_nothing_of_the_person_is_in_the_archive(tmp_path: Path) -> None:
    of = question()
    files = {f"Martinot Elodie/{name}": data for name, data in sarcopenia.make(6, "nord").files.items()}
    (ready,) = prepared(of, files, tmp_path)
    data = content(ready).lower()
    for planted in (ready.patient, "martinot", "inventée", "imaginaire", "4711", "scan07", "770006"):
        assert planted.lower().encode() not in data
    assert ready.patient and ready.folder.startswith("drop/Martinot Elodie") and ready.patient not in repr(ready)


@pytest.mark.parametrize("wrong", ["other key", "other bytes", "no proof"])
def test_a_proof_is_of_this_centre_and_these_bytes(wrong: str, tmp_path: Path) -> None:
    """Without a proof the pseudonym is a number like any other, and gets a pseudonym of its own."""
    of = question()
    key = CentreKey(os.urandom(32)) if wrong == "other key" else None
    (ready,) = prepared(of, sarcopenia.make(7, "nord").files, tmp_path, key=key)
    data = content(ready)
    if wrong == "other bytes":
        data = data.replace(b"exam/", b"exan/")
    upload = sent(of, data, name="", **({} if wrong == "no proof" else {"prepared": ready.proof}))
    work_all(STAGES)
    upload.refresh_from_db()
    if wrong == "no proof":
        exam = of.exams.get()
        assert exam.patient is not None and exam.patient.pseudonym != ready.pseudonym
    else:
        assert (upload.state, upload.reason) == ("refused", "wrong_format") and not of.exams.exists()


@pytest.mark.parametrize("flaw", ["hard kernel", "cut file", "name in the pixels"])
def test_the_verdict_before_sending_is_the_server_s(flaw: str, tmp_path: Path) -> None:
    of = question()
    files = sarcopenia.make(8, "nord", flaw).files
    sent(of, zipped(dict(files)))
    (ready,) = prepared(of, files, tmp_path)
    work_all(STAGES)
    exam = of.exams.get()
    expected = {"accepted": "accept", "kept": "accept"}.get(
        str(exam.state), str(exam.state).replace("refused", "refuse")
    )
    assert ready.outcome == expected, ready.reasons
    assert exam.reason in {reason.code for reason in ready.reasons} | {""}
    assert (ready.archive is None) == (expected == "refuse")
