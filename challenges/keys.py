"""A challenge's pseudonym key: a file outside the database, readable by the site's user alone; and the centres' keys, which
derive from it."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from pathlib import Path

from django.conf import settings

from challenges.models import Centre, Challenge
from concours.deid.identity import CentreKey, centre_key


class KeyMissingError(Exception):
    """The challenge's key file is not where it must be; without it nothing can be de-identified."""


def key_path(challenge: Challenge) -> Path:
    return Path(settings.KEYS_DIR) / f"{challenge.slug}.key"


def make_key(challenge: Challenge) -> None:
    """32 random bytes in base64, once; a key that is there already stays."""
    path = key_path(challenge)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(32)) + b"\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def challenge_key(challenge: Challenge) -> bytes:
    """The key's bytes. Raises KeyMissingError."""
    try:
        return base64.b64decode(key_path(challenge).read_text(), validate=False)
    except FileNotFoundError as error:
        raise KeyMissingError(f"the key of challenge {challenge.pk} is missing from CONCOURS_KEYS") from error


def key_of_centre(centre: Centre) -> CentreKey:
    """What the pseudonyms of this centre's patients derive from. Raises KeyMissingError."""
    return centre_key(challenge_key(centre.challenge), centre.slug)


def key_fingerprint(challenge: Challenge) -> str:
    """Tells two keys apart without telling the key."""
    return hashlib.sha256(b"fingerprint:" + challenge_key(challenge)).hexdigest()[:16]
