"""A reader's queue and the blind reading; the organiser's view of agreement."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from challenges.charter import publish_charter
from grading.agreement import agreement_of
from grading.models import Adjudication, Reading
from grading.pictures import pictures_root
from tests.factories.exams import square
from tests.pages.edition import Edition, accepted_exam, reading_of
from uploads.withdraw import withdraw_exam

pytestmark = pytest.mark.django_db
As = Callable[[str], Client]
QUEUE = reverse("grading:queue")
AGREEMENT = reverse("grading:agreement", args=["jfr-2019", "sarcopenia"])


def at(name: str, reading: Reading) -> str:
    return reverse(f"grading:{name}", args=[reading.pk])


@pytest.fixture
def readings(edition: Edition) -> list[Reading]:
    """Two exams in Rita's queue."""
    return [reading_of(accepted_exam(edition, side=side), edition.rita, order=side) for side in (4, 5)]


@pytest.mark.parametrize("name", ["volume", "mask", "reading"])
def test_a_reading_is_its_readers_alone(as_: As, readings: list[Reading], name: str) -> None:
    address = at(name, readings[0])
    assert as_("").get(address).status_code == 302
    for other in ("stefan", "remi", "olivia", "claire"):
        assert as_(other).get(address).status_code == 404
    answer = as_("rita").get(address)
    assert answer.status_code == 200
    answer.close()


def test_queue_counts_and_leads_to_the_first_in_order(as_: As, readings: list[Reading]) -> None:
    page = as_("rita").get(QUEUE)
    queue = page.context["queues"][0]
    assert (queue.queue.waiting, queue.queue.graded, queue.next.pk) == (2, 0, readings[0].pk)
    assert "You are not a reader of any question" in as_("stefan").get(QUEUE).content.decode()


def test_reading_page_tells_nothing_of_the_centre(edition: Edition, as_: As, readings: list[Reading]) -> None:
    page = as_("rita").get(at("reading", readings[0])).content.decode()
    assert "Bichat" not in page
    assert str(readings[0].exam_id) not in page
    assert readings[0].exam.patient.pseudonym not in page
    assert re.search(r"123.5", page)  # what was sent with the images


def test_volume_is_the_exams_pixels(as_: As, readings: list[Reading]) -> None:
    answer = as_("rita").get(at("volume", readings[0]))
    shape = tuple(int(side) for side in answer["X-Shape"].split(","))
    assert shape == (1, 12, 12)
    pixels = np.frombuffer(b"".join(answer), "<i2").reshape(shape)
    expected = np.random.default_rng(4).integers(900, 1200, (12, 12))
    assert np.array_equal(pixels[0] - pixels[0].min(), expected - expected.min())
    assert len(answer["X-Spacing"].split(",")) == 3
    assert float(answer["X-Window"].split(",")[1]) > 0


def test_mask_lies_on_the_volume(as_: As, readings: list[Reading]) -> None:
    answer = as_("rita").get(at("mask", readings[0]))
    mask = np.frombuffer(b"".join(answer), np.uint8).reshape(1, 12, 12)
    assert np.array_equal(mask[0], square(4))


def test_pictures_go_with_a_withdrawn_exam(edition: Edition, as_: As, readings: list[Reading]) -> None:
    b"".join(as_("rita").get(at("volume", readings[0])))
    withdraw_exam(exam=readings[0].exam, actor=edition.claire, reason="The patient objects.")
    assert not (pictures_root() / str(readings[0].exam_id)).exists()
    answer = as_("rita").get(at("volume", readings[0]))
    assert answer.status_code == 409 and "no image to show" in answer.content.decode()


def test_grade_is_saved_at_once_and_the_next_exam_opens(as_: As, readings: list[Reading]) -> None:
    client = as_("rita")
    answer = client.post(at("grade", readings[0]), {"grade": "B", "comment": "noisy", "seconds": "12"})
    assert answer.url == at("reading", readings[1])  # type: ignore[attr-defined]
    readings[0].refresh_from_db()
    assert (readings[0].grade, readings[0].comment, readings[0].state) == ("B", "noisy", "graded")
    assert readings[0].exam.adjudication.grade == "B"
    page = client.get(answer.url).content.decode()  # type: ignore[attr-defined]
    assert at("undo", readings[0]) in page
    assert at("undo", readings[0]) not in client.get(at("reading", readings[1])).content.decode()  # offered once
    assert client.post(at("grade", readings[1]), {"grade": "A"}).url == QUEUE  # type: ignore[attr-defined]


def test_undo_takes_back_the_grade_and_what_followed(as_: As, readings: list[Reading]) -> None:
    client, reading = as_("rita"), readings[0]
    client.post(at("grade", reading), {"grade": "A"})
    reading.exam.refresh_from_db()
    assert reading.exam.state == "kept"
    client.post(at("undo", reading))
    reading.refresh_from_db()
    reading.exam.refresh_from_db()
    assert (reading.state, reading.grade, reading.exam.state) == ("waiting", "", "accepted")
    assert not Adjudication.objects.filter(exam=reading.exam).exists()


def test_a_wrong_grade_changes_nothing_and_says_so(as_: As, readings: list[Reading]) -> None:
    page = as_("rita").post(at("grade", readings[0]), {"grade": "E"}, follow=True)
    assert "A grade of this question is one of: A, B, C, D." in page.content.decode()
    readings[0].refresh_from_db()
    assert readings[0].state == "waiting"


