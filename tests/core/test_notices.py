"""A notice is told once, arrives as its person chose, and a mail that cannot be sent stays on the page."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.core import mail
from django.test import Client
from django.utils import timezone

from challenges.teams import reject_team
from core.claims import claim_row
from core.models import AuditRecord, Notice, NoticePreference, User, Work
from core.notice_mail import letter_of, unsubscribe_path
from core.notices import choose_delivery, mark_seen, next_digest, notify, subject_of
from core.performing import carry_out
from core.registry import notice_kinds
from core.work import retry
from tests.pages.edition import Edition, person, small_edition, work_until_idle

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition() -> Edition:
    small_edition_result = small_edition()
    Notice.objects.all().delete()
    Work.objects.all().delete()
    mail.outbox.clear()
    return small_edition_result


def tell(user: User, kind: str = "team_applied", about: str = "1", **values: Any) -> int:
    shown = {"team": "Owls", "challenge": {"en": "Lungs", "fr": "Poumons"}, **values}
    return notify(kind, [user], about=about, values=shown, path="/c/jfr-2019/people/")


def test_an_event_is_told_once_however_often_it_is_reported(edition: Edition) -> None:
    assert [tell(edition.olivia), tell(edition.olivia), tell(edition.olivia, about="2")] == [1, 0, 1]
    work_until_idle()
    tell(edition.olivia)
    work_until_idle()
    assert len(mail.outbox) == 2 and Notice.objects.filter(mail="sent").count() == 2


@pytest.mark.parametrize(
    ("delivery", "mailed", "state"), [("at_once", 1, "sent"), ("digest", 0, "digest"), ("page", 0, "none")]
)
def test_it_arrives_as_the_person_chose(edition: Edition, delivery: str, mailed: int, state: str) -> None:
    choose_delivery(edition.olivia, "team_applied", delivery)
    tell(edition.olivia)
    work_until_idle()
    assert (len(mail.outbox), Notice.objects.get().mail) == (mailed, state)


def test_what_a_duty_hangs_on_cannot_be_switched_off(edition: Edition) -> None:
    with pytest.raises(KeyError):
        choose_delivery(edition.olivia, "charter_renewed", "page")
    NoticePreference.objects.create(user=edition.olivia, kind="charter_renewed", delivery="page")
    tell(edition.olivia, "charter_renewed")
    work_until_idle()
    (sent,) = mail.outbox
    assert "List-Unsubscribe" not in sent.extra_headers


def test_text_and_html_say_the_same_in_the_persons_language(edition: Edition) -> None:
    User.objects.filter(pk=edition.olivia.pk).update(language="fr")
    tell(edition.olivia, team="Chats & <b>Cie</b>")
    work_until_idle()
    (sent,) = mail.outbox
    html = sent.alternatives[0][0]
    assert sent.subject == "Poumons : l’équipe Chats & <b>Cie</b> se porte candidate"
    assert "Chats & <b>Cie</b>" in sent.body and "Chats &amp; &lt;b&gt;Cie&lt;/b&gt;" in html
    for text in (sent.body, html):
        assert "/c/jfr-2019/people/" in text and "parce que vous organisez" in text
        assert "%(" not in text


def test_every_kind_is_rendered_without_holes_in_both_languages(edition: Edition) -> None:
    from django.utils import translation

    for language in ("en", "fr"):
        with translation.override(language):
            for kind in notice_kinds():
                notice = Notice(user=edition.olivia, kind=kind, about="x", values={}, pk=1)
                letter = letter_of(notice)
                assert "%(" not in letter.subject + letter.text and letter.subject and len(letter.text) > 40, kind


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-02T05:59:00+00:00", "2026-03-02T06:00:00+00:00"),  # Monday, 6:59 in Paris
        ("2026-03-02T06:00:00+00:00", "2026-03-05T06:00:00+00:00"),
        ("2026-03-27T12:00:00+00:00", "2026-03-30T05:00:00+00:00"),  # summer time begins on the 29th
    ],
)
def test_digests_go_on_mondays_and_thursdays_at_seven(now: str, expected: str) -> None:
    assert next_digest(datetime.fromisoformat(now)) == datetime.fromisoformat(expected)


def test_a_digest_has_all_that_waited_and_is_sent_once(edition: Edition) -> None:
    choose_delivery(edition.olivia, "team_applied", "digest")
    for number in range(3):
        tell(edition.olivia, about=str(number), team=f"Team {number}")
    work_until_idle()
    assert mail.outbox == []
    (row,) = Work.objects.filter(stage="mail_digest")
    assert row.run_at > timezone.now()
    Work.objects.update(run_at=timezone.now() - timedelta(minutes=1), place_at=timezone.now() - timedelta(minutes=1))
    work_until_idle()
    (sent,) = mail.outbox
    assert all(f"Team {number}" in sent.body for number in range(3)) and sent.subject == "3 new notices"
    retry(row.pk)
    work_until_idle()
    assert len(mail.outbox) == 1


def test_a_worker_killed_after_sending_sends_nothing_more(edition: Edition, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(edition.olivia)
    row = Work.objects.get(stage="mail_notice")
    claim = claim_row(row.pk)
    assert claim is not None
    from core import notice_mail

    monkeypatch.setattr(type(claim), "finish", _killed)
    with pytest.raises(SystemExit):
        notice_mail.mail_notice(claim)
    monkeypatch.undo()
    Work.objects.update(lease_until=timezone.now() - timedelta(minutes=1))
    work_until_idle()
    assert len(mail.outbox) == 1 and Work.objects.get(pk=row.pk).state == "done"


def _killed(self: object) -> None:
    raise SystemExit


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_that_is_away_is_tried_again_and_then_on_record(edition: Edition, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound, and listening to nobody
        settings.EMAIL_HOST, settings.EMAIL_PORT = held.getsockname()
        tell(edition.olivia)
        row = Work.objects.get(stage="mail_notice")
        settings.WORK_OUTAGES = 5
        for _ in range(settings.WORK_OUTAGES):
            Work.objects.update(run_at=timezone.now() - timedelta(minutes=1))
            claim = claim_row(row.pk)
            assert claim is not None
            carry_out(claim)
    notice = Notice.objects.get()
    assert (notice.mail, Work.objects.get(pk=row.pk).state) == ("failed", "failed")
    assert AuditRecord.objects.filter(verb="mail not sent").count() == 1
    page = signed_in(edition.olivia).get("/notices/").content.decode()
    assert "Team Owls asks" in page and "The mail could not be sent." in page


class Kept:
    """What a real server received."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        from email import message_from_bytes, policy

        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 Message accepted for delivery"


