"""A label is corrected after sealing: two organisers, the next truth, new scores, both boards with the reason; teams are told."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.core import mail
from django.utils import timezone
from rest_framework.test import APIClient

from anonymization.correct import SAME_PERSON, confirm_correction, reject_correction
from anonymization.models import Correction, QualityCheck
from batches.models import Batch, BatchItem, Download
from core.claims import claim_next
from core.days import day_words
from core.errors import InvalidInputError, MoveNotAllowedError, NotAllowedError
from core.models import AuditRecord, Work
from core.storage import read_blob, store
from leaderboard.board import board
from leaderboard.models import Ranking
from leaderboard.publish import publish_ranking
from scoring.models import Rescore, Submission, Truth
from scoring.seal import seal_truth
from tests.factories.contests import VOXEL, Contest, contest
from tests.factories.corrections import REASON, corrected, second_organiser
from tests.factories.exams import square, work_all
from tests.factories.people import member_of, person, team_in
from tests.factories.questions import close_phase
from tests.factories.submissions import sent
from uploads.models import Annotation, Exam

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _after_commit(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WORK_HEARTBEAT_SECONDS = 3600
    monkeypatch.setattr("django.db.transaction.on_commit", lambda function, using=None, robust=False: function())


def signed_in(user: Any) -> APIClient:
    client = APIClient()
    client.force_login(user)
    return client


def scored() -> Contest:
    """Owls fetched the batch and answered perfectly."""
    scene = contest()
    Batch.objects.filter(pk=scene.batch.pk).update(released_at=timezone.now() - timedelta(days=1))
    scene.batch.refresh_from_db()
    team = team_in(scene.question, "Owls")
    Download.objects.create(batch=scene.batch, team=team, user=member_of(team))
    sent(scene.question, team, scene.entry())
    work_all()
    return scene


def one_item(batch: Batch) -> BatchItem:
    return batch.items.select_related("exam__question__challenge").order_by("position")[0]


def truth_files(truth: Truth) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(read_blob("sealed", truth.blob_key)))


def rows_of(truth: Truth) -> dict[str, dict[str, str]]:
    with truth_files(truth) as archive:
        return {row["case_id"]: row for row in csv.DictReader(io.StringIO(archive.read("truth.csv").decode()))}


def dice_of(submission: Submission) -> float | None:
    newest = submission.evaluations.order_by("-number").first()
    assert newest is not None
    return newest.scores.get(name="dice", part="all").value  # type: ignore[no-any-return]


def test_a_label_is_corrected_after_sealing_by_two_organisers() -> None:
    scene = scored()
    close_phase(scene.phase)
    olga, odile = person("Olga"), second_organiser(scene.question.challenge)
    first = Ranking.objects.get()
    publish_ranking(ranking=first, actor=olga)
    item, team = one_item(scene.batch), scene.question.challenge.teams.get(name="Owls")
    old = Truth.objects.get(batch=scene.batch)
    assert dice_of(Submission.objects.get()) == pytest.approx(1.0)
    mail.outbox.clear()

    proposed = corrected(item.exam, "mask", square(9), by=olga)
    assert (proposed.state, proposed.scope) == ("proposed", "sealed")
    with pytest.raises(NotAllowedError, match="second organiser"):
        confirm_correction(correction=proposed, actor=olga)
    work_all()
    assert Truth.objects.filter(batch=scene.batch).count() == 1, "a proposal changes nothing"
    confirm_correction(correction=proposed, actor=odile)
    assert proposed.state == "confirmed" and proposed.value is None and proposed.blob_key == ""
    written = Annotation.objects.get(exam=item.exam, field="mask", is_chosen=True)
    assert written.blob_key == "" and written.sealed_at is not None, (
        "the new label is readable nowhere from its decision on"
    )
    work_all()

    proposed.refresh_from_db()
    newest = Truth.objects.filter(batch=scene.batch).latest("version")
    assert proposed.state == "corrected" and newest.reason == "correction" and newest.corrections == [proposed.pk]
    before, after = rows_of(old), rows_of(newest)
    changed = {case for case in before if before[case] != after[case]}
    assert changed == {item.public_id} and before.keys() == after.keys()
    assert float(after[item.public_id]["surface"]) == pytest.approx(81 * VOXEL)
    with truth_files(old) as element, truth_files(newest) as other:
        assert sorted(element.namelist()) == sorted(other.namelist())
    annotation = Annotation.objects.get(exam=item.exam, field="mask", is_chosen=True)
    assert annotation.version == 2 and annotation.blob_key == "" and annotation.sealed_at is not None
    assert store("exams").listdir(f"exam-{item.exam.pk}")[1] == [item.exam.bundle_sha256]
    for check in QualityCheck.objects.filter(exam=item.exam):
        assert check.facts["fields"]["mask"]["mask"] is None

    score = dice_of(Submission.objects.get())
    assert score is not None and score < 1.0
    rescore = Rescore.objects.get()
    assert (rescore.cause, rescore.reason) == ("correction", REASON) and rescore.done_at is not None
    seen = board(person("Sam"), scene.question)
    assert seen is not None and seen["number"] == first.number and REASON in seen["awaits"]
    publish_ranking(ranking=Ranking.objects.latest("number"), actor=olga)
    now, past = board(person("Sam"), scene.question), board(person("Sam"), scene.question, number=1)
    assert now is not None and REASON in now["note"] and "corrected on" in now["note"]
    assert [entry["number"] for entry in now["earlier"]] == [1]
    assert past is not None and past["replaced_by"]["number"] == 2
    assert past["lines"][0]["scores"]["dice"] == pytest.approx(1.0)
    assert now["lines"][0]["scores"]["dice"] == pytest.approx(score, abs=1e-4)  # as the board rounds it

    member = member_of(team)
    letters = [entry for entry in mail.outbox if entry.to == [member.email]]
    assert len(letters) == 1 and f"Labels corrected on {day_words(timezone.now())}: " in letters[0].body
    assert REASON in letters[0].body and item.public_id not in letters[0].body
    page = signed_in(member).get("/c/cup/sarcopenia/data/").content.decode()
    assert REASON in page and item.public_id not in page
    assert "superseded" in signed_in(member).get("/c/cup/sarcopenia/board/?number=1").content.decode()
    verbs = set(AuditRecord.objects.filter(subject_kind="correction").values_list("verb", flat=True))
    assert verbs == {"correction proposed", "correction confirmed", "correction corrected"}


def test_a_rejected_correction_changes_nothing_and_its_file_is_erased() -> None:
    scene = scored()
    olga, odile = person("Olga"), second_organiser(scene.question.challenge)
    item = one_item(scene.batch)
    proposed = corrected(item.exam, "mask", square(9), by=olga)
    key = proposed.blob_key
    assert store("exams").exists(key)
    with pytest.raises(InvalidInputError, match="Explain"):
        reject_correction(correction=proposed, actor=odile, note=" ")
    reject_correction(correction=proposed, actor=odile, note="the first reading is right")
    work_all()
    assert proposed.state == "rejected" and not store("exams").exists(key)
    assert Truth.objects.filter(batch=scene.batch).count() == 1 and not Rescore.objects.exists()
    with pytest.raises(MoveNotAllowedError, match="already decided"):
        confirm_correction(correction=proposed, actor=odile)
    assert corrected(item.exam, "mask", square(8), by=olga).state == "proposed", "a new one can be proposed"


def test_a_worker_that_dies_after_the_truth_is_written_finishes_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = scored()
    odile = second_organiser(scene.question.challenge)
    proposed = corrected(one_item(scene.batch).exam, "mask", square(9), by=person("Olga"))
    confirm_correction(correction=proposed, actor=odile)
    Work.objects.filter(stage="build_batch").update(state="done")

    class Killed(BaseException):
        pass

    def killed(*_: Any) -> None:
        raise Killed

    claim = claim_next(("seal_truth",))
    assert claim is not None
    with monkeypatch.context() as broken:
        broken.setattr("scoring.seal.settle_corrections", killed)
        with pytest.raises(Killed):
            seal_truth(claim)
    proposed.refresh_from_db()
    assert proposed.state == "confirmed" and Truth.objects.filter(batch=scene.batch).count() == 2
    Work.objects.filter(pk=claim.work_id).update(state="waiting")
    work_all()
    proposed.refresh_from_db()
    assert proposed.state == "corrected" and Truth.objects.filter(batch=scene.batch).count() == 2
    assert not Annotation.objects.filter(exam=proposed.exam).exclude(blob_key="").exists()


def test_a_training_label_is_corrected_by_one_organiser_and_delivered_as_a_new_version() -> None:
    scene = scored()
    olga = person("Olga")
    training = Batch.objects.get(question=scene.question, set_name="training")
    item = one_item(training)
    centre_person = person("Carla Centre")
    item.exam.centre.memberships.create(user=centre_person)
    with pytest.raises(NotAllowedError, match="sets are frozen"):
        corrected(item.exam, "mask", square(9), by=centre_person)
    done = corrected(item.exam, "mask", square(9), by=olga)
    assert (done.state, done.scope, done.decided_by) == ("corrected", "frozen", olga)
    work_all()
    training.refresh_from_db()
    assert (training.state, training.version, training.manifest["version"]) == ("built", 2, 2)
    assert [(correction["id"], correction["field"]) for correction in training.manifest["corrections"]] == [
        (item.public_id, "mask"),
        (item.public_id, "surface"),
    ]
    with zipfile.ZipFile(io.BytesIO(read_blob("deliveries", training.archive_key))) as archive:
        rows = {row["case_id"]: row for row in csv.DictReader(io.StringIO(archive.read("truth.csv").decode()))}
    assert float(rows[item.public_id]["surface"]) == pytest.approx(81 * VOXEL)
    assert Batch.objects.get(pk=scene.batch.pk).version == 1, "what does not contain it stays"
    Correction.objects.get()


def test_what_cannot_be_used_is_refused_in_words() -> None:
    scene = scored()
    olga, exam = person("Olga"), one_item(scene.batch).exam
    for new, words in (
        (np.arange(144, dtype=np.uint8).reshape(12, 12), "mask"),
        (square(3, grid=20), "mask"),
        (b"no image at all", "damaged"),
    ):
        with pytest.raises(InvalidInputError) as refused:
            corrected(exam, "mask", new, by=olga)
        assert any(words in fault.template % fault.values for fault in refused.value.faults), refused.value.faults
    with pytest.raises(InvalidInputError, match="no field"):
        corrected(exam, "surface", 3.0, by=olga)
    for reason, words in (("", "Explain why"), ("Dr Zorglub called on 12/03/2019", "identify"), ("x" * 400, "300")):
        with pytest.raises(InvalidInputError, match=words):
            corrected(exam, "mask", square(9), by=olga, reason=reason)
    assert not Correction.objects.exists()
    with pytest.raises(NotAllowedError):
        corrected(exam, "mask", square(9), by=person("Sam"))
    assert SAME_PERSON


def test_a_withdrawn_exam_takes_its_correction_along() -> None:
    from uploads.withdraw import withdraw_exam

    scene = scored()
    odile = second_organiser(scene.question.challenge)
    item = one_item(scene.batch)
    proposed = corrected(item.exam, "mask", square(9), by=person("Olga"))
    withdraw_exam(exam=Exam.objects.get(pk=item.exam_id), actor=odile, reason="other")
    work_all()
    assert not Correction.objects.filter(pk=proposed.pk).exists()
    assert [truth.reason for truth in Truth.objects.filter(batch=scene.batch).order_by("version")] == ["", "withdrawal"]
