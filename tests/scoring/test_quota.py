"""Attempts are a team's, counted from rows: what is rejected or cancelled is free, and fifty at once get one last place."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from core.errors import QuotaError, StepError
from scoring.models import Submission
from scoring.quota import day_of, remaining
from scoring.submit import cancel_submission, submit
from tests.factories.people import member_of, person, team_in
from tests.factories.questions import deciding_phase, question
from tests.factories.submissions import sent, stored_upload
from uploads.models import Upload


@pytest.mark.django_db
def test_the_third_of_two_is_refused_with_the_moment_of_renewal() -> None:
    question_row = question(changes={"limits": {"per_day": 2}})
    team, phase = team_in(question_row, "Owls"), deciding_phase(question_row)
    noon = phase.opens + timedelta(hours=12)
    for _ in range(2):
        sent(question_row, team, b"x", at=noon)
    left = remaining(team=team, phase=phase, now=noon)
    assert (left.left, left.used_today) == (0, 2)
    assert left.resets_at == day_of(noon)[1]
    with pytest.raises(QuotaError, match="2 submissions of today") as refusal:
        sent(question_row, team, b"x", at=noon)
    assert f"{left.resets_at:%Y-%m-%d}" in refusal.value.words()
    assert Upload.objects.filter(state="refused", reason="quota_exceeded").count() == 1
    assert remaining(team=team, phase=phase, now=left.resets_at).left == 2


@pytest.mark.django_db
def test_members_share_their_teams_attempts() -> None:
    question_row = question(changes={"limits": {"per_phase": 1}})
    team = team_in(question_row, "Owls", person("Paul"), person("Pia"))
    sent(question_row, team, b"x")
    upload = stored_upload(question_row, team, b"y")
    Upload.objects.filter(pk=upload.pk).update(owner=person("Pia"))
    with pytest.raises(QuotaError):
        submit(upload=Upload.objects.get(pk=upload.pk), actor=person("Pia"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "counts"),
    [("received", 1), ("valid", 1), ("scored", 1), ("failed", 0), ("rejected", 0), ("cancelled", 0)],
)
def test_what_counts(state: str, counts: int) -> None:
    question_row = question(changes={"limits": {"per_phase": 3, "per_day": 3}})
    team, phase = team_in(question_row, "Owls"), deciding_phase(question_row)
    submission = sent(question_row, team, b"x")
    Submission.objects.filter(pk=submission.pk).update(state=state, reason="r", faults=[{"reason": "x"}])
    left = remaining(team=team, phase=phase, now=submission.received_at)
    assert (left.used_today, left.used_in_phase, left.left) == (counts, counts, 3 - counts)


@pytest.mark.django_db
def test_cancelling_gives_the_attempt_back() -> None:
    question_row = question(changes={"limits": {"per_phase": 1}})
    team = team_in(question_row, "Owls")
    cancel_submission(submission=sent(question_row, team, b"x"), actor=member_of(team))
    assert sent(question_row, team, b"y").state == "received"


def test_a_day_is_the_sites_also_when_the_clock_changes() -> None:
    began, ends = day_of(datetime(2019, 10, 27, 12, tzinfo=UTC))
    assert began == datetime(2019, 10, 26, 22, tzinfo=UTC) and ends == datetime(2019, 10, 27, 23, tzinfo=UTC)
    assert day_of(datetime(2019, 10, 26, 22, tzinfo=UTC))[0] == began


def test_fifty_at_once_for_the_last_place_make_exactly_one(any_database: str) -> None:
    question_row = question(changes={"limits": {"per_phase": 3}})
    team, phase = team_in(question_row, "Owls"), deciding_phase(question_row)
    for _ in range(2):
        sent(question_row, team, b"before")
    uploads = [stored_upload(question_row, team, f"file {n}".encode()) for n in range(50)]
    outcomes: Counter[str] = Counter()
    gate = threading.Barrier(10)

    def race(mine: list[Any]) -> None:
        gate.wait()
        for upload in mine:
            try:
                submit(upload=upload, actor=upload.owner)
                outcomes["made"] += 1
            except StepError as error:
                outcomes[error.reason] += 1
        connection.close()

    threads = [threading.Thread(target=race, args=(uploads[n::10],)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == {"made": 1, "quota": 49}
    assert Submission.objects.filter(phase=phase).count() == 3
    assert Upload.objects.filter(state="refused", reason="quota_exceeded").count() == 49
