"""Before a freeze and a release: every obstacle by name, on the page, in the API and at the step, which refuses what blocks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from anonymization.models import ExamImage
from batches.models import Batch, Split
from batches.readiness import freeze_obstacles, release_obstacles
from batches.release import reschedule_batch
from batches.split import draft_split, freeze_split
from challenges.models import Question
from core.models import Work
from core.readiness import NotReadyError, Obstacle, readiness_document
from tests.factories.exams import kept_exam, work_all
from tests.factories.people import person
from tests.factories.questions import question
from tests.scoring.test_every_kind_of_truth import SETS, series
from uploads.models import Annotation, Exam

pytestmark = pytest.mark.django_db


def signed_in() -> APIClient:
    client = APIClient()
    client.force_login(person("Olga"))
    return client


def nodule_exams(of: Question, volumes: tuple[float, ...] = (300, 20, 300, 20, 300, 20)) -> list[Exam]:
    rows = [[{"x": 1.0, "y": 2.0, "z": 3.0, "diameter": 3.0, "volume": v, "density": "solid"}] for v in volumes]
    return [kept_exam(of, {"image": series(3, n)}, {"nodules": row}) for n, row in enumerate(rows)]


def by_code(obstacles: list[Obstacle]) -> dict[str, Obstacle]:
    return {obstacle.reason: obstacle for obstacle in obstacles}


@pytest.fixture
def question_row() -> Question:
    return question("nodules", {**SETS, "phases": {"inclusion": None}})


def test_a_sound_draft_is_frozen(question_row: Question) -> None:
    nodule_exams(question_row)
    split = draft_split(question=question_row, actor=None)
    assert not [freeze_obstacle for freeze_obstacle in freeze_obstacles(split) if freeze_obstacle.blocks]
    freeze_split(split=split, actor=None)
    work_all()


def test_exams_without_a_value_are_named_and_nothing_is_frozen(question_row: Question) -> None:
    exams = nodule_exams(question_row)
    split = draft_split(question=question_row, actor=None)
    Annotation.objects.filter(exam=exams[2]).delete()
    faults_by_code = by_code(freeze_obstacles(split))
    assert faults_by_code["missing_value"].blocks and [
        subject.id for subject in faults_by_code["missing_value"].subjects
    ] == [str(exams[2].pk)]
    answer = signed_in().post(f"/api/v1/splits/{split.pk}/freeze/")
    assert answer.status_code == 409 and answer.json()["reason"] == "missing_value"
    assert f"exam {exams[2].number}" in answer.json()["errors"][0]["where"]
    json = signed_in().get(f"/api/v1/splits/{split.pk}/readiness/").json()
    assert json["ready"] is False and json["obstacles"][0]["code"] == "missing_value"
    page = signed_in().get("/c/cup/nodules/sets/").content.decode()
    assert f'href="/exams/{exams[2].pk}/"' in page and "/sets/freeze/" not in page
    split.refresh_from_db()
    assert split.state == Split.State.DRAFT and not Batch.objects.exists()


def test_of_many_exams_the_first_are_named_and_all_counted(
    question_row: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batches.readiness.MOST_NAMED", 2)
    exams = nodule_exams(question_row)
    split = draft_split(question=question_row, actor=None)
    Annotation.objects.all().delete()
    result = by_code(freeze_obstacles(split))["missing_value"]
    assert [subject.id for subject in result.subjects] == [str(exam.pk) for exam in exams[:2]]
    assert readiness_document([result])["obstacles"][0]["count"] == len(exams)


def test_a_set_of_one_class_is_named(question_row: Question) -> None:
    nodule_exams(question_row, (300,) * 6)
    split = draft_split(question=question_row, actor=None)
    faults_by_code = by_code(freeze_obstacles(split))
    assert faults_by_code["one_class"].blocks and faults_by_code["one_class"].values == {"sets": "test", "score": "auc"}
    with pytest.raises(NotReadyError, match="same class"):
        freeze_split(split=split, actor=None)


@pytest.mark.parametrize("value", ["twelve", -3, 11.5])
def test_a_value_that_scoring_does_not_accept_is_named(value: Any) -> None:
    question_row = question("ms-edss", SETS)
    exams = [
        kept_exam(question_row, {"flair": series(3, n)}, {"edss": float(n), "age": 40 + n, "sex": "F"})
        for n in range(6)
    ]
    split = draft_split(question=question_row, actor=None)
    scored = split.items.filter(set_name="test").first()
    assert scored is not None
    Annotation.objects.filter(exam_id=scored.exam_id, field="edss").update(value=value)
    faults_by_code = by_code(freeze_obstacles(split))
    assert faults_by_code["invalid_value"].blocks
    assert [subject.id for subject in faults_by_code["invalid_value"].subjects] == [str(scored.exam_id)]
    assert str(value) not in str(faults_by_code["invalid_value"].values), "the value itself is not repeated"
    assert len(exams) == 6


def test_what_is_on_its_way_is_listed_and_does_not_block(question_row: Question) -> None:
    exams = nodule_exams(question_row, (*(300, 20) * 4, 300))
    for exam, state in zip(exams, ("review", "received", "accepted"), strict=False):
        Exam.objects.filter(pk=exam.pk).update(state=state)
    split = draft_split(question=question_row, actor=None)
    late = kept_exam(question_row, {"image": series(3, 99)}, {"nodules": []})
    faults_by_code = by_code(freeze_obstacles(split))
    assert {subject.id for subject in faults_by_code["undecided"].subjects} == {str(exams[0].pk), str(exams[1].pk)}
    assert {subject.id for subject in faults_by_code["ungraded"].subjects} == {str(exams[2].pk)}
    assert {subject.id for subject in faults_by_code["left_over"].subjects} == {str(late.pk)}
    assert not any(entry.blocks for entry in faults_by_code.values())


def test_an_open_inclusion_is_said_with_its_end() -> None:
    question_row = question("nodules", SETS)
    nodule_exams(question_row)
    split = draft_split(question=question_row, actor=None)
    faults_by_code = by_code(freeze_obstacles(split))
    assert not faults_by_code["inclusion_open"].blocks and "closes" in faults_by_code["inclusion_open"].values
    assert "inclusion" in signed_in().get("/c/cup/nodules/sets/").content.decode().lower()


def test_an_exam_that_is_no_volume_cannot_be_delivered_as_one() -> None:
    question_row = question("nodules", {**SETS, "data": {"deliver": {"format": "nifti"}}})
    exams = nodule_exams(question_row)
    split = draft_split(question=question_row, actor=None)
    ExamImage.objects.create(exam=exams[0], name="image", document={"geometry": None})
    faults_by_code = by_code(freeze_obstacles(split))
    assert faults_by_code["not_deliverable"].blocks and [
        subject.id for subject in faults_by_code["not_deliverable"].subjects
    ] == [str(exams[0].pk)]


def planned(of: Question) -> Batch:
    freeze_split(split=draft_split(question=of, actor=None), actor=None)
    batch = of.batches.get(name="evaluation")
    Batch.objects.filter(pk=batch.pk).update(released_at=timezone.now() + timedelta(days=1))
    batch.refresh_from_db()
    return batch


def test_a_batch_that_is_being_prepared_is_not_released_by_hand(question_row: Question) -> None:
    nodule_exams(question_row)
    batch = planned(question_row)
    assert by_code(release_obstacles(batch))["being_prepared"].blocks
    page = signed_in().get("/c/cup/nodules/sets/").content.decode()
    assert f"/batches/{batch.pk}/release/" not in page
    answer = signed_in().post(
        f"/api/v1/batches/{batch.pk}/reschedule/", {"released_at": timezone.now().isoformat(), "reason": "now"}
    )
    assert answer.status_code == 409 and answer.json()["reason"] == "being_prepared"
    reschedule_batch(batch=batch, released_at=timezone.now() + timedelta(hours=1), actor=person("Olga"), reason="later")
    work_all()
    batch.refresh_from_db()
    assert release_obstacles(batch) == []
    assert f"/batches/{batch.pk}/release/" in signed_in().get("/c/cup/nodules/sets/").content.decode()
    reschedule_batch(batch=batch, released_at=timezone.now(), actor=person("Olga"), reason="now")


def test_a_batch_whose_truth_cannot_be_sealed_is_not_released_by_hand(question_row: Question) -> None:
    nodule_exams(question_row)
    batch = planned(question_row)
    work_all(("build_batch",))
    batch.refresh_from_db()
    assert not by_code(release_obstacles(batch))["truth_pending"].blocks
    Work.objects.filter(stage="seal_truth", subject_id=str(batch.pk)).update(
        state=Work.State.FAILED, reason="TruthError"
    )
    assert by_code(release_obstacles(batch))["truth_failed"].blocks
    with pytest.raises(NotReadyError, match="could not be sealed"):
        reschedule_batch(batch=batch, released_at=timezone.now(), actor=person("Olga"), reason="now")
