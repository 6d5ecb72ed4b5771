"""Charters: published in versions, signed by people, asked for at every door."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_noop

from challenges.models import Challenge, Charter, CharterSignature
from challenges.notices import tell_charter
from core.actors import Actor
from core.audit import record
from core.errors import InvalidInputError, NotAllowedError
from core.locks import next_number


class CharterNotSignedError(NotAllowedError):
    reason = "charter_not_signed"


def publish_charter(*, challenge: Challenge, audience: str, text: Mapping[str, str], actor: Actor) -> Charter:
    """A new version, which everybody of the audience is asked to sign; the same text again is the version in force."""
    sha256 = hashlib.sha256(json.dumps(dict(text), sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    with transaction.atomic():
        version = next_number(challenge.charters.filter(audience=audience), parent=challenge, field="version")
        newest = charter_in_force(challenge, audience)
        if newest is not None and newest.sha256 == sha256:
            return newest
        charter = Charter.objects.create(
            challenge=challenge,
            audience=audience,
            version=version,
            text=dict(text),
            sha256=sha256,
        )
        record(
            verb="charter published",
            subject=charter,
            actor=actor,
            detail={"audience": audience, "version": charter.version, "sha256": sha256},
            challenge_id=challenge.pk,
        )
        tell_charter(charter)
    return charter


def charter_in_force(challenge: Challenge, audience: str) -> Charter | None:
    return challenge.charters.filter(audience=audience).order_by("-version").first()


def sign_charter(*, charter: Charter, user: Any, name: str, address: str | None = None) -> CharterSignature:
    """The person signs this version; signing twice is signing once. Only the version in force can be signed."""
    if charter_in_force(charter.challenge, charter.audience) != charter:
        raise InvalidInputError(
            gettext_noop("This version of the charter is no longer in force. Read and sign the current version.")
        )
    if not name.strip():
        raise InvalidInputError(gettext_noop("Sign with your full name."))
    with transaction.atomic():
        signature, created = CharterSignature.objects.get_or_create(
            charter=charter, user=user, defaults={"name": name.strip(), "address": address}
        )
        if created:
            record(verb="charter signed", subject=charter, actor=user, challenge_id=charter.challenge_id)
    return signature


def has_signed(user: Any, challenge: Challenge, audience: str) -> bool:
    """Whether the person signed the version in force; no charter published yet means that nobody has."""
    signed = Exists(CharterSignature.objects.filter(charter=OuterRef("pk"), user=user))
    versions = challenge.charters.filter(audience=audience).order_by("-version")
    return bool(versions.annotate(is_signed=signed).values_list("is_signed", flat=True).first())


def require_signature(user: Any, challenge: Challenge, audience: str) -> None:
    """Raises CharterNotSignedError unless the person signed the version in force."""
    if not has_signed(user, challenge, audience):
        raise CharterNotSignedError(
            gettext_noop("You have not signed the charter of '%(challenge)s'. Read and sign it, then try again."),
            challenge=str(challenge),
        )


def signing_state(user: Any, challenge: Challenge) -> dict[str, bool]:
    """The audiences that have a charter, each with whether this person signed the version in force."""
    newest: dict[str, Charter] = {}
    for charter in challenge.charters.order_by("version"):
        newest[charter.audience] = charter
    if not newest or not user.is_authenticated:
        return dict.fromkeys(newest, False)
    signed = set(
        CharterSignature.objects.filter(user=user, charter__in=newest.values()).values_list("charter_id", flat=True)
    )
    return {audience: charter.pk in signed for audience, charter in newest.items()}
