"""Mail: a subject is one line, whatever the title in it says, and a mail that is not sent is on record."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.core.mail import EmailMultiAlternatives, send_mail
from django.db import models

from core.audit import record
from core.failures import describe

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Letter:
    """A mail as text and HTML."""

    subject: str
    text: str
    html: str
    to: tuple[str, ...]
    headers: Mapping[str, str] = field(default_factory=dict)


def deliver(letter: Letter) -> None:
    """Raises what the mail server or the connection raises: for stages, which are tried again."""
    subject = " ".join(letter.subject.split())
    mail = EmailMultiAlternatives(subject, letter.text, None, list(letter.to), headers=dict(letter.headers))
    mail.attach_alternative(letter.html, "text/html")
    mail.send()


def send(subject: str, body: str, to: Sequence[str]) -> None:
    """Raises what the mail server or the connection raises: for stages, which are tried again."""
    send_mail(" ".join(subject.split()), body, None, list(to))


def try_to_send(
    subject: str, body: str, to: Sequence[str], about: models.Model, challenge_id: int | None = None
) -> bool:
    """For requests, which do not wait for a mail server: False, an audit record and a line in the log where it was not sent."""
    try:
        send(subject, body, to)
    except Exception as error:  # a mail backend may raise anything; the request has succeeded without it
        log.error("mail not sent (%s %s): %s", about._meta.model_name, about.pk, describe(error))
        record(verb="mail not sent", subject=about, reason=type(error).__name__, challenge_id=challenge_id)
        return False
    return True
