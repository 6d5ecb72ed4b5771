"""The organiser's pages: counts of every stage, people, timeline, questions, sets, work, audit; and who else may see them."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime

from batches.models import Batch, Split
from challenges.models import Challenge, Invitation, Question, Team
from core.audit import chain_records
from core.clock import database_now
from core.models import AuditRecord, Work
from tests.factories.exams import work_all
from tests.pages.edition import Edition, accepted_exam, question_text, reading_of
from uploads.models import Exam

pytestmark = pytest.mark.django_db
As = Callable[[str], Client]
CHALLENGE, QUESTION = ["jfr-2019"], ["jfr-2019", "sarcopenia"]
OF_CHALLENGE = ("console", "counts", "people", "timeline", "setup", "work", "audit")
OF_QUESTION = ("sets", "results")


def page(name: str, *more: object) -> str:
    return reverse(f"pages:{name}", args=[*CHALLENGE, *more])


def address_of(name: str, *more: object) -> str:
    return reverse(f"pages:{name}", args=[*QUESTION, *more])


@pytest.mark.parametrize(
    ("who", "status"), [("", 302), ("stefan", 403), ("claire", 403), ("rita", 403), ("tom", 403), ("olivia", 200)]
)
def test_pages_are_the_organisers(as_: As, who: str, status: int) -> None:
    client = as_(who)
    for address in [*(page(name) for name in OF_CHALLENGE), *(address_of(name) for name in OF_QUESTION)]:
        assert client.get(address).status_code == status, address


def test_a_draft_does_not_exist_for_others(edition: Edition, as_: As) -> None:
    Challenge.objects.filter(pk=edition.challenge.pk).update(state="draft")
    assert as_("claire").get(page("console")).status_code == 404
    assert as_("olivia").get(page("console")).status_code == 200


def test_actions_need_a_post_and_an_organiser(as_: As) -> None:
    for name in (
        "open",
        "close",
        "add_centre",
        "invite",
        "load_question",
        "publish_charter",
        "retry_all",
        "verify_audit",
        "plan_moment",
    ):
        assert as_("olivia").get(page(name)).status_code == 405, name
        assert as_("claire").post(page(name)).status_code == 403, name
    for name in ("draft_split", "freeze_split", "rank", "rescore", "open_jury"):
        assert as_("olivia").get(address_of(name)).status_code == 405, name
        assert as_("claire").post(address_of(name)).status_code == 403, name


def test_console_counts_every_stage(edition: Edition, as_: As) -> None:
    accepted_exam(edition, state="kept")
    waiting = accepted_exam(edition, side=5)
    reading_of(waiting, edition.rita)
    accepted_exam(edition, "Nice", state="received", side=6)
    stages = as_("olivia").get(page("console")).context["panels"][0].stages
    assert len(stages) == 10
    assert [stage.count for stage in stages[:4]] == [3, 3, 2, 1]
    assert stages[1].note == "1 waiting" and stages[3].note == "1 reading waiting"


def test_console_takes_as_many_queries_for_many_exams(
    edition: Edition, as_: As, django_assert_max_num_queries: Callable[..., object]
) -> None:
    client = as_("olivia")
    client.get(page("console"))
    for side in range(2, 9):
        accepted_exam(edition, state="kept", side=side)
    with django_assert_max_num_queries(35):  # type: ignore[attr-defined]
        client.get(page("console"))


def test_opening_and_closing(edition: Edition, as_: As) -> None:
    client = as_("olivia")
    client.post(page("close"))
    edition.challenge.refresh_from_db()
    assert edition.challenge.state == "closed"
    client.post(page("open"))
    edition.challenge.refresh_from_db()
    assert edition.challenge.state == "opened"
    assert client.post(page("open"), follow=True).status_code == 200  # a second click finds it done
    edition.challenge.refresh_from_db()
    assert edition.challenge.state == "opened"


def test_a_new_centre_and_its_invitation(
    edition: Edition, as_: As, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    client = as_("olivia")
    client.post(page("add_centre"), {"name": "Rennes", "city": "Rennes"})
    assert client.post(page("add_centre"), {"name": "Rennes"}).status_code == 422
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        answer = client.post(
            page("invite"), {"email": "r@example.org", "what": "centre", "centre": "rennes"}, follow=True
        )
    assert Invitation.objects.get(email="r@example.org").centre.name == "Rennes"  # type: ignore[union-attr]
    link = f"{settings.SITE_ORIGIN}/invitations/"
    assert link in answer.content.decode() and len(mail.outbox) == 1
    assert "(Centre: Rennes)" in mail.outbox[0].body
    assert link not in client.get(page("people")).content.decode()  # the link is shown once
    wrong = client.post(page("invite"), {"email": "x@example.org", "what": "centre"})
    assert wrong.status_code == 422 and "Choose the centre" in wrong.content.decode()


def test_a_team_is_waived_in_with_a_reason_or_rejected(edition: Edition, as_: As) -> None:
    client, team = as_("olivia"), Team.objects.get(slug="milvue")
    assert "data scientist" in client.get(page("people")).content.decode()
    client.post(page("approve_team", "milvue"), {"waiver": ""})
    team.refresh_from_db()
    assert team.state == "applied"
    client.post(page("approve_team", "milvue"), {"waiver": "two radiologists are enough this year"})
    team.refresh_from_db()
    assert (team.state, team.waiver) == ("approved", "two radiologists are enough this year")
    Team.objects.filter(pk=team.pk).update(state="applied")
    client.post(page("reject_team", "milvue"), {"reason": "not a team"})
    team.refresh_from_db()
    assert team.state == "rejected"


def test_a_team_that_is_in_gets_the_waiver_it_asks_for(edition: Edition, as_: As) -> None:
    client, teams = as_("olivia"), Team.objects.filter(slug="milvue")
    teams.update(state="approved")
    shown = client.get(page("people")).content.decode()
    assert page("waive_team", "milvue") in shown and "data scientist" in shown
    client.post(page("waive_team", "milvue"), {"reason": " "})
    assert teams.get().waiver == ""
    client.post(page("waive_team", "milvue"), {"reason": "a small year"})
    assert teams.get().waiver == "a small year"
    assert page("waive_team", "milvue") not in client.get(page("people")).content.decode()
    teams.update(state="rejected", waiver="")
    client.post(page("approve_team", "milvue"), {})  # approved after all, but by a person's reason
    assert teams.get().state == "rejected"


def local(moment: object) -> str:
    return localtime(moment).strftime("%Y-%m-%dT%H:%M")  # type: ignore[arg-type]


def test_moving_a_window(edition: Edition, as_: As) -> None:
    client, phase = as_("olivia"), edition.question.phases.get(name="final")
    opens, prefix = database_now().replace(second=0, microsecond=0) + timedelta(days=2), f"phase-{phase.pk}-"
    good = {
        f"{prefix}opens": local(opens),
        f"{prefix}closes": local(opens + timedelta(hours=1)),
        f"{prefix}reason": "late",
    }
    client.post(page("reschedule_phase", phase.pk), good)
    phase.refresh_from_db()
    assert phase.opens == opens
    turned = good | {f"{prefix}closes": local(opens - timedelta(hours=1))}
    answer = client.post(page("reschedule_phase", phase.pk), turned, follow=True).content.decode()
    assert "A phase must open before it closes." in answer
    assert client.post(page("reschedule_phase", phase.pk), good | {f"{prefix}reason": ""}).status_code == 422


def test_a_moment_of_ones_own(edition: Edition, as_: As) -> None:
    client, at = as_("olivia"), database_now() + timedelta(days=9)
    client.post(page("plan_moment"), {"title_en": "Prize giving", "title_fr": "Remise des prix", "run_at": local(at)})
    client.post(page("plan_moment"), {"title_en": "Prize giving", "run_at": local(at + timedelta(days=1))})
    rows = edition.challenge.milestones.filter(key__startswith="moment:")
    assert [row.title["en"] for row in rows] == ["Prize giving"]
    assert "Prize giving" in client.get(page("timeline")).content.decode()


def test_the_dates_of_a_past_edition_are_moved_on_the_page(edition: Edition, as_: As) -> None:
    """The preview puts the moved text into the form and loads nothing; what was shown is what is then loaded."""
    client, choice = as_("olivia"), {"catalogue": "nodules", "first_opening": "2031-03-03"}
    address_of = client.post(page("load_question"), {**choice, "preview": "1"})
    assert address_of.status_code == 200 and "2031" in address_of.content.decode()
    assert not edition.challenge.questions.filter(slug="nodules").exists()
    text = address_of.context["file_form"].initial["text"]
    client.post(page("load_question"), {"text": text})
    question = edition.challenge.questions.get(slug="nodules")
    assert min(question.phases.values_list("opens", flat=True)).year == 2031
    client.post(page("load_question"), choice)
    question.refresh_from_db()
    assert question.revision == 1, "the same file, the same dates"
    undated = client.post(page("load_question"), {"catalogue": "nodules", "preview": "1"})
    assert undated.status_code == 422 and "Choose the day" in undated.content.decode()


def test_a_question_of_the_catalogue_is_loaded(edition: Edition, as_: As) -> None:
    as_("olivia").post(page("load_question"), {"catalogue": "nodules"})
    assert Question.objects.filter(challenge=edition.challenge, slug="nodules", revision=1).exists()


def test_a_question_whose_windows_are_over_is_loaded_with_a_warning_and_its_file_can_be_changed(
    edition: Edition, as_: As
) -> None:
    client = as_("olivia")
    response = client.post(page("load_question"), {"catalogue": "nodules"}, follow=True)
    assert [str(message) for message in response.context["messages"]][1].startswith(
        "All windows of “Pulmonary nodules” are over"
    )
    assert "?question=nodules" in response.content.decode()
    shown = client.get(page("setup"), {"question": "nodules"})
    text = shown.context["file_form"].initial["text"]
    assert shown.status_code == 200 and text.startswith("#") and "reveal" not in text
    later = text.replace('"2019-', '"2199-')
    response = client.post(page("load_question"), {"text": later}, follow=True)
    assert [message.level_tag for message in response.context["messages"]] == ["success"]
    assert Question.objects.get(slug="nodules").revision == 2
    assert client.get(page("setup"), {"question": "x\u2028"}).context["file_form"].initial == {}


def test_every_mistake_of_a_file_with_its_line(edition: Edition, as_: As) -> None:
    broken = question_text().replace("kind: masks", "kin: masks").encode() + b"unheard_of: 1\n"
    before = edition.question.revision
    answer = as_("olivia").post(page("load_question"), {"file": SimpleUploadedFile("q.yaml", broken)})
    assert answer.status_code == 422
    mistakes = answer.context["mistakes"]
    assert len(mistakes) >= 2 and all(mistake.line > 0 for mistake in mistakes)
    edition.question.refresh_from_db()
    assert edition.question.revision == before


@pytest.mark.parametrize("content", [b"\xff\xfe\x00\x01", b"PK\x03\x04 no zip", b"", b"[1, 2", b"a: &a [*a, *a]"])
def test_a_file_that_is_no_question_is_refused_in_words(as_: As, content: bytes) -> None:
    for name in ("q.yaml", "q.zip"):
        answer = as_("olivia").post(page("load_question"), {"file": SimpleUploadedFile(name, content)})
        assert answer.status_code == 422


def test_one_source_of_a_question_at_a_time(as_: As) -> None:
    answer = as_("olivia").post(page("load_question"), {"catalogue": "nodules", "text": "concours: 1"})
    assert answer.status_code == 422 and not Question.objects.filter(slug="nodules").exists()


def test_publishing_a_charter_makes_a_version(edition: Edition, as_: As) -> None:
    as_("olivia").post(page("publish_charter"), {"audience": "team", "en": "Play fair.", "fr": "Jouez franc jeu."})
    newest = edition.challenge.charters.filter(audience="team").first()
    assert newest is not None and (newest.version, newest.text["fr"]) == (2, "Jouez franc jeu.")


def test_founding_a_challenge(edition: Edition, as_: As) -> None:
    address = reverse("pages:new_challenge")
    assert as_("stefan").get(address).status_code == 404
    wrong = as_("olivia").post(address, {"title_en": "JFR", "slug": "jfr-2019"})
    assert wrong.status_code == 422 and "exists" in wrong.content.decode()
    as_("olivia").post(address, {"title_en": "SFR 2021", "slug": "sfr-2021", "summary_en": "Rare tumours."})
    challenge = Challenge.objects.get(slug="sfr-2021")
    assert (challenge.state, challenge.title["fr"]) == ("draft", "SFR 2021")


def test_sets_are_drawn_frozen_released_and_revoked(edition: Edition, as_: As) -> None:
    client = as_("olivia")
    assert "graded" in client.post(address_of("draft_split"), follow=True).content.decode()
    for side in (3, 4, 5):
        accepted_exam(edition, state="kept", side=side)
    client.post(address_of("draft_split"), {"seed": "7"})
    shown = client.get(address_of("sets"))
    assert shown.context["split"].seed == 7
    assert shown.context["table"].totals == [1, 1, 1] and shown.context["table"].whole == 3
    assert shown.context["left_over"] == 0 and "included exam is in no set" not in shown.content.decode()
    accepted_exam(edition, state="kept", side=6)
    assert "1 included exam is in no set" in client.get(address_of("sets")).content.decode()
    client.post(address_of("freeze_split"))
    assert Split.objects.get(question=edition.question, state="frozen").items.count() == 3
    work_all(("build_batch",))
    batch = Batch.objects.get(name="batch-1")
    assert batch.state == "built"
    moved = database_now().replace(second=0, microsecond=0) + timedelta(days=4)
    client.post(page("reschedule_batch", batch.pk), {"released_at": local(moved), "reason": "holiday"})
    batch.refresh_from_db()
    assert batch.released_at == moved
    client.post(page("release_batch", batch.pk), {"reason": "ready"})
    batch.refresh_from_db()
    released = batch.released_at
    assert released <= database_now()
    client.post(page("release_batch", batch.pk))  # a second click
    batch.refresh_from_db()
    assert batch.released_at == released
    client.post(page("revoke_batch", batch.pk), {"reason": ""})
    batch.refresh_from_db()
    assert batch.state == "built"
    client.post(page("revoke_batch", batch.pk), {"reason": "a wrong mask"})
    batch.refresh_from_db()
    assert batch.state == "revoked"
    assert as_("claire").post(page("release_batch", batch.pk)).status_code == 403


def test_the_organiser_is_warned_of_faces_and_chooses(edition: Edition, as_: As) -> None:
    client = as_("olivia")
    for side in (3, 4, 5):
        accepted_exam(edition, state="kept", side=side)
    assert "A face can be reconstructed" not in client.get(address_of("sets")).content.decode()
    Exam.objects.filter(question=edition.question).update(face_possible=True)
    client.post(address_of("draft_split"))
    shown = client.get(address_of("sets"))
    assert (
        shown.context["counts"].faces == 3 and "A face can be reconstructed from 3 of these" in shown.content.decode()
    )
    client.post(address_of("freeze_split"), {"face": "blank"})
    work_all(("build_batch",))
    assert set(Batch.objects.values_list("face", flat=True)) == {"blank"}
    batch = Batch.objects.get(name="batch-1")
    assert "0 faces blanked" in client.get(address_of("sets")).content.decode()  # single slices show none
    client.post(page("choose_face", batch.pk), {"face": "keep"})
    work_all(("build_batch",))
    batch.refresh_from_db()
    assert (batch.face, batch.state) == ("keep", "built")
    assert "1 exam may show a face" in client.get(address_of("sets")).content.decode()
    assert as_("claire").post(page("choose_face", batch.pk), {"face": "blank"}).status_code == 403


def failed_work(edition: Edition, **more: object) -> Work:
    fields = {"stage": "deidentify", "subject_id": "1", "state": "failed", "reason": "OSError at a.py:1", "attempts": 3}
    return Work.objects.create(**{**fields, "challenge_id": edition.challenge.pk, **more})


def test_failed_work_is_shown_and_tried_again(edition: Edition, as_: As) -> None:
    full = {"reason": "platform", "where": "", "template": "The server's disk is full.", "values": {}}
    row, client = failed_work(edition, faults=[full]), as_("olivia")
    for name in ("work", "console"):
        shown = html.unescape(client.get(page(name)).content.decode())
        assert "The server's disk is full." in shown and "a.py:1" not in shown
    assert [trouble.row for trouble in client.get(page("console")).context["troubles"]] == [row]
    client.post(page("retry", row.pk))
    row.refresh_from_db()
    assert (row.state, row.attempts, row.reason) == ("waiting", 0, "")
    assert AuditRecord.objects.filter(verb="work asked for again", actor=edition.olivia).exists()


def test_running_work_is_left_alone(edition: Edition, as_: As) -> None:
    later = database_now() + timedelta(minutes=1)
    row = failed_work(edition, state="running", lease_until=later)
    assert "is running" in as_("olivia").post(page("retry", row.pk), follow=True).content.decode()


def test_stuck_work_is_what_nobody_takes(edition: Edition, as_: As) -> None:
    long_ago = database_now() - timedelta(hours=1)
    stuck = failed_work(edition, state="waiting", run_at=long_ago)
    failed_work(edition, subject_id="2", state="waiting")
    assert list(as_("olivia").get(page("work"), {"state": "stuck"}).context["page"]) == [stuck]


def test_work_of_another_challenge_is_not_there(edition: Edition, as_: As) -> None:
    row = failed_work(edition, challenge_id=edition.challenge.pk + 1)
    assert as_("olivia").post(page("retry", row.pk)).status_code == 404
    assert as_("olivia").get(f"/api/v1/work/{row.pk}/").status_code == 404


def test_audit_is_searched_and_verified(edition: Edition, as_: As) -> None:
    client = as_("olivia")
    result = client.get(page("audit"), {"q": "charter signed"}).context["page"]
    assert {row.verb for row in result} == {"charter signed"}
    assert {row.actor for row in client.get(page("audit"), {"q": "claire"}).context["page"]} == {edition.claire}
    assert not client.get(page("audit"), {"until": "2001-01-01"}).context["page"].object_list
    assert client.get(page("audit"), {"since": "not a day"}).status_code == 200
    chain_records()
    assert "The chain is intact" in client.post(page("verify_audit")).content.decode()
    AuditRecord.objects.filter(sequence=2).update(reason="edited")
    assert "The chain is broken" in client.post(page("verify_audit")).content.decode()


def test_api_of_work_and_audit(edition: Edition, as_: As) -> None:
    row = failed_work(edition)
    client = as_("olivia")
    listed = client.get("/api/v1/work/", {"state": "failed", "challenge": "jfr-2019"}).json()["results"]
    assert [entry["id"] for entry in listed] == [row.pk]
    assert client.post(f"/api/v1/work/{row.pk}/retry/").json()["state"] == "waiting"
    assert as_("claire").get("/api/v1/work/").json()["count"] == 0
    records = client.get("/api/v1/audit/", {"search": "charter signed"}).json()
    assert records["count"] == 5 and as_("claire").get("/api/v1/audit/").json()["count"] == 0


def test_results_before_anything_was_sent(edition: Edition, as_: As) -> None:
    shown = as_("olivia").get(address_of("results"))
    assert "No ranking yet" in shown.content.decode()
    as_("olivia").post(address_of("rank"), {"phase": "final"})
    assert Work.objects.filter(stage="rank_phase").exists()
    assert as_("olivia").post(address_of("rank"), {"phase": "unheard-of"}).status_code == 404