@pytest.fixture
def server(settings: Any) -> Iterator[Kept]:
    remaining = Kept()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.EMAIL_HOST, settings.EMAIL_PORT = free.getsockname()
    controller = Controller(remaining, hostname=settings.EMAIL_HOST, port=settings.EMAIL_PORT)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    yield remaining
    controller.stop()


def test_a_real_server_receives_both_parts_and_the_headers_of_one_click(edition: Edition, server: Kept) -> None:
    User.objects.filter(pk=edition.olivia.pk).update(language="fr")
    tell(edition.olivia, team="Équipe\r\nBcc: all@example.org")
    work_until_idle()
    (message,) = server.messages
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click" and message["Bcc"] is None
    assert re.fullmatch(r"<notice-\d+@[\w.-]+>", message["Message-ID"])
    link = re.search(r"<https?://[^/]+(/\S*)>", message["List-Unsubscribe"])
    assert link is not None
    anonymous = Client(enforce_csrf_checks=True)
    assert anonymous.get(link[1]).status_code == 200
    assert not NoticePreference.objects.exists(), "opening the link alone changes nothing: mail scanners open links"
    assert anonymous.post(link[1], {"List-Unsubscribe": "One-Click"}).status_code == 200
    tell(edition.olivia, about="next")
    work_until_idle()
    assert len(server.messages) == 1


