"""Winners are all at the first place; the best centre is the one with most included exams; out by the minute, mails too."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from challenges.frame import reschedule_phase
from core.errors import NotAllowedError
from core.models import Work
from core.readiness import NotReadyError
from core.work import retry
from leaderboard.announce import AlreadyAnnouncedError, announce, centre_counts
from leaderboard.models import Announcement, Ranking
from leaderboard.notices import recipients_of
from tests.factories.contests import Contest, contest
from tests.factories.exams import centre, sarcopenia_exams, work_all
from tests.factories.people import member_of, person, team_in
from tests.factories.submissions import sent
from uploads.models import Exam

pytestmark = pytest.mark.django_db


def closed_contest(*, tied: bool = False) -> Contest:
    """Owls before Cats (or both first), the phase closed a minute ago, more exams of a second centre."""
    scene = contest({"ranking": {"tie_break": []}})
    for name, wear in (("Owls", 1), ("Cats", 1 if tied else 2)):
        sent(scene.question, team_in(scene.question, name), scene.entry(wear=wear, off=wear))
    team_in(scene.question, "Absent")
    work_all()
    now = timezone.now()
    reschedule_phase(
        phase=scene.phase,
        opens=scene.phase.opens,
        closes=now - timedelta(minutes=1),
        actor=person("Olga"),
        reason="a test",
    )
    return scene


def decided(scene: Contest, minutes: int) -> Announcement:
    return announce(
        question=scene.question,
        ranking=Ranking.objects.latest("number"),
        announced_at=timezone.now() + timedelta(minutes=minutes),
        actor=person("Olga"),
    )


def test_several_winners_when_tied_and_one_otherwise() -> None:
    assert [team.name for team in decided(closed_contest(), -1).winners.all()] == ["Owls"]


def test_a_tie_has_two_winners() -> None:
    decided_result = decided(closed_contest(tied=True), -1)
    assert sorted(team.name for team in decided_result.winners.all()) == ["Cats", "Owls"]


def test_the_best_centre_has_most_included_exams_whatever_became_of_them() -> None:
    scene = closed_contest()
    second = centre(scene.question, "Hôpital Sud")
    sarcopenia_exams(scene.question, [3] * 7, at=second)
    Exam.objects.filter(centre=second, number=1).update(state="dropped")
    Exam.objects.filter(centre=second, number=2).update(state="refused", reason="criterion_not_met")
    assert [(count.name, count.included) for count in centre_counts(scene.question)] == [
        ("Hôpital Nord", 6),
        ("Hôpital Sud", 6),
    ]
    tied = decided(scene, 30)
    assert tied.best_centre is None and len(tied.centre_exams) == 2
    Exam.objects.filter(centre=second, number=2).update(state="accepted")
    assert decided(scene, 30).best_centre == second


def test_it_is_out_when_its_minute_comes_and_so_is_its_ranking() -> None:
    scene = closed_contest()
    announcement = decided(scene, 30)
    client = APIClient()
    assert client.get("/api/v1/announcements/").json()["results"] == []
    board = f"/api/v1/boards/{scene.question.challenge.slug}/{scene.question.slug}/"
    assert client.get(board).json()["lines"] == []
    past = timezone.now() - timedelta(seconds=1)
    Announcement.objects.filter(pk=announcement.pk).update(announced_at=past)
    Ranking.objects.filter(pk=announcement.ranking_id).update(published_at=past)
    shown = client.get("/api/v1/announcements/").json()["results"]
    assert shown[0]["winners"] == ["Owls"] and shown[0]["best_centre"] == "Hôpital Nord"
    assert [(line["place"], line["team"]) for line in client.get(board).json()["lines"]] == [
        (1, "Owls"),
        (2, "Cats"),
        (None, "Absent"),
    ]


def test_each_member_gets_one_mail_at_the_minute_and_none_before() -> None:
    scene = closed_contest()
    owl = member_of(scene.question.challenge.teams.get(name="Owls"))
    type(owl).objects.filter(pk=owl.pk).update(language="fr")
    announcement = decided(scene, 30)
    work_all()
    assert not any("Owls won" in letter.subject for letter in mail.outbox)
    past = timezone.now() - timedelta(seconds=1)
    Announcement.objects.filter(pk=announcement.pk).update(announced_at=past)
    mail.outbox.clear()
    Work.objects.filter(stage="tell_announcement").update(run_at=past)
    people = {user.email for segment in recipients_of(scene.question).values() for user in segment}
    assert work_all() == ["tell_announcement", *["mail_notice"] * len(people)]
    assert {f"{name}.lead@example.org" for name in ("absent", "cats", "owls")} < people
    assert sorted(letter.to[0] for letter in mail.outbox) == sorted(people)
    assert all("Owls" in letter.body and "/board/" in letter.body for letter in mail.outbox)
    own = {letter.to[0]: letter.body for letter in mail.outbox}
    assert "Votre équipe Owls" in own["owls.lead@example.org"] and "Cats" in own["cats.lead@example.org"]
    assert "Your team" not in own["absent.lead@example.org"]
    retold = Work.objects.get(stage="tell_announcement")
    retry(retold.pk)
    assert work_all() == ["tell_announcement"] and len(mail.outbox) == len(people)


def test_what_is_announced_stands() -> None:
    scene = closed_contest()
    decided(scene, -1)
    with pytest.raises(AlreadyAnnouncedError):
        decided(scene, 5)


def test_not_before_the_phase_closed_and_only_by_organisers() -> None:
    scene = contest()
    sent(scene.question, team_in(scene.question, "Owls"), scene.entry())
    work_all()
    ranking = Ranking.objects.get()
    with pytest.raises(NotReadyError, match="open until"):
        announce(question=scene.question, ranking=ranking, announced_at=timezone.now(), actor=person("Olga"))
    with pytest.raises(NotAllowedError):
        announce(question=scene.question, ranking=ranking, announced_at=timezone.now(), actor=person("Sam"))
    assert not Announcement.objects.exists() and Ranking.objects.get().published_at is None


def test_first_page_and_challenge_say_who_won_once_it_is_out() -> None:
    scene = closed_contest()
    pages = ["/", f"/c/{scene.question.challenge.slug}/"]
    later = decided(scene, 5)
    assert ["Owls" in Client().get(page).content.decode() for page in pages] == [False, False]
    Announcement.objects.filter(pk=later.pk).update(announced_at=timezone.now() - timedelta(minutes=1))
    assert ["Owls" in Client().get(page).content.decode() for page in pages] == [True, True]
