"""What people of a centre see and do: send, list, one exam, export; and what nobody else sees."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from challenges.charter import publish_charter
from concours.formats.fault import Fault
from concours.formats.values import inert_cell
from core.clock import database_now
from core.progress import tell, tell_fault
from tests.pages.edition import Edition, accepted_exam, phantom_zip, send, work_until_idle
from uploads.models import Exam

pytestmark = pytest.mark.django_db
As = Callable[[str], Client]
BOTH = ["jfr-2019", "sarcopenia"]
UPLOAD, EXAMS, EXPORT = (reverse(f"uploads:{name}", args=BOTH) for name in ("upload", "exams", "export"))


def body(response: object) -> str:
    return b"".join(response).decode() if getattr(response, "streaming", False) else response.content.decode()  # type: ignore[call-overload,attr-defined]


def refused(exam: Exam, reason: str = "criterion_not_met", template: str = "The kernel is hard.") -> Exam:
    Exam.objects.filter(pk=exam.pk).update(state="refused", reason=reason)
    tell_fault(exam, Fault(reason, "image", template), stage="check_quality", state="refused")
    exam.refresh_from_db()
    return exam


@pytest.mark.parametrize(
    ("name", "status"), [("", 302), ("stefan", 404), ("olivia", 404), ("rita", 404), ("claire", 200)]
)
def test_only_people_of_a_centre_send(as_: As, name: str, status: int) -> None:
    assert as_(name).get(UPLOAD).status_code == status


def test_upload_page_says_criteria_letter_and_target(as_: As) -> None:
    page = body(as_("claire").get(UPLOAD))
    assert "Slice thickness" in page and "from 1.25 to 7 mm" in page
    assert re.search(r'name="letter_given"\s+required', page)
    assert "mask.nii.gz" in page
    assert "1,100" in page or "1100" in page
    assert 'value="bichat"' in page and "Nice" not in page


def test_who_has_not_signed_is_asked_to_and_sees_no_drop_zone(edition: Edition, as_: As) -> None:
    publish_charter(challenge=edition.challenge, audience="centre", text={"en": "A newer one."}, actor=edition.olivia)
    page = body(as_("claire").get(UPLOAD))
    assert "data-dropzone" not in page
    assert reverse("challenges:charter", args=["jfr-2019", "centre"]) in page


def test_outside_the_window_the_page_says_when_it_is_open(edition: Edition, as_: As) -> None:
    past = database_now() - timedelta(days=3)
    edition.question.phases.filter(name="inclusion").update(opens=past - timedelta(days=1), closes=past)
    page = body(as_("claire").get(UPLOAD))
    assert "data-dropzone" not in page
    assert f"{past:%Y-%m-%d %H:%M}" in page


def test_a_centre_sees_its_own_exams_and_never_grades(edition: Edition, as_: As) -> None:
    mine, other = accepted_exam(edition, state="kept"), accepted_exam(edition, "Nice", state="dropped")
    page = as_("claire").get(EXAMS)
    assert [row.exam.pk for row in page.context["rows"]] == [mine.pk]
    assert page.context["rows"][0].state == "accepted"
    assert "goes on" not in body(page).lower()
    assert (
        as_("claire").get(EXAMS, {"state": "dropped"}).context["rows"][0].exam.pk == mine.pk
    )  # the filter is not there
    everything = as_("olivia").get(EXAMS)
    assert {row.exam.pk for row in everything.context["rows"]} == {mine.pk, other.pk}
    assert {row.state for row in everything.context["rows"]} == {"kept", "dropped"}


@pytest.mark.parametrize(
    ("name", "status"), [("", 302), ("stefan", 404), ("tom", 404), ("bruno", 404), ("claire", 200), ("olivia", 200)]
)
def test_an_exam_is_its_centres_and_the_organisers(edition: Edition, as_: As, name: str, status: int) -> None:
    exam = accepted_exam(edition)
    assert as_(name).get(reverse("uploads:exam", args=[exam.pk])).status_code == status


def test_every_reason_stands_in_words_and_each_once(edition: Edition, as_: As) -> None:
    exam = accepted_exam(edition)
    tell_fault(
        exam, Fault("criterion_not_met", "image", "The slices are thick."), stage="check_quality", state="refused"
    )
    refused(exam)
    row = as_("claire").get(EXAMS).context["rows"][0]
    assert [reason.message for reason in row.reasons] == ["The slices are thick.", "The kernel is hard."]
    tell(exam, stage="check_quality", state="refused", template="The kernel is hard.")
    page = as_("claire").get(reverse("uploads:exam", args=[exam.pk]))
    assert len(page.context["reasons"]) == 2
    assert "Send again" in body(page)


def test_a_duplicate_needs_nothing_to_be_sent_again(edition: Edition, as_: As) -> None:
    exam = refused(accepted_exam(edition), "duplicate_exam", "The same images have already been sent.")
    page = body(as_("claire").get(reverse("uploads:exam", args=[exam.pk])))
    assert "Send again" not in page


def test_the_list_takes_as_many_queries_for_many_exams_as_for_one(
    edition: Edition, as_: As, django_assert_max_num_queries: Callable[..., object]
) -> None:
    refused(accepted_exam(edition))
    client = as_("olivia")
    client.get(EXAMS)
    for side in range(2, 10):
        refused(accepted_exam(edition, "Nice", side=side))
    with django_assert_max_num_queries(20):  # type: ignore[attr-defined]
        assert len(client.get(EXAMS).context["rows"]) == 9


def test_progress_counts_by_centre_and_share(edition: Edition, as_: As) -> None:
    accepted_exam(edition), accepted_exam(edition, side=5)
    refused(accepted_exam(edition, side=6))
    accepted_exam(edition, "Nice")
    answer = as_("claire").get(EXAMS).context["inclusion"]
    assert (answer.target, answer.target_with_margin, answer.whole.included) == (1000, 1100, 3)
    assert [(centre.centre.name, centre.included, centre.share) for centre in answer.centres] == [("Bichat", 2, 67)]
    assert len(as_("olivia").get(EXAMS).context["inclusion"].centres) == 2


def test_export_has_the_filtered_rows_and_no_formula(edition: Edition, as_: As) -> None:
    refused(accepted_exam(edition), template='=HYPERLINK("http://example.org")')
    accepted_exam(edition, side=6)
    rows = list(csv.reader(io.StringIO(body(as_("claire").get(EXPORT, {"state": "refused"})).lstrip("\ufeff"))))
    assert len(rows) == 2
    assert rows[1][1:3] == ["Bichat", "1"]
    assert rows[1][4].startswith("'=")
    assert as_("stefan").get(EXPORT).status_code == 404


@pytest.mark.parametrize(
    "text", ["=1+1", "+1+1", "-cmd", "@sum", "\t=1", "  =1", "\n=1", "＝1+1", "-1+cmd|' /C calc'!A0"]
)
def test_no_cell_begins_a_formula(text: str) -> None:
    assert inert_cell(text).startswith("'")
    assert inert_cell(text)[1:] == text


@pytest.mark.parametrize("text", ["A", "12", "-1", "+1,5", "-2e-3", "l'examen", "", "a=b"])
def test_plain_cells_stay_as_they_are(text: str) -> None:
    assert inert_cell(text) == text


def test_withdrawing_needs_a_reason_and_erases_the_exam(edition: Edition, as_: As) -> None:
    exam = accepted_exam(edition)
    address = reverse("uploads:withdraw", args=[exam.pk])
    assert as_("bruno").post(address, {"reason": "mine"}).status_code == 404
    as_("claire").post(address, {"reason": " "})
    exam.refresh_from_db()
    assert exam.state == "accepted"
    as_("claire").post(address, {"reason": "The patient objects."})
    exam.refresh_from_db()
    assert exam.state == "withdrawn"
    assert as_("claire").get(address).status_code == 405


def test_what_was_sent_is_answered_beside_the_drop_zone(edition: Edition, as_: As) -> None:
    send(edition, "claire", phantom_zip(1), letter=False, name="no-letter.zip")
    send(edition, "claire", b"no archive at all", name="nonsense.zip")
    work_until_idle()
    address = reverse("uploads:feedback", args=BOTH)
    page = body(as_("claire").get(address, headers={"HX-Request": "true"}))
    assert "The information letter was not given" in page
    assert "nonsense.zip" in page and "Refused" in page
    assert "no-letter.zip" not in body(as_("bruno").get(address))


def test_pages_speak_french(as_: As) -> None:
    page = body(as_("claire").get(UPLOAD, headers={"Accept-Language": "fr"}))
    assert 'lang="fr"' in page and "Envoyer des examens" in page


def test_a_large_table_is_counted_and_only_what_needs_somebody_is_listed(edition: Edition, as_: As) -> None:
    upload = send(edition, "claire", b"x", name="clinical.csv")
    blank = {"question": edition.question, "centre": edition.centres["Bichat"], "upload": upload, "bundle_key": "x"}
    blank["uploaded_by"] = edition.people["claire"]
    for number in range(1, 42):
        state, reason = ("refused", "missing_value") if number % 20 == 0 else ("kept", "")
        Exam.objects.create(**blank, number=number, state=state, reason=reason)
    page = body(as_("claire").get(reverse("uploads:feedback", args=["jfr-2019", "sarcopenia"])))
    assert 'id="inclusion-progress" hx-swap-oob="true"' in page  # the card counts them without a reload
    assert "Exam 20" in page and "Exam 40" in page and "Exam 3<" not in page
    assert [
        row.counts
        for row in as_("claire").get(reverse("uploads:feedback", args=["jfr-2019", "sarcopenia"])).context["rows"]
    ] == [[("accepted", 39), ("refused", 2)]]
