"""A picture whose child is killed or starved: tried again, then 503 with words and when to ask again; the file is not blamed."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client

from concours.formats import child
from concours.formats.child import ChildFailedError, ChildLostError
from core import for_page
from core.storage import local_copy
from grading.pictures import picture_of
from tests.factories.exams import kept_exam
from tests.factories.questions import question
from uploads.models import Exam

pytestmark = pytest.mark.django_db
SITES = (
    "/exams/{pk}/images/volume",
    "/exams/{pk}/images/mask",
    "/exams/{pk}/thumbnails/0.png",
    "/api/v1/exams/{pk}/thumbnails/0/",
)


class Children:
    """Stands for `run_limited`: the first `lost` children are killed, the others run."""

    def __init__(self, lost: int, error: Exception | None = None) -> None:
        self.lost, self.ran = lost, 0
        self.error = error or ChildLostError("killed from outside by signal 9; the machine may lack memory")

    def __call__(self, *args: Any, **options: Any) -> Any:
        self.ran += 1
        if self.ran <= self.lost:
            raise self.error
        return child.run_limited(*args, **options)


@pytest.fixture
def exam(settings: Any, tmp_path: Path) -> Exam:
    settings.KEYS_DIR = tmp_path / "keys"
    kept_exam_result = kept_exam(question(), {"image": [np.full((12, 12), 900 + k, np.uint16) for k in range(4)]}, {})
    kept_exam_result.quality_checks.create(
        number=1, question_revision=1, outcome="accept", facts=facts_of(kept_exam_result)
    )
    return kept_exam_result


def facts_of(exam: Exam) -> dict[str, Any]:

    with local_copy("exams", exam.bundle_key) as path, zipfile.ZipFile(path) as archive:
        names = sorted(archive.namelist())
    uid = names[0].split("/")[-2]
    slices = [{"instance": name.split("/")[-1], "frame": 0} for name in names]
    return {"series": [{"image": "image", "uid": uid, "slices": slices}]}


@pytest.fixture
def organiser(exam: Exam) -> Client:
    client = Client()
    client.force_login(exam.question.challenge.created_by)
    return client


def test_a_child_that_is_lost_once_is_not_noticed(exam: Exam, monkeypatch: pytest.MonkeyPatch) -> None:
    children = Children(1)
    monkeypatch.setattr(for_page, "run_limited", children)
    assert picture_of(exam).facts.shape == (4, 12, 12)
    assert children.ran == 2


@pytest.mark.parametrize("address", SITES)
def test_children_that_stay_lost_are_told_in_words_and_with_a_time(
    exam: Exam, organiser: Client, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(for_page, "run_limited", Children(99))
    answer = organiser.get(address.format(pk=exam.pk))
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert "busy" in answer.content.decode() and "damaged" not in answer.content.decode()
    monkeypatch.undo()
    later = organiser.get(address.format(pk=exam.pk))
    later.close()
    assert later.status_code in (200, 404)  # 404: this exam has no mask


@pytest.mark.parametrize("address", SITES[:1] + SITES[2:])
def test_a_defect_is_told_without_a_time_and_logged_without_what_a_file_says(
    exam: Exam, organiser: Client, address: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(for_page, "run_limited", Children(99, ChildFailedError("Dupontel", "ValueError: Dupontel")))
    answer = organiser.get(address.format(pk=exam.pk))
    assert answer.status_code == 503 and "Retry-After" not in answer
    assert "administrator" in answer.content.decode()
    assert "child failed" in caplog.text and "Dupontel" not in caplog.text + answer.content.decode()


def test_a_child_that_was_starved_for_long_is_not_run_again_while_the_page_waits(
    exam: Exam, organiser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    children = Children(99)
    monkeypatch.setattr(for_page, "run_limited", children)
    monkeypatch.setattr(for_page, "AGAIN_WITHIN", -1.0)
    assert organiser.get(SITES[0].format(pk=exam.pk)).status_code == 503
    assert children.ran == 1
