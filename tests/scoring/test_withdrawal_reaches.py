"""A withdrawn exam leaves everything: rows, stores, the released archive, the truth, the scores; and who fetched it is told."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.utils import timezone
from rest_framework.test import APIClient

from anonymization.models import Deidentification, QualityCheck, Review
from batches.models import Batch, BatchItem, DeletionRequest, Download
from batches.sending import decide
from core.models import AuditRecord, Erasure, Progress
from core.storage import read_blob, store
from leaderboard.board import board
from leaderboard.models import Ranking
from leaderboard.publish import publish_ranking
from scoring.models import CaseScore, Evaluation, Rescore, Submission, Truth
from tests.factories.contests import Contest, contest
from tests.factories.exams import work_all
from tests.factories.people import member_of, person, team_in
from tests.factories.questions import close_phase
from tests.factories.submissions import sent
from uploads.models import Annotation, Exam, Patient, Series
from uploads.withdraw import ExamWithdrawal, withdraw_centre, withdraw_exam, withdrawal_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _after_commit(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WORK_HEARTBEAT_SECONDS = 3600
    monkeypatch.setattr("django.db.transaction.on_commit", lambda function, using=None, robust=False: function())


def signed_in(user: Any) -> APIClient:
    client = APIClient()
    client.force_login(user)
    return client


def released() -> Contest:
    """A contest whose batch is out; Owls fetched it and were scored."""
    scene = contest()
    Batch.objects.filter(pk=scene.batch.pk).update(released_at=timezone.now() - timedelta(days=1))
    scene.batch.refresh_from_db()
    team = team_in(scene.question, "Owls")
    Download.objects.create(batch=scene.batch, team=team, user=member_of(team))
    sent(scene.question, team, scene.entry(wear=1))
    work_all()
    return scene


def withdrawn(scene: Contest, reason: str = "patient_objects") -> BatchItem:
    item = BatchItem.objects.filter(batch=scene.batch).order_by("position")[1]
    withdraw_exam(exam=item.exam, actor=person("Olga"), reason=reason)
    item.refresh_from_db()
    return item


def names_in(batch: Batch) -> set[str]:
    with zipfile.ZipFile(io.BytesIO(read_blob("deliveries", batch.archive_key))) as archive:
        return set(archive.namelist())


def test_the_archive_is_away_at_once_and_back_without_the_case_as_the_next_version() -> None:
    scene = released()
    old = scene.batch.archive_key
    item = withdrawn(scene)
    batch = Batch.objects.get(pk=scene.batch.pk)
    assert (batch.state, batch.version, batch.archive_key) == ("planned", 2, "")
    assert not store("deliveries").exists(old)
    member = member_of(scene.question.challenge.teams.get(name="Owls"))
    refused = signed_in(member).get(f"/api/v1/batches/{batch.pk}/manifest/")
    assert refused.status_code == 409 and refused.json()["reason"] == "being_rebuilt"
    page = signed_in(member).get("/c/cup/sarcopenia/data/").content.decode()
    assert item.public_id in page and f"/batches/{batch.pk}/download" not in page
    work_all()
    batch.refresh_from_db()
    assert batch.state == "built" and batch.manifest["version"] == 2
    assert batch.manifest["withdrawn"] == [item.public_id]
    assert not [name for name in names_in(batch) if item.public_id in name]
    assert item.public_id not in {case["id"] for case in batch.manifest["cases"]}
    assert f"/batches/{batch.pk}/download" in signed_in(member).get("/c/cup/sarcopenia/data/").content.decode()


def test_no_row_and_no_object_of_the_exam_is_left() -> None:
    scene = released()
    item = BatchItem.objects.filter(batch=scene.batch).order_by("position")[1]
    exam = Exam.objects.select_related("patient").get(pk=item.exam_id)
    patient = Patient.objects.create(challenge=scene.question.challenge, pseudonym="PSEUDONYM")
    Exam.objects.filter(pk=exam.pk).update(patient=patient)
    QualityCheck.objects.create(exam=exam, number=9, outcome="accept", question_revision=1, facts={"secret": "VALUE"})
    Review.objects.create(exam=exam, stage="check_quality", points=[{"values": {"name": "VALUE"}}])
    withdrawn(scene)
    work_all()
    for model in (Annotation, Series, QualityCheck, Review, Deidentification):
        assert not model._default_manager.filter(exam=exam).exists(), model
    assert not Patient.objects.filter(pk=patient.pk).exists()
    exam.refresh_from_db()
    assert (exam.content_hash, exam.bundle_key, exam.patient_id, exam.reason) == ("", "", None, "patient_objects")
    for name in ("quarantine", "exams"):
        folder = Path(store(name).path(f"exam-{exam.pk}"))
        assert not folder.exists() or not list(folder.iterdir())
    rows = Progress.objects.filter(subject_kind="exam", subject_id=str(exam.pk))
    assert [row.stage for row in rows] == ["withdraw"]
    audit = AuditRecord.objects.get(subject_id=str(exam.pk), verb="exam withdrawn")
    assert audit.detail == {"pseudonym": "PSEUDONYM"} and audit.reason == "patient_objects"


def test_truths_artefacts_and_case_scores_go_and_both_boards_stay() -> None:
    scene = released()
    close_phase(scene.phase)
    olga = person("Olga")
    first = Ranking.objects.get()
    publish_ranking(ranking=first, actor=olga)
    before = Submission.objects.get().evaluations.get()
    item = withdrawn(scene)
    work_all()
    versions = list(Truth.objects.filter(batch=scene.batch).order_by("version"))
    assert [bool(truth.blob_key) for truth in versions] == [False, True]
    assert versions[1].reason == "withdrawal" and versions[1].cases == versions[0].cases - 1
    sealed = Path(store("sealed").path(f"batch-{scene.batch.pk}"))
    assert [file.name for file in sealed.iterdir()] == [versions[1].blob_key.split("/")[1]]
    assert not CaseScore.objects.filter(public_id=item.public_id).exists()
    evaluations = list(Submission.objects.get().evaluations.order_by("number"))
    assert len(evaluations) == 2 and evaluations[1].truth == versions[1]
    assert evaluations[0].pk == before.pk and evaluations[0].artefacts_key == "" and evaluations[1].artefacts_key
    assert evaluations[0].scores.exists(), "what was published can still be read"
    assert [row.cause for row in Ranking.objects.order_by("number")] == ["", "withdrawal"]
    assert "plots" not in Ranking.objects.get(pk=first.pk).statistics
    seen = board(None or person("Sam"), scene.question)
    assert seen is not None and seen["number"] == first.number and "withdrawn" in seen["awaits"]
    publish_ranking(ranking=Ranking.objects.latest("number"), actor=olga)
    now = board(person("Sam"), scene.question)
    assert now is not None and now["number"] == 2 and "withdrawn" in now["note"]
    assert [(entry["number"], "withdrawn" in entry["note"]) for entry in now["earlier"]] == [(1, True)]
    old = board(person("Sam"), scene.question, number=1)
    assert old is not None and old["replaced_by"]["number"] == 2
    page = signed_in(person("Sam")).get("/c/cup/sarcopenia/board/?number=1").content.decode()
    assert "superseded" in page


def test_who_fetched_it_is_told_and_attests() -> None:
    scene = released()
    member = member_of(scene.question.challenge.teams.get(name="Owls"))
    mail.outbox.clear()
    item = withdrawn(scene)
    work_all()
    assert [letter.to for letter in mail.outbox] == [[member.email]]
    assert item.public_id in mail.outbox[0].body and "/c/cup/sarcopenia/data/" in mail.outbox[0].body
    request = DeletionRequest.objects.get()
    assert request.mailed_at is not None and request.attested_at is None
    stranger = signed_in(person("Sam"))
    assert stranger.post(f"/api/v1/batches/{scene.batch.pk}/attest-deletion/").status_code == 404
    assert stranger.get("/api/v1/deletions/").json()["results"] == []
    own = signed_in(member)
    assert [row["case"] for row in own.get("/api/v1/deletions/").json()["results"]] == [item.public_id]
    withdrawal = withdrawal_of(Exam.objects.get(pk=item.exam_id), by_batch=False)
    assert withdrawal is not None
    assert withdrawal == ExamWithdrawal(withdrawal.reason, erased=True, batches=1, ready=1, requests=1, attested=0)
    assert "named" not in withdrawal.to_json()
    assert own.post(f"/api/v1/batches/{scene.batch.pk}/attest-deletion/").json() == {"attested": 1}
    assert own.post(f"/api/v1/batches/{scene.batch.pk}/attest-deletion/").json() == {"attested": 0}
    assert AuditRecord.objects.get(verb="deletion attested").detail == {"cases": [item.public_id]}
    assert item.public_id not in own.get("/c/cup/sarcopenia/data/").content.decode()
    withdrawal = withdrawal_of(Exam.objects.get(pk=item.exam_id), by_batch=True)
    assert (
        withdrawal is not None
        and withdrawal.attested == 1
        and withdrawal.to_json()["named"][0]["name"] == scene.batch.name
    )


def test_a_set_that_becomes_empty_is_sealed_empty_and_says_so_to_who_submits() -> None:
    scene = released()
    for item in BatchItem.objects.filter(batch=scene.batch).select_related("exam"):
        withdraw_exam(exam=item.exam, actor=person("Olga"), reason="other")
    work_all()
    newest = Truth.objects.filter(batch=scene.batch).latest("version")
    assert (newest.cases, newest.blob_key) == (0, "")
    assert not Truth.objects.filter(batch=scene.batch).exclude(blob_key="").exists()
    assert Batch.objects.get(pk=scene.batch.pk).manifest["cases"] == []
    late = sent(scene.question, team_in(scene.question, "Cats"), scene.entry())
    work_all()
    late.refresh_from_db()
    assert late.state == "failed"
    answer = Progress.objects.filter(subject_id=str(late.pk), audience="organiser")
    assert any("Every case of this phase was withdrawn" in row.template for row in answer)


def test_a_reason_is_one_of_the_list_and_other_words_are_kept_nowhere() -> None:
    scene = released()
    item = withdrawn(scene, reason="Mrs DUPONT called on Monday")
    work_all()
    assert Exam.objects.get(pk=item.exam_id).reason == "other"
    audits = json.dumps([[row.reason, row.detail] for row in AuditRecord.objects.all()], default=str)
    assert "DUPONT" not in audits


def test_a_store_that_is_away_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from core import erasure

    scene = released()

    def away(*_: Any) -> None:
        raise OSError("the store does not answer")

    with monkeypatch.context() as broken:
        broken.setattr(erasure, "erase_owner", away)
        item = withdrawn(scene)
    exam = Exam.objects.get(pk=item.exam_id)
    withdrawal = withdrawal_of(exam, by_batch=False)
    assert withdrawal is not None and withdrawal.erased is False
    page = signed_in(person("Olga")).get(f"/exams/{exam.pk}/").content.decode()
    assert "being erased" in page and "erased from this site" in page
    erasure.sweep_erasures()
    work_all()
    withdrawal = withdrawal_of(exam, by_batch=False)
    assert withdrawal is not None and withdrawal.erased is True
    late = Path(store("exams").path(f"exam-{exam.pk}"))
    late.mkdir(exist_ok=True)
    (late / "left-by-a-worker").touch()
    Erasure.objects.update(asked_at=timezone.now() - timedelta(seconds=settings.WORK_LEASE_SECONDS + 1))
    erasure.sweep_erasures()
    assert not list(late.iterdir()) and not Erasure.objects.exists()


def test_a_whole_centre_leaves() -> None:
    scene = released()
    centre = scene.batch.items.first().exam.centre  # type: ignore[union-attr]
    with pytest.raises(Exception, match="people of this centre"):
        withdraw_centre(centre=centre, actor=person("Sam"), reason="centre_leaves")
    answer = signed_in(person("Olga")).post(f"/api/v1/centres/{centre.pk}/withdraw/", {"reason": "centre_leaves"})
    assert answer.status_code == 202
    work_all()
    assert not Exam.objects.filter(centre=centre).exclude(state="withdrawn").exists()
    assert set(Exam.objects.filter(centre=centre).values_list("reason", flat=True)) == {"centre_leaves"}
    again = signed_in(person("Olga")).post(f"/api/v1/centres/{centre.pk}/withdraw/", {"reason": "centre_leaves"})
    assert again.status_code == 202
    assert AuditRecord.objects.filter(verb="centre withdrawn").count() == 1
    assert "0 exams" not in signed_in(person("Olga")).get("/c/cup/people/").content.decode()


def test_every_download_leaves_a_receipt_of_its_version(rf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = released()
    member = member_of(scene.question.challenge.teams.get(name="Owls"))
    monkeypatch.setattr("batches.sending.person_of", lambda scope: member)
    Download.objects.all().delete()
    for sends, receipts in ((False, 0), (True, 1), (True, 1)):
        decide({}, str(scene.batch.pk), None, sends=sends)
        assert Download.objects.count() == receipts
    Batch.objects.filter(pk=scene.batch.pk).update(version=2)
    decide({}, str(scene.batch.pk), None, sends=True)
    assert list(Download.objects.order_by("pk").values_list("version", flat=True)) == [1, 2]


def test_scores_of_the_truth_before_are_not_written() -> None:
    """A truth that changes while a submission is being scored: the numbers of the past are dropped and it is scored again."""
    scene = released()
    withdrawn(scene)
    work_all()
    newest = Truth.objects.filter(batch=scene.batch).latest("version")
    assert Evaluation.objects.latest("number").truth == newest
    assert Rescore.objects.get().done_at is not None and not Rescore.objects.filter(done_at=None).exists()
