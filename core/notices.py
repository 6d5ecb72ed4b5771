"""Tells people of events: a row per person, written with the event, read behind the bell and sent by mail."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language, gettext

from core.clock import database_now
from core.days import moment_words
from core.models import MailTiming, Notice, NoticePreference, User
from core.registry import NoticeKind, notice_kinds
from core.words import localised, say
from core.work import enqueue

DIGEST_DAYS = (0, 3)  # Monday and Thursday, so that nobody gets more than two digests a week
DIGEST_HOUR = 7  # in the site's zone, before the working day


def notify(
    kind: str,
    people: Iterable[User],
    *,
    about: str,
    values: Mapping[str, Any] | None = None,
    path: str = "",
    challenge_id: int | None = None,
) -> int:
    """One notice for each active person, in the caller's transaction. `about` names the event: told again, it is told once.

    Values are texts and numbers, or `{"en": …, "fr": …}`, `{"at": ISO moment}` or a fault's `{"template": …, "values": …}`.
    Returns the number of new notices. Raises KeyError where no app declares the kind.
    """
    declared = notice_kinds()[kind]
    active = {person.pk: person for person in people if person.is_active}
    chosen = dict(NoticePreference.objects.filter(user__in=active, kind=kind).values_list("user_id", "delivery"))
    with transaction.atomic():
        notified = set(Notice.objects.filter(user__in=active, kind=kind, about=about).values_list("user_id", flat=True))
        Notice.objects.bulk_create(
            [
                Notice(
                    user_id=pk,
                    kind=kind,
                    about=about,
                    values=dict(values or {}),
                    path=path,
                    challenge_id=challenge_id,
                    mail=_mail_state(delivery_of(declared, chosen.get(pk))),
                )
                for pk in active
                if pk not in notified
            ],
            ignore_conflicts=True,  # another process may tell of the same event at this moment
        )
        new = Notice.objects.filter(user__in=set(active) - notified, kind=kind, about=about)
        for notice in new.exclude(mail=Notice.Mail.NONE):
            _plan_mail(notice)
        return len(set(active) - notified)


def delivery_of(kind: NoticeKind, chosen: str | None) -> str:
    """What holds for a person: the own choice, unless a duty hangs on the kind."""
    if kind.is_essential or chosen is None:
        return kind.delivery
    return chosen


def _mail_state(delivery: str) -> str:
    return {
        MailTiming.AT_ONCE: Notice.Mail.WAITING,
        MailTiming.DIGEST: Notice.Mail.DIGEST,
        MailTiming.PAGE: Notice.Mail.NONE,
    }[MailTiming(delivery)]


def _plan_mail(notice: Notice) -> None:
    if notice.mail == Notice.Mail.DIGEST:
        moment = next_digest(database_now())
        enqueue("mail_digest", f"{notice.user_id}:{moment:%Y-%m-%d}", run_at=moment)
    elif notice.mail == Notice.Mail.WAITING:
        enqueue("mail_notice", notice, challenge_id=notice.challenge_id)


def next_digest(now: datetime) -> datetime:
    """The next Monday or Thursday at seven, in the site's zone."""
    local = now.astimezone(timezone.get_default_timezone())
    for days in range(8):
        day = local.date() + timedelta(days=days)
        moment = datetime.combine(day, datetime.min.time().replace(hour=DIGEST_HOUR), tzinfo=local.tzinfo)
        moment = moment.replace(tzinfo=timezone.get_default_timezone())
        if day.weekday() in DIGEST_DAYS and moment > now:
            return moment
    raise AssertionError("a week has a Monday")


def subject_of(notice: Notice) -> str:
    """The notice's headline in the active language."""
    kind = notice_kinds().get(notice.kind)
    return " ".join(_filled(kind.subject, notice.values).split()) if kind else notice.kind


def text_of(notice: Notice) -> str:
    """What happened and what to do, in the active language."""
    kind = notice_kinds().get(notice.kind)
    return re.sub(r" {2,}", " ", _filled(kind.text, notice.values)).strip() if kind else ""


def _filled(template: str, values: Mapping[str, Any]) -> str:
    """A kind whose sentence has changed since may name values that old notices lack: they then show a dash."""
    shown = _WithDashes({name: _shown(value) for name, value in values.items()})
    return gettext(template) % shown


class _WithDashes(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "–"


def _shown(value: Any) -> str:
    if isinstance(value, Mapping) and "template" in value:
        return say(value["template"], value.get("values"))
    if isinstance(value, Mapping) and "at" in value:
        return moment_shown(datetime.fromisoformat(value["at"]))
    if isinstance(value, Mapping):
        return localised(value, get_language() or "en")
    return str(value)


def moment_shown(moment: datetime) -> str:
    """A moment as the reader's language writes it, with the zone: mails are read far from a page's own clock."""
    return moment_words(moment)


def mark_seen(user: Any, ids: Iterable[int] | None = None) -> int:
    """All of the person's notices, or those named."""
    unseen = Notice.objects.filter(user=user, seen_at=None)
    return (unseen if ids is None else unseen.filter(pk__in=list(ids))).update(seen_at=database_now())


def choose_delivery(user: Any, kind: str, delivery: str) -> None:
    """The person's choice for one kind. Raises KeyError for a kind or delivery that does not exist."""
    if notice_kinds()[kind].is_essential or delivery not in MailTiming.values:
        raise KeyError(kind)
    NoticePreference.objects.update_or_create(user=user, kind=kind, defaults={"delivery": delivery})


def site_link(path: str) -> str:
    return f"{settings.SITE_ORIGIN}{path}"
