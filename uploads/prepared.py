"""Exams that the centre's own machine de-identified with the centre's key: their identities stay, everything else is repeated."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from challenges.keys import key_of_centre
from concours.deid.identity import prepared_proof
from concours.formats.fault import gettext_noop, refuse
from uploads import staging
from uploads.models import Upload

WRONG_PROOF = gettext_noop(
    "This exam was not prepared with the centre's current key. Prepare it again, or send the original files."
)


def is_prepared(uploads: Sequence[Upload]) -> bool:
    """Whether the delivery is one upload with a valid proof. Raises FormatError for a proof that is wrong.

    The proof is made with the centre's key over the upload's SHA-256: a file cannot claim it by itself.
    """
    proof = uploads[0].metadata.get("prepared", "")
    if not proof:
        return False
    upload = uploads[0]
    if len(uploads) == 1 and upload.centre is not None:
        with staging.staging_path(upload.pk).open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        if hmac.compare_digest(prepared_proof(key_of_centre(upload.centre), digest).encode(), proof.encode()):
            return True
    raise refuse("wrong_format", "upload", WRONG_PROOF)
