"""What organisers take back or change on their pages: roles, places in centres, invitations, the challenge's own words."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse

from challenges.invitations import invite
from challenges.models import CentreMembership, Invitation, Role
from challenges.roles import grant_role
from core.models import AuditRecord
from core.work import enqueue
from grading.models import Reading
from tests.factories.exams import work_all
from tests.pages.edition import Edition, accepted_exam
from uploads import staging
from uploads.models import Upload
from uploads.store import create_upload

pytestmark = pytest.mark.django_db
As = Callable[[str], Client]


def page(name: str, *more: object) -> str:
    return reverse(f"pages:{name}", args=["jfr-2019", *more])


def test_a_reader_is_revoked_on_the_page_and_the_exam_goes_on(edition: Edition, as_: As) -> None:
    client, exam = as_("olivia"), accepted_exam(edition)
    enqueue("assign_readings", exam, challenge_id=edition.challenge.pk)
    work_all(("assign_readings",))
    first = exam.readings.get().reader
    role = Role.objects.get(user=first, kind="reader")
    assert page("revoke_role", role.pk) in client.get(page("people")).content.decode()
    silent = client.post(page("revoke_role", role.pk), {"reason": ""}, follow=True).content.decode()
    assert "Give a reason" in silent and Role.objects.filter(pk=role.pk).exists()
    answer = client.post(page("revoke_role", role.pk), {"reason": "moved away"}, follow=True).content.decode()
    assert "has been revoked" in answer and page("revoke_role", role.pk) not in answer
    work_all(("assign_readings",))
    assert Reading.objects.get(exam=exam, state="waiting").reader != first


def test_the_last_organiser_is_told_and_one_of_two_may_go(edition: Edition, as_: As) -> None:
    client, own = as_("olivia"), Role.objects.get(user=edition.olivia)
    answer = client.post(page("revoke_role", own.pk), {"reason": "tired"}, follow=True).content.decode()
    assert "needs at least one organiser" in answer and Role.objects.filter(pk=own.pk).exists()
    grant_role(challenge=edition.challenge, user=edition.remi, kind="organiser", actor=edition.olivia)
    gone = client.post(page("revoke_role", own.pk), {"reason": "tired"}, follow=True)
    assert gone.status_code == 200 and gone.redirect_chain[-1][0] == reverse("home")
    assert client.get(page("people")).status_code == 403


def test_who_leaves_a_centre_sends_and_sees_nothing_more(edition: Edition, as_: As) -> None:
    exam = accepted_exam(edition)
    row = CentreMembership.objects.get(user=edition.claire)
    begun = create_upload(
        owner=edition.claire, question=edition.question, kind=Upload.Kind.EXAM, length=9, centre=row.centre
    )
    of_bruno = create_upload(
        owner=edition.bruno, question=edition.question, kind=Upload.Kind.EXAM, length=9, centre=edition.centres["Nice"]
    )
    address = reverse("uploads:exam", args=[exam.pk])
    assert as_("claire").get(address).status_code == 200
    answer = as_("olivia").post(page("revoke_membership", row.pk), {"reason": "moved away"}, follow=True)
    assert "no longer" in answer.content.decode() and not CentreMembership.objects.filter(pk=row.pk).exists()
    assert as_("claire").get(address).status_code == 404
    begun.refresh_from_db()
    of_bruno.refresh_from_db()
    assert (begun.state, of_bruno.state) == ("expired", "receiving")
    exam.refresh_from_db()
    assert exam.state == "accepted", "what was sent stays the centre's"


def test_the_bytes_of_an_upload_that_ends_go_with_it(
    edition: Edition, as_: As, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    row = CentreMembership.objects.get(user=edition.claire)
    begun = create_upload(
        owner=edition.claire, question=edition.question, kind=Upload.Kind.EXAM, length=9, centre=row.centre
    )
    path = staging.staging_path(begun.pk)
    assert path.exists()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        as_("olivia").post(page("revoke_membership", row.pk), {"reason": "moved away"})
    assert not path.exists()


def test_an_open_invitation_is_sent_again_or_cancelled(
    edition: Edition, as_: As, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    client = as_("olivia")
    row, secret = invite(challenge=edition.challenge, email="r@example.org", what="reader", actor=edition.olivia)
    shown = client.get(page("people")).content.decode()
    assert page("cancel_invitation", row.pk) in shown and page("resend_invitation", row.pk) in shown
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        again = client.post(page("resend_invitation", row.pk), follow=True).content.decode()
    assert f"{settings.SITE_ORIGIN}/invitations/" in again and secret not in again and len(mail.outbox) == 1
    assert client.get(reverse("challenges:invitation", args=[secret])).status_code == 410
    client.post(page("cancel_invitation", row.pk))
    assert not Invitation.objects.filter(pk=row.pk).exists()
    assert client.post(page("cancel_invitation", row.pk)).status_code == 404


def test_title_summary_and_contacts_are_edited(edition: Edition, as_: As) -> None:
    client = as_("olivia")
    assert 'value="jfr@example.org"' in client.get(page("setup")).content.decode()
    words = {"title_en": "JFR 2019 data challenge", "summary_en": "Three questions.", "contact": "new@example.org",
             "data_protection_officer": "dpo@example.org"}  # fmt: skip
    assert client.post(page("edit_challenge"), {**words, "contact": "nobody"}).status_code == 422
    client.post(page("edit_challenge"), words)
    edition.challenge.refresh_from_db()
    assert edition.challenge.title == {"en": words["title_en"], "fr": words["title_en"]}
    public = as_("").get(reverse("challenges:challenge", args=["jfr-2019"])).content.decode()
    assert all(words[name] in public for name in words)
    assert AuditRecord.objects.get(verb="challenge edited").actor == edition.olivia
