"""Truths, scores and marks that two do at once: the newest holder's truth stands, and nothing waits for ever."""

from __future__ import annotations

import pytest

from batches.models import Batch
from batches.split import draft_split, freeze_split
from core.erasure import sweep_erasures
from core.models import Work
from core.performing import perform
from core.storage import store
from scoring.jury import finish_session
from scoring.models import JuryCase, JurySession, Submission
from scoring.rescore import rescore_phase
from scoring.submit import cancel_submission
from tests.factories.contests import contest
from tests.factories.exams import sarcopenia_exams, work_all
from tests.factories.people import juror_of, person, team_in
from tests.factories.questions import question
from tests.factories.submissions import sent
from tests.interleaved import meanwhile, overlapping
from uploads.models import Exam
from uploads.withdraw import withdraw_exam

BOTH = pytest.mark.parametrize(
    "any_database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


@pytest.mark.django_db
def test_a_sealing_that_a_withdrawal_overtakes_writes_no_truth_with_the_exam(monkeypatch: pytest.MonkeyPatch) -> None:
    question_row = question(changes={"split": {"sets": {"training": 1, "validation": 1, "test": 3}}})
    sarcopenia_exams(question_row, (2, 3, 4, 5, 6))
    freeze_split(split=draft_split(question=question_row, actor=None), actor=None)
    work_all(("build_batch",))
    batch = question_row.batches.get(name="evaluation")
    item = batch.items.first()
    assert item is not None
    meanwhile(
        monkeypatch,
        "scoring.seal._pack",
        lambda: withdraw_exam(exam=Exam.objects.get(pk=item.exam_id), actor=None, reason="the patient objected"),
    )
    row = Work.objects.get(stage="seal_truth", subject_id=str(batch.pk))
    perform(row.pk)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("waiting", 0) and not batch.truths.exists()
    sweep_erasures()  # the test's transaction does not end: what would follow it is carried out here
    assert not sealed_objects(batch)
    work_all(("build_batch", "seal_truth"))
    assert [(truth.version, truth.cases) for truth in batch.truths.all()] == [(1, 2)]
    assert item.public_id not in batch.truths.get().public_manifest["ids"]


def sealed_objects(batch: Batch) -> list[str]:
    owner = f"batch-{batch.pk}"
    return store("sealed").listdir(owner)[1] if store("sealed").exists(owner) else []


@BOTH
@pytest.mark.parametrize("order", [1, -1])
def test_a_submission_cancelled_while_it_is_checked_is_one_or_the_other(
    any_database: str, order: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = contest()
    team = team_in(scene.question, "Owls")
    submission = sent(scene.question, team, scene.entry())
    row = Work.objects.get(stage="validate_submission")
    doers = [
        lambda: perform(row.pk),
        lambda: cancel_submission(submission=Submission.objects.get(pk=submission.pk), actor=submission.sent_by),
    ][::order]
    hook = {1: "scoring.validate.move", -1: "scoring.take_back.move"}[order]
    assert overlapping(monkeypatch, hook, *doers) == []
    submission.refresh_from_db()
    assert submission.state == "cancelled"
    assert work_all(("validate_submission", "score_submission")) == []


@pytest.mark.django_db
def test_a_phase_is_scored_again_once_where_two_ask_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = contest()
    for name in ("Owls", "Cats"):
        sent(scene.question, team_in(scene.question, name), scene.entry(wear=1))
    work_all()
    olga = person("Olga")
    counts = meanwhile(
        monkeypatch,
        "scoring.rescore._score_again",
        lambda: rescore_phase(phase=scene.phase, actor=olga, reason="truth"),
    )
    second = rescore_phase(phase=scene.phase, actor=olga, reason="truth")
    assert (counts, second) == ([2], 0)
    work_all()
    assert [submission.evaluations.count() for submission in Submission.objects.all()] == [2, 2]


@BOTH
def test_the_last_two_jurors_at_once_have_the_ranking_computed(
    any_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    question_row = question("mtm-hcc", {"jury": {"jurors": 2}})
    submission = sent(question_row, team_in(question_row, "Owls"), b"x")
    case = JuryCase.objects.create(question=question_row, submission=submission, index=0, cluster=0, images_key="k")
    sessions = [
        JurySession.objects.create(question=question_row, juror=juror_of(question_row, f"J{n}"), seed=n) for n in (1, 2)
    ]
    for session in sessions:
        session.marks.create(case=case, criterion="liver", mark=1)
    doers = [lambda session=session: finish_session(session=session, actor=session.juror) for session in sessions]
    assert overlapping(monkeypatch, "scoring.jury._rank_when_finished", *doers) == []
    assert Work.objects.filter(stage="rank_phase", state="waiting").exists()