def test_a_forged_link_unsubscribes_nobody(edition: Edition) -> None:
    good = unsubscribe_path(edition.olivia, "team_applied")
    for path in (good[:-2] + "x/", "/notices/unsubscribe/x/", unsubscribe_path(edition.olivia, "no_such_kind")):
        assert Client().post(path).status_code == 404
    assert not NoticePreference.objects.exists()


def signed_in(user: User) -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(user)
    return client


def test_the_bell_counts_what_is_new_and_opening_a_notice_leads_on(edition: Edition) -> None:
    tell(edition.olivia)
    tell(edition.olivia, about="2")
    client = signed_in(edition.olivia)
    assert "Notices: 2 new" in client.get("/notices/").content.decode()
    answer = client.get(f"/notices/{Notice.objects.latest('id').pk}/")
    assert (answer.status_code, answer["Location"]) == (302, "/c/jfr-2019/people/")
    assert "Notices: 1 new" in client.get("/").content.decode()
    client.post("/notices/seen/")
    assert "Notices: 0 new" in client.get("/").content.decode()


def test_a_notice_is_its_persons_alone(edition: Edition) -> None:
    tell(edition.olivia)
    pk = Notice.objects.get().pk
    for stranger in (edition.stefan, edition.tom):
        client = signed_in(stranger)
        assert client.get(f"/notices/{pk}/").status_code == 404
        assert "Owls" not in client.get("/notices/").content.decode()
        assert client.get("/api/v1/notices/").json()["results"] == []
        client.post("/api/v1/notices/seen/", {"ids": [pk]}, content_type="application/json")
    assert Client().get("/notices/").status_code == 302
    assert Notice.objects.get().seen_at is None
    own = signed_in(edition.olivia)
    (shown,) = own.get("/api/v1/notices/").json()["results"]
    assert shown["subject"] == "Lungs: team Owls applies" and shown["mail"] == "waiting"
    assert own.post("/api/v1/notices/seen/", {"ids": [pk]}, content_type="application/json").json() == {"seen": 1}


def test_preferences_are_saved_and_shown(edition: Edition) -> None:
    client = signed_in(edition.olivia)
    client.post("/notices/preferences/", {"team_applied": "page", "charter_renewed": "page", "no_such": "page"})
    assert list(NoticePreference.objects.values_list("kind", "delivery")) == [("team_applied", "page")]
    page = client.get("/notices/preferences/").content.decode()
    assert re.search(r'name="team_applied".*?value="page" selected', page, re.DOTALL)
    assert 'name="charter_renewed"' not in page


def test_old_notices_stay_readable_when_a_sentence_changes(edition: Edition) -> None:
    notice = Notice(user=edition.olivia, kind="team_applied", about="x", values={"team": "Owls"})
    assert subject_of(notice) == "–: team Owls applies"
    assert (
        subject_of(Notice(user=edition.olivia, kind="of_another_version", about="x", values={})) == "of_another_version"
    )


def test_nobody_who_left_is_mailed(edition: Edition) -> None:
    tell(edition.olivia)
    User.objects.filter(pk=edition.olivia.pk).update(is_active=False)
    work_until_idle()
    assert mail.outbox == []


def test_two_processes_that_tell_at_once_make_one_row(edition: Edition) -> None:
    Notice.objects.create(user=edition.olivia, kind="team_applied", about="1", mail="sent")
    assert tell(edition.olivia) == 0
    assert mark_seen(person("someone else")) == 0


def test_reasons_of_a_rejection_reach_the_team(edition: Edition) -> None:
    team = edition.challenge.teams.get(slug="milvue")
    reject_team(team=team, actor=edition.olivia, reason="The team has no radiologist.")
    work_until_idle()
    (sent,) = mail.outbox
    assert sent.to == [edition.tom.email] and "The team has no radiologist." in sent.body


def test_moments_are_written_for_the_reader(edition: Edition) -> None:
    from django.utils import translation

    when = datetime(2026, 10, 25, 22, 30, tzinfo=UTC)
    notice = Notice(user=edition.tom, kind="phase_closes", about="x", values={"at": {"at": when.isoformat()}})
    from core.notices import text_of

    with translation.override("fr"):
        assert "25 oct. 2026, 23:30 CET" in text_of(notice)
