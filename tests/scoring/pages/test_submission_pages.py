"""Submit, results and one submission as each role."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from challenges.charter import publish_charter
from challenges.models import Phase, Team
from core.models import User
from leaderboard.models import Ranking
from leaderboard.publish import publish_ranking
from scoring.models import Submission
from scoring.validate import own_name
from tests.factories.contests import Contest, contest
from tests.factories.exams import work_all
from tests.factories.people import member_of, person, team_in
from tests.factories.questions import close_phase
from tests.factories.submissions import masks_zip, sent, stored_upload

pytestmark = pytest.mark.django_db
HOME = "/c/cup/sarcopenia/"


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def cup() -> Contest:
    return contest({"limits": {"per_day": 2, "per_phase": 3}}, sides=(2, 3, 4, 5), test=2)


@pytest.fixture
def milvue(cup: Contest) -> Team:
    return team_in(cup.question, "Milvue")


def test_attempts_and_the_hour_of_their_renewal(cup: Contest, milvue: Team) -> None:
    client = browser(member_of(milvue))
    text = client.get(f"{HOME}submit/").content.decode()
    assert "0 of 2 used today" in text and "0 of 3 used in this phase" in text and "00:00 CE" in text
    assert 'data-question="cup/sarcopenia"' in text and 'name="phase" value="final"' in text
    sent(cup.question, milvue, cup.entry())
    sent(cup.question, milvue, cup.entry(1))
    text = client.get(f"{HOME}submit/").content.decode()
    assert "2 of 2 used today" in text and "No attempts left at the moment" in text and "data-dropzone" not in text


def test_a_phase_not_open_yet_and_one_that_is_over(cup: Contest, milvue: Team) -> None:
    client, now = browser(member_of(milvue)), timezone.now()
    Phase.objects.filter(pk=cup.phase.pk).update(opens=now + timedelta(hours=1), closes=now + timedelta(hours=2))
    text = client.get(f"{HOME}submit/").content.decode()
    assert "is not open yet" in text and "data-countdown" in text and "data-dropzone" not in text
    Phase.objects.filter(pk=cup.phase.pk).update(opens=now - timedelta(hours=2), closes=now - timedelta(hours=1))
    assert "Submissions are closed" in client.get(f"{HOME}submit/").content.decode()


def test_who_may_see_what(cup: Contest, milvue: Team) -> None:
    other, olga = team_in(cup.question, "Owkin"), cup.question.challenge.created_by
    submission = sent(cup.question, milvue, cup.entry())
    entry = f"/submissions/{submission.pk}/"
    for path in (f"{HOME}submit/", f"{HOME}results/", entry):
        assert Client().get(path).status_code == 302
        assert browser(person("Sam")).get(path).status_code == 404
    assert browser(member_of(other)).get(entry).status_code == 404
    assert str(submission.pk) not in browser(member_of(other)).get(f"{HOME}results/").content.decode()
    assert browser(olga).get(entry).status_code == 200
    assert str(submission.pk) in browser(olga).get(f"{HOME}results/").content.decode()
    assert browser(member_of(other)).post(f"{entry}cancel/").status_code == 404
    assert browser(olga).post(f"{entry}cancel/").status_code == 403


def test_every_error_with_where_and_words(cup: Contest, milvue: Team) -> None:
    cases = list(cup.masks)
    bad = masks_zip({cases[0]: cup.masks[cases[0]]}, {cases[0]: -1, "case-x": 3})
    submission = sent(cup.question, milvue, bad)
    work_all()
    answer = browser(member_of(milvue)).get(f"/submissions/{submission.pk}/")
    text = answer.content.decode()
    assert len(answer.context["errors"]) >= 3
    assert "case-x" in text and "surfaces.csv" in text and cases[1] in text
    assert "no attempt was used" in text


def test_scores_show_when_the_ranking_is_out(cup: Contest, milvue: Team) -> None:
    olga = cup.question.challenge.created_by
    submission = sent(cup.question, milvue, cup.entry(0, off=2))
    moving = browser(member_of(milvue)).get(f"/submissions/{submission.pk}/").content.decode()
    assert 'hx-trigger="every 3s"' in moving
    work_all()
    client, path = browser(member_of(milvue)), f"/submissions/{submission.pk}/"
    hidden = client.get(path)
    assert hidden.context["scores"] == [] and "once the organisers publish" in hidden.content.decode()
    assert 'hx-trigger="every 3s"' not in hidden.content.decode()
    assert {row.name for row in browser(olga).get(path).context["scores"]} == {"dice", "surface_mse"}
    close_phase(cup.phase)
    publish_ranking(ranking=Ranking.objects.get(), actor=olga)
    shown = {row.name: row for row in client.get(path).context["scores"]}
    assert shown["dice"].value == "1" and shown["surface_mse"].value == "4"
    assert shown["surface_mse"].unit == "(mm²)²"
    assert "(mm²)²" in client.get(f"{HOME}results/").content.decode()


def test_cancel_and_choose(cup: Contest, milvue: Team) -> None:
    client = browser(member_of(milvue))
    first = sent(cup.question, milvue, cup.entry())
    client.post(f"/submissions/{first.pk}/cancel/")
    assert Submission.objects.get(pk=first.pk).state == "cancelled"
    second = sent(cup.question, milvue, cup.entry(1))
    work_all()
    client.post(f"/submissions/{second.pk}/choose/")
    assert Submission.objects.get(pk=second.pk).is_final
    assert client.post(f"/submissions/{first.pk}/choose/").status_code in (400, 409)


def test_verdicts_tell_a_refused_upload_why(cup: Contest, milvue: Team) -> None:
    client = browser(member_of(milvue))
    late = timezone.now() + timedelta(days=2)
    upload = stored_upload(cup.question, milvue, cup.entry(), at=late)
    assert "Received" in client.get(f"{HOME}submit/verdicts/").content.decode()
    from_api = client.post("/api/v1/submissions/", {"upload": str(upload.pk)}, content_type="application/json")
    assert from_api.status_code == 409
    text = client.get(f"{HOME}submit/verdicts/").content.decode()
    assert "Not accepted" in text and "accepts submissions" in text


def test_the_charter_at_the_door(cup: Contest, milvue: Team) -> None:
    publish_charter(challenge=cup.question.challenge, audience="team", text={"en": "New."}, actor=None)
    text = browser(member_of(milvue)).get(f"{HOME}submit/").content.decode()
    assert "/c/cup/charter/team/?next=" in text and "data-dropzone" not in text


def test_the_list_of_results_asks_the_same_whatever_its_length(
    cup: Contest, milvue: Team, django_assert_max_num_queries: object
) -> None:
    for wear in range(2):
        sent(cup.question, milvue, cup.entry(wear))
    work_all()
    close_phase(cup.phase)
    publish_ranking(ranking=Ranking.objects.get(), actor=cup.question.challenge.created_by)
    client = browser(member_of(milvue))
    with django_assert_max_num_queries(18):  # type: ignore[operator]
        client.get(f"{HOME}results/")


def test_errors_stand_on_the_submit_page_and_name_the_teams_own_file(cup: Contest, milvue: Team) -> None:
    client = browser(member_of(milvue))
    sent(cup.question, milvue, b"not a zip at all", name="our results v2.zip")
    work_all()
    text = client.get(f"{HOME}submit/verdicts/").content.decode()
    assert "our results v2.zip" in text and "This is not a complete ZIP archive." in text
    assert f"/submissions/{Submission.objects.get().pk}/" in text


@pytest.mark.parametrize(
    ("source_name", "name"),
    [
        ("results.CSV", "results.csv"),
        ("C:\\work\\équipe 1.nii.gz", "équipe_1.nii.gz"),
        ("../../etc/passwd", "passwd"),
        ("", "submission"),
        (".zip", "submission.zip"),
        ("x" * 300 + ".zip", "x" * 80 + ".zip"),
    ],
)
def test_names_that_errors_repeat_are_harmless(source_name: str, name: str) -> None:
    assert own_name(source_name) == name
