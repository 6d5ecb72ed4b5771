"""What the platform is not sure of: listed, looked at, confirmed with one key or refused with a note."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from anonymization.models import Review
from anonymization.quality import LOOK_ALIKE
from core.models import AuditRecord, Progress, Work
from core.storage import local_copy
from tests.pages.edition import Edition, accepted_exam
from uploads.exams import exam_title
from uploads.models import Exam

pytestmark = pytest.mark.django_db
As = Callable[[str], Client]
LIST = reverse("anonymization:reviews", args=["jfr-2019"])


def at(name: str, review: Review, *more: int) -> str:
    return reverse(f"anonymization:{name}", args=[review.pk, *more])


def review_of(edition: Edition, stage: str = "check_quality", side: int = 4) -> Review:
    exam = accepted_exam(edition, side=side)
    Exam.objects.filter(pk=exam.pk).update(state="review", reason="burned_in_text")
    with local_copy("exams", exam.bundle_key) as path, zipfile.ZipFile(path) as archive:
        file = "/".join(archive.namelist()[0].removesuffix(".dcm").split("/")[-2:])
    template = "The image may contain burned-in text. An organiser will review it."
    return Review.objects.create(
        exam=exam,
        stage=stage,
        points=[{"reason": "burned_in_text", "where": file, "template": template, "values": {}}],
        boxes=[
            {"file": file, "frame": 0, "columns": [4, 8], "rows": [4, 7], "verdict": "uncertain", "confidence": 0.6}
        ],
    )


@pytest.mark.parametrize(
    ("name", "listed", "status_of_one"),
    [("", 302, 302), ("stefan", 403, 404), ("claire", 403, 404), ("rita", 403, 404), ("olivia", 200, 200)],
)
def test_reviews_are_the_organisers(edition: Edition, as_: As, name: str, listed: int, status_of_one: int) -> None:
    review = review_of(edition)
    assert as_(name).get(LIST).status_code == listed
    assert as_(name).get(at("review", review)).status_code == status_of_one
    assert as_(name).get(at("look", review, 0)).status_code == status_of_one


def test_the_picture_shows_the_frame_with_its_box(edition: Edition, as_: As) -> None:
    review = review_of(edition)
    answer = as_("olivia").get(at("look", review, 0))
    assert answer["Content-Type"] == "image/png"
    picture = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert picture.shape == (12, 12, 3)
    yellow = (picture == (255, 214, 10)).all(axis=2)
    assert yellow.any() and not yellow[5, 6]  # around the writing, not over it
    assert as_("olivia").get(at("look", review, 1)).status_code == 404


def test_an_object_without_an_image_says_so_instead_of_a_broken_picture(edition: Edition, as_: As) -> None:
    review = review_of(edition)
    points = [{**point, "reason": "unsupported_object"} for point in review.points]
    Review.objects.filter(pk=review.pk).update(points=points, boxes=[])
    page = as_("olivia").get(at("review", review)).content.decode()
    assert "It may be an ECG or another recording" in page and at("look", review, 0) not in page
    Review.objects.filter(pk=review.pk).update(points=review.points)
    page = as_("olivia").get(at("review", review)).content.decode()
    assert "It may be an ECG" not in page and at("look", review, 0) in page


def test_page_says_why_and_has_one_key(edition: Edition, as_: As) -> None:
    review = review_of(edition)
    page = as_("olivia").get(at("review", review)).content.decode()
    assert "The image may contain burned-in text." in page
    assert "names, dates or numbers" in page
    assert 'data-key="c,Enter"' in page


def test_confirmed_goes_on_and_the_next_opens(edition: Edition, as_: As) -> None:
    first, second = review_of(edition), review_of(edition, side=5)
    answer = as_("olivia").post(at("confirm", first))
    assert answer.url == at("review", second)  # type: ignore[attr-defined]
    first.refresh_from_db()
    assert (first.state, first.decided_by, first.exam.state) == ("confirmed", edition.olivia, "accepted")
    assert Work.objects.filter(stage="assign_readings", subject_id=str(first.exam_id)).exists()
    assert as_("olivia").post(at("confirm", second)).url == LIST  # type: ignore[attr-defined]


def test_a_review_of_deidentification_goes_on_to_quality_control(edition: Edition, as_: As) -> None:
    review = review_of(edition, "deidentify")
    as_("olivia").post(at("confirm", review))
    review.exam.refresh_from_db()
    assert review.exam.state == "deidentified"
    assert Work.objects.filter(stage="check_quality", subject_id=str(review.exam_id)).exists()


def test_refusal_needs_a_note_that_the_centre_reads(edition: Edition, as_: As) -> None:
    review = review_of(edition)
    answer = as_("olivia").post(at("refuse", review), {"note": " "})
    review.refresh_from_db()
    assert review.state == "open" and answer.url == at("review", review)  # type: ignore[attr-defined]
    as_("olivia").post(at("refuse", review), {"note": "A name is written into the image."})
    review.refresh_from_db()
    review.exam.refresh_from_db()
    assert (review.state, review.exam.state) == ("refused", "refused")
    progress = Progress.objects.get(subject_id=str(review.exam_id), state="refused")
    assert progress.values == {"note": "A name is written into the image."}
    page = as_("claire").get(reverse("uploads:exam", args=[review.exam_id])).content.decode()
    assert "A name is written into the image." in page


def test_deciding_the_same_twice_is_one_decision_and_the_contrary_is_refused_in_words(
    edition: Edition, as_: As
) -> None:
    review = review_of(edition)
    as_("olivia").post(at("confirm", review))
    as_("olivia").post(at("confirm", review))
    assert AuditRecord.objects.filter(subject_kind="review", subject_id=str(review.pk)).count() == 1
    page = as_("olivia").post(at("refuse", review), {"note": "wrong patient"}, follow=True).content.decode()
    assert "cannot become refused" in page


def test_decided_ones_stay_listed_with_who_and_why(edition: Edition, as_: As) -> None:
    review = review_of(edition)
    as_("olivia").post(at("refuse", review), {"note": "wrong patient"})
    assert as_("olivia").get(LIST).context["counts"] == {"open": 0, "decided": 1}
    page = as_("olivia").get(LIST, {"state": "decided"}).content.decode()
    assert "wrong patient" in page and "Olivia" in page


def test_the_api_does_the_same(edition: Edition, as_: As) -> None:
    first, second = review_of(edition), review_of(edition, side=5)
    client, root = as_("olivia"), "/api/v1/reviews/"
    listed = client.get(root, {"state": "open"}).json()["results"]
    assert [entry["id"] for entry in listed] == [first.pk, second.pk]
    assert listed[0]["points"][0]["message"].startswith("The image may contain")
    assert as_("claire").get(f"{root}{first.pk}/").status_code == 404
    assert client.get(f"{root}{first.pk}/pictures/0/")["Content-Type"] == "image/png"
    assert client.post(f"{root}{first.pk}/confirm/", {}, content_type="application/json").json()["state"] == "confirmed"
    assert client.post(f"{root}{second.pk}/refuse/", {}, content_type="application/json").status_code == 400
    refused = client.post(f"{root}{second.pk}/refuse/", {"note": "no"}, content_type="application/json")
    assert refused.json()["state"] == "refused"


def test_an_exam_that_looks_the_same_is_named_to_who_compares_them(edition: Edition, as_: As) -> None:
    first, second = accepted_exam(edition, side=4), accepted_exam(edition, side=4)
    Exam.objects.filter(pk=second.pk).update(state="review", reason="duplicate_exam")
    point = {
        "reason": "duplicate_exam",
        "where": "exam",
        "template": LOOK_ALIKE,
        "values": {},
        "others": [str(first.pk)],
    }
    review = Review.objects.create(exam=second, stage="check_quality", points=[point])
    context = as_("olivia").get(at("review", review)).context
    title = exam_title(first)
    assert [words.where for words in context["points"]] == [title]
    assert context["advice"] == [f"Compare it with {title}. Refuse it if it belongs to the same patient."]
