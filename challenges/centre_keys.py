"""A centre's own key, handed to its people alone: with it their browser or script computes the pseudonyms that the site uses."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext_noop

from challenges.keys import key_of_centre
from challenges.models import Centre
from concours.deid.identity import DERIVATION
from core.actors import Actor, person_of
from core.audit import record
from core.errors import NotAllowedError


@dataclass(frozen=True)
class HandedKey:
    """A centre's key in base64 and the derivation that it belongs to. Its repr shows no key."""

    centre: str
    derivation: int
    key: str = field(repr=False)


def hand_out_key(*, centre: Centre, actor: Actor) -> HandedKey:
    """The key for a person of the centre, on record each time. Raises NotAllowedError for organisers and site staff too."""
    if not centre.memberships.filter(user=person_of(actor)).exists():
        raise NotAllowedError(gettext_noop("Only the people of a centre can have its key."))
    with transaction.atomic():
        record(verb="centre key handed out", subject=centre, actor=actor, challenge_id=centre.challenge_id)
        secret = key_of_centre(centre).secret
    return HandedKey(centre.slug, DERIVATION, base64.b64encode(secret).decode("ascii"))
