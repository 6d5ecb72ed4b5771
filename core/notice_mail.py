"""The mails of notices: one at a time as they come, or several in a digest; text and HTML, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, ngettext

from core.audit import record
from core.claims import Claim
from core.clock import database_now
from core.mail import Letter, deliver
from core.models import Notice, NoticePreference, User
from core.notices import delivery_of, site_link, subject_of, text_of
from core.registry import notice_kinds

SALT = "unsubscribe"
DIGEST = "digest"  # in the place of a kind's name: the unsubscribe link of a digest
MOST_LISTED = 50


@dataclass(frozen=True)
class NoticeEntry:
    """A notice as mails and pages show it."""

    notice: Notice
    subject: str
    text: str
    action: str
    link: str


def entry_of(notice: Notice) -> NoticeEntry:
    kind = notice_kinds().get(notice.kind)
    action = gettext(kind.action) if kind and kind.action else ""
    return NoticeEntry(notice, subject_of(notice), text_of(notice), action, notice.path)


def unsubscribe_path(user: User, kind: str) -> str:
    """A link that needs no sign-in and can do nothing but switch mails of this kind off."""
    return reverse("pages:unsubscribe", args=[signing.dumps([user.pk, kind], salt=SALT)])


def read_unsubscribe(token: str) -> tuple[User, str] | None:
    """The person and kind of a link, or None where it was not made here."""
    try:
        pk, kind = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    user = User.objects.filter(pk=pk, is_active=True).first()
    return (user, kind) if user is not None and (kind == DIGEST or kind in notice_kinds()) else None


def unsubscribe(user: User, kind: str) -> None:
    """No more mails of this kind, or of any kind that the person gets in digests; the page goes on showing them."""
    chosen = dict(NoticePreference.objects.filter(user=user).values_list("kind", "delivery"))
    for name, declared in notice_kinds().items():
        by_digest = kind == DIGEST and delivery_of(declared, chosen.get(name)) == "digest"
        if (name == kind or by_digest) and not declared.is_essential:
            NoticePreference.objects.update_or_create(user=user, kind=name, defaults={"delivery": "page"})


def mail_notice(claim: Claim) -> None:
    """One notice's mail. The row says `sent` before the work ends, so that a worker that starts over sends nothing twice."""
    notice = Notice.objects.select_related("user").filter(pk=claim.subject_id, user__is_active=True).first()
    if notice is not None and notice.mail == Notice.Mail.WAITING:
        with translation.override(notice.user.language):
            deliver(letter_of(notice))
        _mark_sent([notice])
    with claim.finish():
        return


def letter_of(notice: Notice) -> Letter:
    """The mail in the active language."""
    kind = notice_kinds()[notice.kind]
    entry = entry_of(notice)
    context = {"entry": entry, "link": site_link(entry.link) if entry.link else "", "why": gettext(kind.why)}
    return _letter(notice.user, entry.subject, "notice", context, "" if kind.is_essential else kind.name, notice.pk)


def mail_digest(claim: Claim) -> None:
    """All that waits for one person's digest, whose work is `<user>:<day>`. Nothing that waits is no mail."""
    user = User.objects.filter(pk=claim.subject_id.partition(":")[0], is_active=True).first()
    waiting = list(Notice.objects.filter(user=user, mail=Notice.Mail.DIGEST).order_by("id")) if user else []
    if user is not None and waiting:
        with translation.override(user.language):
            deliver(digest_of(user, waiting))
        _mark_sent(waiting)
    with claim.finish():
        return


def digest_of(user: User, notices: Sequence[Notice]) -> Letter:
    """A digest in the active language: the first notices in full, the number of the others."""
    entries = [(entry_of(notice), site_link(notice.path) if notice.path else "") for notice in notices[:MOST_LISTED]]
    count = len(notices)
    subject = ngettext("%(count)d new notice", "%(count)d new notices", count) % {"count": count}
    context = {"entries": entries, "more": count - len(entries), "notices": site_link(reverse("pages:notices"))}
    return _letter(user, subject, "digest", context, DIGEST, notices[-1].pk)


def _letter(user: User, subject: str, template: str, context: dict[str, object], kind: str, number: int) -> Letter:
    stop = site_link(unsubscribe_path(user, kind)) if kind else ""
    context = {
        **context,
        "subject": subject,
        "person": user.get_short_name(),
        "site": settings.SITE_ORIGIN,
        "stop": stop,
        "preferences": site_link(reverse("pages:notice_preferences")),
    }
    headers = {
        "Message-ID": f"<{template}-{number}@{urlsplit(settings.SITE_ORIGIN).hostname}>",
        "Auto-Submitted": "auto-generated",
    }
    if stop:
        headers |= {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return Letter(
        subject=subject,
        text=render_to_string(f"mail/{template}.txt", context),
        html=render_to_string(f"mail/{template}.html", context),
        to=(user.email,),
        headers=headers,
    )


def _mark_sent(notices: Sequence[Notice]) -> None:
    Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(
        mail=Notice.Mail.SENT, mailed_at=database_now()
    )


def notice_failed(subject_id: str, reason: str) -> None:
    """Every try has failed: the notice stays on the page, and the audit trail says that no mail was sent."""
    notice = Notice.objects.filter(pk=subject_id).first()
    if notice is not None:
        Notice.objects.filter(pk=notice.pk, mail=Notice.Mail.WAITING).update(mail=Notice.Mail.FAILED)
        record(verb="mail not sent", subject=notice, reason=reason, challenge_id=notice.challenge_id)


def digest_failed(subject_id: str, reason: str) -> None:
    """What waited goes with the next digest; the audit trail says that this one was not sent."""
    user = User.objects.filter(pk=subject_id.partition(":")[0]).first()
    if user is not None:
        record(verb="mail not sent", subject=user, reason=reason)
