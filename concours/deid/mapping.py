"""Old identities to new ones, for the holder of the key alone: worked out again from the source, sealed for one recipient
or as MIDI-B's files.
"""

import csv
import io
import json
import os
from collections.abc import Iterable
from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from concours.deid import charset, tags
from concours.deid.identity import IdentityKey, normalise_id
from concours.deid.refusal import FileRefusedError
from concours.deid.rules import load_profile
from concours.deid.source import open_source, read_elements, read_meta
from concours.deid.subject import gather
from concours.deid.tokens import DataElement, NotPlain, items

MAGIC = b"CONCOURS-MAPPING-1\n"


class SealError(ValueError):
    """A sealed export cannot be opened: it is damaged, or sealed for another recipient."""


@dataclass
class Mapping:
    """Old to new: patients as (place, number) to (pseudonym, days), UIDs to UIDs. Its repr shows nothing."""

    patients: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict, repr=False)
    uids: dict[str, str] = field(default_factory=dict, repr=False)

    def to_bytes(self) -> bytes:
        """JSON, sorted, so that equal mappings are equal bytes."""
        patients = [
            {"centre": place, "id_old": old, "id_new": new, "date_shift_days": days}
            for (place, old), (new, days) in sorted(self.patients.items())
        ]
        return json.dumps({"patients": patients, "uids": self.uids}, ensure_ascii=False, sort_keys=True).encode("utf-8")

    def patient_csv(self) -> str:
        """MIDI-B's patient mapping: `id_old,id_new`."""
        return _csv((old, new) for (_, old), (new, _days) in sorted(self.patients.items()))

    def uid_csv(self) -> str:
        """MIDI-B's UID mapping: `id_old,id_new`."""
        return _csv(sorted(self.uids.items()))


def _csv(rows: Iterable[tuple[str, str]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("id_old", "id_new"))
    writer.writerows(rows)
    return stream.getvalue()


def map_files(paths: list[Path], key: IdentityKey, centre: str | None = None) -> Mapping:
    """The mapping of every patient and UID in these files; files that cannot be read are left out."""
    mapping = Mapping()
    profile = load_profile()
    for path in paths:
        try:
            with open_source(path) as source:
                read_elements(source, profile.vrs, read_meta(source))
                tokens, explicit = source.tokens, source.explicit
                subject, characters = gather(tokens, explicit, profile.vrs, key=key, centre=centre)
                read = charset.decoder(characters)
                values = {t.tag: read(t.value) for t in tokens if t.tag in (tags.PatientID, tags.IssuerOfPatientID)}
                patient = normalise_id(values.get(tags.PatientID, ""))
                place = centre if centre is not None else normalise_id(values.get(tags.IssuerOfPatientID, ""))
                if patient:
                    mapping.patients[(place, patient)] = (subject.pseudonym, subject.shift_days)
                for uid in _uids(tokens, explicit, profile.vrs, 1):
                    new = subject.uid(uid.encode("latin_1")).decode("ascii")
                    if new != uid:
                        mapping.uids[uid] = new
        except (FileRefusedError, NotPlain, UnicodeError):
            continue
    return mapping


def _uids(tokens: list[DataElement], explicit: bool, vrs: Lookup[int, tuple[bytes, ...]], depth: int) -> set[str]:
    uids: set[str] = set()
    for token in tokens:
        if token.vr == b"UI":
            uids.update(part.strip("\0 ") for part in token.value.decode("latin_1").split("\\"))
        elif (token.vr == b"SQ" or token.undefined) and not token.tag & 0x10000:
            inner = explicit and token.vr != b"UN"
            for item in items(token.value, inner, vrs, depth):
                uids |= _uids(item, inner, vrs, depth + 1)
    return uids - {""}


def seal(mapping: Mapping, recipient: bytes) -> bytes:
    """The mapping encrypted for one X25519 public key (PEM): ephemeral key, HKDF-SHA-256, ChaCha20-Poly1305."""
    public = load_pem_public_key(recipient)
    if not isinstance(public, X25519PublicKey):
        raise SealError("The recipient's key is not an X25519 public key.")
    mine = X25519PrivateKey.generate()
    ours = mine.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    theirs = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    nonce = os.urandom(12)
    box = ChaCha20Poly1305(_derived(mine.exchange(public), ours, theirs)).encrypt(nonce, mapping.to_bytes(), MAGIC)
    return MAGIC + ours + nonce + box


def open_sealed(sealed: bytes, private: bytes) -> dict[str, object]:
    """What `seal` sealed, opened with the recipient's private key (PEM). Raises SealError where it cannot be."""
    secret = load_pem_private_key(private, None)
    start = len(MAGIC)
    if not isinstance(secret, X25519PrivateKey) or not sealed.startswith(MAGIC) or len(sealed) < start + 60:
        raise SealError("This is no sealed mapping, or the key is not an X25519 private key.")
    ours, nonce, box = sealed[start : start + 32], sealed[start + 32 : start + 44], sealed[start + 44 :]
    theirs = secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    shared = secret.exchange(X25519PublicKey.from_public_bytes(ours))
    try:
        plain = ChaCha20Poly1305(_derived(shared, ours, theirs)).decrypt(nonce, box, MAGIC)
    except InvalidTag:
        raise SealError("The mapping is damaged or sealed for another recipient.") from None
    opened: dict[str, object] = json.loads(plain)
    return opened


def _derived(shared: bytes, ours: bytes, theirs: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=ours + theirs, info=MAGIC).derive(shared)
