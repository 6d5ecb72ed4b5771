"""One derivation of new identities for every route in: pseudonym, shift of dates and UIDs are HMAC-SHA-256 under the key of
a centre, which is itself an HMAC under the key of the challenge.
"""

import base64
import binascii
import hmac
import re
import unicodedata
from dataclasses import dataclass, field

DERIVATION = 1
"""Version of the derivation below, bound into every centre key: another derivation needs another number."""

KEY_BYTES = 32
PSEUDONYM_LENGTH = 26
SHIFT_RANGE_DAYS = 36_500
"""Dates move 1 to 36 500 days into the past: wide, so that two people hardly ever share a shift."""


_GIVEN = re.compile(r"[A-Z2-7]{16}(?:[A-Z2-7]{10})?")  # 16 signs of an identifier, 26 of a pseudonym
_GIVEN_UID = re.compile(r"2\.25\.\d{1,39}")


class KeyFileError(ValueError):
    """The key file does not hold base64 of at least 32 bytes. The message never repeats its content."""


def parse_key(text: str | bytes) -> bytes:
    """The secret key held as base64 in `text`; white space is ignored. Raises KeyFileError under 32 bytes."""
    raw = text.encode("ascii", "replace") if isinstance(text, str) else text
    try:
        key = base64.b64decode(b"".join(raw.split()), validate=True)
    except (binascii.Error, ValueError):
        raise KeyFileError("The key file is not base64. Write base64 of at least 32 random bytes into it.") from None
    if len(key) < KEY_BYTES:
        raise KeyFileError(f"The key holds {len(key)} bytes; at least {KEY_BYTES} are needed.")
    return key


def normalise_id(value: str) -> str:
    """An identifier as it is compared: Unicode NFC, without the padding (spaces and NULs) that DICOM adds."""
    return unicodedata.normalize("NFC", value).strip(" \0\t\r\n")


@dataclass(frozen=True)
class CentreKey:
    """The identities of one centre's patients. It is all that a hospital's browser or script needs, and it says nothing about
    the challenge's key or another centre's. Its repr shows nothing.
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < KEY_BYTES:
            raise ValueError("The key is shorter than 32 bytes.")

    def pseudonym(self, patient_id: str) -> str:
        """26 letters and digits (130 bits) that stand for one patient of this centre; the same for every route in."""
        mac = _mac(self.secret, "pseudonym", normalise_id(patient_id))
        return base64.b32encode(mac).decode("ascii")[:PSEUDONYM_LENGTH]

    def shift_days(self, patient_id: str, *, keep_weekday: bool = False) -> int:
        """Whole days, negative, added to every date of one patient. With `keep_weekday` a multiple of seven."""
        number = int.from_bytes(_mac(self.secret, "date", normalise_id(patient_id))[:16], "big")
        if keep_weekday:
            return -7 * (1 + number % (SHIFT_RANGE_DAYS // 7))
        return -(1 + number % SHIFT_RANGE_DAYS)

    def new_uid(self, uid: str) -> str:
        """The UID under 2.25 (128 bits, PS3.5 B.2) that replaces `uid` in all files of the centre."""
        return "2.25." + str(int.from_bytes(_mac(self.secret, "uid", normalise_id(uid))[:16], "big"))

    def replacement_id(self, kind: str, value: str, length: int = 16) -> str:
        """A stand-in for another identifier (specimen, container) that has to stay distinct and equal across files."""
        mac = _mac(self.secret, "id", kind, normalise_id(value))
        return base64.b32encode(mac).decode("ascii")[:length]


class PreparedKey(CentreKey):
    """The key of a centre for files that were de-identified with it before: identities that were given stay as they are.

    Everything else is done again. Whether an exam was prepared is proved by `prepared_proof`, never taken from a file's word.
    """

    def pseudonym(self, patient_id: str) -> str:
        identifier = normalise_id(patient_id)
        return identifier if _GIVEN.fullmatch(identifier) else super().pseudonym(patient_id)

    def shift_days(self, patient_id: str, *, keep_weekday: bool = False) -> int:
        return 0

    def new_uid(self, uid: str) -> str:
        return uid if _GIVEN_UID.fullmatch(uid) else super().new_uid(uid)

    def replacement_id(self, kind: str, value: str, length: int = 16) -> str:
        # The engine puts the person's pseudonym before an identifier.
        identifier = normalise_id(value)[PSEUDONYM_LENGTH:]
        if len(identifier) == length and _GIVEN.fullmatch(identifier):
            return identifier
        return super().replacement_id(kind, value, length)


def prepared_proof(key: CentreKey, sha256: str) -> str:
    """Says that who holds the centre's key de-identified the upload with this SHA-256 (hex). It is no secret itself."""
    return _mac(key.secret, "prepared", sha256).hex()


IdentityKey = bytes | CentreKey
"""A challenge's key, from which any centre's derives, or the key of one centre."""


def centre_key(key: IdentityKey, centre: str) -> CentreKey:
    """The key of `centre` under a challenge's `key`. A centre's own key stays what it is: it knows no other centre.

    Raises ValueError for a challenge's key of less than 32 bytes.
    """
    if isinstance(key, CentreKey):
        return key
    if len(key) < KEY_BYTES:
        raise ValueError("The key is shorter than 32 bytes.")
    return CentreKey(_mac(key, f"centre {DERIVATION}", normalise_id(centre)))


def _mac(key: bytes, *parts: str) -> bytes:
    """HMAC over length-prefixed parts, so that ("ab", "c") and ("a", "bc") never meet."""
    message = b"".join(len(data).to_bytes(4, "big") + data for data in (part.encode("utf-8") for part in parts))
    return hmac.digest(key, message, "sha256")
