"""Certificates, printed results and the draft of the methods: right figures, for those who may have them, in both languages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone, translation

from challenges.models import Centre, CentreMembership, Challenge
from core.models import User
from grading.models import Reading
from leaderboard.certificates import certificates_for, own_kinds
from leaderboard.edition_parts import edition_table
from leaderboard.methods import methods_draft
from leaderboard.models import Announcement
from leaderboard.pdf.certificates import certificates_pdf
from leaderboard.pdf.edition import column_widths, edition_pdf
from scoring.models import JurySession
from tests.factories.people import member_of, person
from tests.leaderboard.test_announcement import closed_contest, decided
from uploads.models import Exam

pytestmark = pytest.mark.django_db


@pytest.fixture
def challenge() -> Challenge:
    scene = closed_contest()
    decided(scene, -1)
    return scene.question.challenge


def pages(content: bytes) -> int:
    """Pages of a PDF, by its own count."""
    assert content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF")
    counts = re.findall(rb"/Count (\d+)", content)
    return max(int(count) for count in counts)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_each_team_has_its_place_and_members(challenge: Challenge) -> None:
    granted = {certificate.name: certificate for certificate in certificates_for(challenge, person("Olga"), "teams")}
    assert list(granted) == ["Absent", "Cats", "Owls"]
    assert granted["Owls"].lines == ("Sarcopenia: place 1 of 2",)
    assert granted["Cats"].lines == ("Sarcopenia: place 2 of 2",)
    assert granted["Absent"].lines == ("Sarcopenia: took part",)
    owl = member_of(challenge.teams.get(name="Owls"))
    assert granted["Owls"].members == str(owl)
    assert [certificate.name for certificate in certificates_for(challenge, owl, "teams")] == ["Owls"]


def test_a_centre_has_the_figures_that_were_announced(challenge: Challenge) -> None:
    announcement = Announcement.objects.get()
    clara = person("Clara")
    CentreMembership.objects.get_or_create(centre=Centre.objects.get(name="Hôpital Nord"), user=clara)
    Exam.objects.filter(centre__name="Hôpital Nord").update(state="dropped")  # what was announced stands
    count = announcement.centre_exams[0]["included"]
    granted = certificates_for(challenge, clara, "centres")
    assert [certificate.lines for certificate in granted] == [
        (f"Sarcopenia: {count} included exams, best inclusion centre",)
    ]


def test_readers_and_jurors_have_what_they_did(challenge: Challenge) -> None:
    rita, jules = person("Rita"), person("Jules")
    question = challenge.questions.get()
    exams = list(Exam.objects.filter(question=question)[:2])
    Reading.objects.filter(exam__in=exams, reader=rita).delete()
    for order, exam in enumerate(exams):
        Reading.objects.create(exam=exam, reader=rita, state="graded", grade="A", order=order)
    JurySession.objects.create(question=question, juror=jules, seed=1, finished_at=timezone.now())
    assert certificates_for(challenge, rita, "readers")[0].lines == ("Sarcopenia: 2 exams graded",)
    assert certificates_for(challenge, jules, "jurors")[0].lines == ("Sarcopenia: 0 cases judged",)
    assert own_kinds(challenge, jules) == ["jurors"]
    JurySession.objects.update(finished_at=None)
    assert certificates_for(challenge, jules, "jurors") == []


def test_nobody_has_one_before_the_announcement(challenge: Challenge) -> None:
    Announcement.objects.update(announced_at=timezone.now() + timedelta(minutes=5))
    owl = member_of(challenge.teams.get(name="Owls"))
    for user in (owl, person("Olga")):
        assert own_kinds(challenge, user) == []
        assert client_of(user).get(f"/c/{challenge.slug}/results/certificates/teams/").status_code == 404


def test_the_files_on_the_page_and_by_the_api(challenge: Challenge) -> None:
    olga, owl = client_of(person("Olga")), client_of(member_of(challenge.teams.get(name="Owls")))
    path = f"/c/{challenge.slug}/results/certificates/teams/"
    assert path in olga.get(f"/c/{challenge.slug}/results/").content.decode()
    every, own = olga.get(path), owl.get(path)
    assert every["Content-Type"] == "application/pdf" and (pages(every.content), pages(own.content)) == (3, 1)
    assert Client().get(path).status_code == 302 and client_of(person("Sam")).get(path).status_code == 404
    assert client_of(person("Sam")).get(f"/c/{challenge.slug}/results/certificates/kings/").status_code == 404
    listed = owl.get(f"/api/v1/results/{challenge.slug}/certificates/teams/").json()
    assert [certificate["name"] for certificate in listed] == ["Owls"] and listed[0]["lines"] == [
        "Sarcopenia: place 1 of 2"
    ]
    printed = Client().get(f"/c/{challenge.slug}/results/pdf/")
    assert printed["Content-Type"] == "application/pdf" and pages(printed.content) >= 2


def test_the_same_content_is_the_same_file_in_any_script(challenge: Challenge) -> None:
    table = edition_table(
        "t", "Équipes Ωmega <b>", ["Équipe", "Points"], [("Ёлка & Żubr", 1.5), ("x" * 500, None)] * 60
    )
    first = edition_pdf("Challenge <i>", [table])
    assert first == edition_pdf("Challenge <i>", [table]) and pages(first) >= 3
    assert b"DejaVuSansCondensed" in first
    granted = certificates_for(challenge, person("Olga"), "teams")
    assert certificates_pdf("A", granted) == certificates_pdf("A", granted)


def test_widths_share_the_page() -> None:
    widths = column_widths(["A", "B"], [["x", "y" * 500]], 660.0)
    assert sum(widths) == pytest.approx(660.0) and widths[0] == pytest.approx(60.0)


def test_the_draft_of_the_methods_has_the_figures_of_the_edition(challenge: Challenge) -> None:
    questions = list(challenge.questions.all())
    text = methods_draft(challenge, questions)
    received = Exam.objects.filter(question__in=questions).count()
    assert (
        "- Centres: 1\n" in text
        and f"- Exams received: {received}\n" in text
        and "Sarcopenia" in text
        and "Teams: 3" in text
    )
    with translation.override("fr"):
        french = methods_draft(challenge, questions)
    assert "Examens reçus" in french and french != text
    olga = client_of(person("Olga"))
    answer = olga.get(f"/c/{challenge.slug}/results/methods.md")
    assert answer["Content-Type"].startswith("text/markdown") and answer.content.decode().startswith("# ")
    owl = client_of(member_of(challenge.teams.get(name="Owls")))
    assert owl.get(f"/c/{challenge.slug}/results/methods.md").status_code == 403
    assert olga.get(f"/api/v1/results/{challenge.slug}/methods/").json()["markdown"] == text
