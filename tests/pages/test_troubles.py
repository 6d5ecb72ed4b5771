"""The console names what failed work is about, as people call it, and the reason, with the exam to act on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from batches.split import draft_split, freeze_split
from challenges.field_titles import field_titles
from challenges.frame import spec_of
from challenges.models import Question
from core.models import Notice, Work
from core.performing import perform
from core.registry import stages
from core.work import enqueue
from pages.troubles import KINDS, troubles_of
from scoring.models import Submission
from tests.factories.contests import contest
from tests.factories.exams import kept_exam, sarcopenia_exams, square, work_all
from tests.factories.people import person, team_in
from tests.factories.questions import deciding_phase, question
from tests.factories.submissions import sent, stored_upload
from uploads.models import Annotation, Exam
from uploads.withdraw import withdraw_exam

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> None:
    settings.KEYS_DIR, settings.STAGING_DIR = tmp_path / "keys", tmp_path / "staging"
    settings.WORK_HEARTBEAT_SECONDS = 3600


def shown(of: Question, page: str = "pages:console") -> str:
    client = Client()
    client.force_login(person("Olga"))
    return " ".join(client.get(reverse(page, args=[of.challenge.slug])).content.decode().split())


def frozen(of: Question) -> None:
    freeze_split(split=draft_split(question=of, actor=None), actor=None)


def test_a_batch_that_cannot_be_built_names_every_exam_and_why() -> None:
    question_row = question(changes={"split": {"sets": {"training": 4, "validation": 1, "test": 1}}})
    sarcopenia_exams(question_row, (2, 3))
    images = {"image": [square(4).astype("uint16") * 900]}
    for _ in range(4):
        kept_exam(question_row, images, {"mask": square(3, grid=9)})  # on another grid than its image
    frozen(question_row)
    for row in Work.objects.filter(stage="build_batch"):
        perform(row.pk)
    failed = Work.objects.filter(stage="build_batch", state="failed")
    assert failed.exists() and {row.attempts for row in failed} == {1}
    numbers = {line["values"]["exam"] for row in failed for line in row.faults}
    text = shown(question_row)
    for exam in Exam.objects.filter(pk__in=numbers):
        assert f'<a href="/exams/{exam.pk}/">Exam {exam.number} of Hôpital Nord, Sarcopenia</a>: ' in text
    for batch in question_row.batches.filter(pk__in=failed.values("subject_id")):
        assert f"Batch {batch.name} of Sarcopenia" in text
    assert "mask: the array is 9 x 9; it must be 12 x 12" in text
    assert ".py:" not in text and "Error" not in text


def test_a_truth_that_cannot_be_sealed_names_exam_and_field_and_is_sealed_once_corrected() -> None:
    question_row = question(changes={"split": {"sets": {"training": 1, "validation": 1, "test": 3}}})
    exams = sarcopenia_exams(question_row, (2, 3, 4, 5, 6))
    frozen(question_row)
    work_all(("build_batch",))
    batch = question_row.batches.get(name="evaluation")
    item = batch.items.first()
    assert item is not None
    annotation = Annotation.objects.get(exam=item.exam_id, field="mask")
    Annotation.objects.filter(pk=annotation.pk).update(is_chosen=False)
    row = Work.objects.get(stage="seal_truth", subject_id=str(batch.pk))
    perform(row.pk)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("failed", 1)
    for text in (shown(question_row), shown(question_row, "pages:work")):
        exam = next(exam for exam in exams if exam.pk == item.exam_id)
        assert f"Exam {exam.number} of Hôpital Nord, Sarcopenia</a>: " in text and "mask" in text
        assert "TruthError" not in text and ".py:" not in text
    Annotation.objects.filter(pk=annotation.pk).update(is_chosen=True)
    enqueue("seal_truth", batch)
    work_all(("seal_truth",))
    assert batch.truths.count() == 1


def test_every_stage_has_a_subject_that_people_know() -> None:
    scene = contest()
    address, team = scene.question, team_in(scene.question, "Owls")
    submission = sent(address, team, scene.entry())
    upload = stored_upload(address, team, b"x")
    phase, user = deciding_phase(address), person("Paul")
    mail = "Mail to paul@example.org"
    subjects = [
        ("Exam 1 of Hôpital Nord, Sarcopenia", Exam.objects.get(number=1).pk),
        ("Upload of Owls for Sarcopenia", upload.pk),
        ("Batch evaluation of Sarcopenia", scene.batch.pk),
        ("Submission of Owls for Sarcopenia", submission.pk),
        ("Phase final of Sarcopenia", phase.pk),
        ("Jury of Sarcopenia", f"{address.pk}:3"),
        ("Sets of Sarcopenia", scene.batch.split_id),
        (mail, Notice.objects.create(user=user, kind="exam_refused").pk),
        (mail, f"{user.pk}:2026-12-01"),
        (mail, f"{scene.batch.pk}:{user.pk}"),
    ]
    rows = [
        Work.objects.update_or_create(stage=kind.stages[0], subject_id=str(pk), defaults={"state": "waiting"})[0]
        for kind, (_title, pk) in zip(KINDS, subjects, strict=True)
    ]
    assert [trouble.subject.title for trouble in troubles_of(rows)] == [title for title, _pk in subjects]


def test_no_kind_names_a_stage_that_the_site_does_not_have() -> None:
    assert {stage for kind in KINDS for stage in kind.stages} <= stages().keys()


def test_a_subject_that_is_gone_keeps_its_id() -> None:
    row = Work.objects.create(stage="score_submission", subject_id="nonsense")
    assert troubles_of([row])[0].subject.title == "nonsense"
    assert not Submission.objects.exists()


ACTIONS = {"batch": "build_batch", "seal": "seal_truth", "score": "score_submission", "mail": "mail_digest"}


@pytest.mark.parametrize("kind", ACTIONS)
def test_each_failure_is_told_in_words_and_its_buttons_lead_where_they_say(kind: str) -> None:
    """Exam, field and reason; "Correct" and "Leave out" open the exam's pages, "Try again" puts the task back in the queue."""
    example = contest()
    address, team = example.question, team_in(example.question, "Owls")
    submission = sent(address, team, example.entry())
    exam = Exam.objects.get(number=1)
    subjects = {
        "batch": (str(example.batch.pk), "Batch evaluation of Sarcopenia"),
        "seal": (str(example.batch.pk), "Batch evaluation of Sarcopenia"),
        "score": (str(submission.pk), "Submission of Owls for Sarcopenia"),
        "mail": (f"{person('Paul').pk}:2026-12-01", "Mail to paul@example.org"),
    }
    subject, title = subjects[kind]
    fault = {
        "where": str(exam),
        "template": "The reference data have no %(name)s for case '%(id)s'.",
        "values": {"name": "mask", "id": "x", "exam": str(exam.pk)},
    }
    plain = {"where": "", "template": "The mail server refused the address.", "values": {}}
    row, _new = Work.objects.update_or_create(
        stage=ACTIONS[kind],
        subject_id=subject,
        defaults={
            "state": "failed",
            "challenge_id": address.challenge_id,
            "attempts": 3,
            "reason": "organiser_error",
            "faults": [plain if kind == "mail" else fault],
        },
    )
    client = Client()
    client.force_login(person("Olga"))
    text = shown(address, "pages:work")
    assert title in text
    if kind == "mail":
        assert "The mail server refused the address." in text
    else:
        (trouble,) = troubles_of([row])
        named = trouble.lines[0].subject
        assert named is not None and "Exam 1 of Hôpital Nord" in text
        assert field_titles(spec_of(address), "en").title("mask") in trouble.lines[0].message
        assert f'href="{named.correct_url}"' in text and client.get(named.correct_url).status_code == 200
        page, _sharp, place = named.leave_out_url.partition("#")
        answer = client.get(page)
        assert answer.status_code == 200 and f'id="{place}"' in answer.content.decode()
    client.post(reverse("pages:retry", args=[address.challenge.slug, row.pk]))
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("waiting", 0)


def test_a_seal_that_fails_is_done_once_the_exam_is_left_out() -> None:
    address = question(changes={"split": {"sets": {"training": 1, "validation": 1, "test": 4}}})
    sarcopenia_exams(address, (2, 3, 4, 5, 6, 7))
    frozen(address)
    work_all(("build_batch",))
    batch = address.batches.get(name="evaluation")
    item = batch.items.first()
    assert item is not None
    Annotation.objects.filter(exam=item.exam_id, field="mask").update(is_chosen=False)
    row = Work.objects.get(stage="seal_truth", subject_id=str(batch.pk))
    perform(row.pk)
    row.refresh_from_db()
    assert row.state == "failed"
    withdraw_exam(exam=item.exam, actor=person("Olga"), reason="other")
    client = Client()
    client.force_login(person("Olga"))
    client.post(reverse("pages:retry", args=[address.challenge.slug, row.pk]))
    work_all()
    row.refresh_from_db()
    assert row.state == "done" and batch.truths.exists()