def test_cannot_judge_needs_a_reason(as_: As, readings: list[Reading]) -> None:
    client = as_("rita")
    client.post(at("cannot_judge", readings[0]), {"comment": ""})
    readings[0].refresh_from_db()
    assert readings[0].state == "waiting"
    client.post(at("cannot_judge", readings[0]), {"comment": "wrong region"})
    readings[0].refresh_from_db()
    assert readings[0].state == "cannot_judge"


def test_a_new_charter_must_be_signed_before_reading_on(edition: Edition, as_: As, readings: list[Reading]) -> None:
    publish_charter(challenge=edition.challenge, audience="reader", text={"en": "A newer one."}, actor=edition.olivia)
    client = as_("rita")
    assert b"data-viewer" not in client.get(at("reading", readings[0])).content
    assert client.get(at("volume", readings[0])).status_code == 403
    client.post(at("grade", readings[0]), {"grade": "A"})
    readings[0].refresh_from_db()
    assert readings[0].state == "waiting"


def test_looking_is_timed_from_the_page_not_from_fetching_ahead(as_: As, readings: list[Reading]) -> None:
    client = as_("rita")
    b"".join(client.get(at("volume", readings[0])))
    readings[0].refresh_from_db()
    assert readings[0].opened_at is None
    assert client.post(at("opened", readings[0])).status_code == 204
    readings[0].refresh_from_db()
    assert readings[0].opened_at is not None


def both_graded(edition: Edition, grades: list[tuple[str, str]]) -> None:
    for number, (entry, other) in enumerate(grades):
        exam = accepted_exam(edition, side=number + 2)
        for reader, grade in ((edition.rita, entry), (edition.remi, other)):
            Reading.objects.create(exam=exam, reader=reader, order=number, state="graded", grade=grade)


def test_agreement_by_hand(edition: Edition) -> None:
    """Four exams, A/A, A/A, D/D, D/D: perfect; then A/D turns one quarter over: kappa (3/4 - 1/2) / (1 - 1/2) = 1/2."""
    both_graded(edition, [("A", "A"), ("A", "A"), ("D", "D"), ("D", "D")])
    measured = agreement_of(edition.question)
    assert measured.pairs[0].kappa == pytest.approx(1.0)
    assert measured.fleiss is not None and measured.fleiss.kappa == pytest.approx(1.0)
    turned = Reading.objects.filter(reader=edition.remi, grade="A")[0]
    Reading.objects.filter(pk=turned.pk).update(grade="D")
    measured = agreement_of(edition.question)
    assert measured.pairs[0].same == 0.75
    assert measured.pairs[0].kappa == pytest.approx(0.5)
    assert measured.distribution == {"A": 3, "B": 0, "C": 0, "D": 5}


@pytest.mark.parametrize(
    ("name", "status"), [("", 302), ("stefan", 403), ("rita", 403), ("claire", 403), ("olivia", 200)]
)
def test_agreement_is_for_organisers(as_: As, name: str, status: int) -> None:
    assert as_(name).get(AGREEMENT).status_code == status


def test_an_organiser_decides_where_readers_differ(edition: Edition, as_: As) -> None:
    both_graded(edition, [("A", "D")])
    client = as_("olivia")
    exam = client.get(AGREEMENT).context["waiting"][0].exam
    client.post(
        reverse("grading:adjudicate", args=["jfr-2019", "sarcopenia"]), {"exam": exam.pk, "grade": "C", "note": "ok"}
    )
    exam.refresh_from_db()
    assert (exam.adjudication.grade, exam.adjudication.method, exam.state) == ("C", "adjudicator", "kept")
    assert client.get(AGREEMENT).context["waiting"] == []


def test_the_api_does_the_same(edition: Edition, as_: As, readings: list[Reading]) -> None:
    rita, root = as_("rita"), "/api/v1/readings/"
    listed = rita.get(root, {"state": "waiting"}).json()
    assert [result["id"] for result in listed["results"]] == [str(reading.pk) for reading in readings]
    assert "Bichat" not in str(listed)
    entry = f"{root}{readings[0].pk}/"
    assert as_("remi").get(entry).status_code == 404
    volume = rita.get(f"{entry}volume/")
    assert volume["X-Shape"] == "1,12,12" and len(b"".join(volume)) == 288
    assert rita.post(f"{entry}grade/", {"grade": "C"}, content_type="application/json").json()["grade"] == "C"
    assert rita.post(f"{entry}reopen/", content_type="application/json").json()["state"] == "waiting"
    assert rita.post(f"{entry}grade/", {"grade": "Z"}, content_type="application/json").status_code == 400
    assert (
        rita.post(f"{entry}cannot_judge/", {"comment": "blurred"}, content_type="application/json").json()["state"]
        == "cannot_judge"
    )
    question = {"question": "jfr-2019/sarcopenia"}
    assert rita.get(f"{root}agreement/", question).status_code == 403
    assert as_("olivia").get(f"{root}agreement/", question).json()["exams"] == 0
    waiting = as_("olivia").get(f"{root}adjudications/", question).json()
    assert [row["exam"] for row in waiting] == [str(readings[0].exam_id)]
    decided = {"exam": str(readings[0].exam_id), "grade": "B"}
    assert rita.post(f"{root}adjudications/", decided, content_type="application/json").status_code == 404
    assert as_("olivia").post(f"{root}adjudications/", decided, content_type="application/json").json()["grade"] == "B"
