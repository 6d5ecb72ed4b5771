"""One derivation of new identities for every route in: pseudonym, shift of dates and UIDs, all HMAC-SHA-256 under the key
of a challenge.
"""

import base64
import binascii
import hmac
import unicodedata

KEY_BYTES = 32
SHIFT_RANGE_DAYS = 36_500
"""Dates move 1 to 36 500 days into the past: wide, so that two people hardly ever share a shift."""


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


def pseudonym(key: bytes, centre: str, patient_id: str) -> str:
    """26 letters and digits (130 bits) that stand for one patient of one centre; the same for every route in."""
    return base64.b32encode(_mac(key, "pseudonym", normalise_id(centre), normalise_id(patient_id))).decode("ascii")[:26]


def date_shift_days(key: bytes, centre: str, patient_id: str, *, keep_weekday: bool = False) -> int:
    """Whole days, negative, added to every date of one patient. With `keep_weekday` a multiple of seven."""
    number = int.from_bytes(_mac(key, "date", normalise_id(centre), normalise_id(patient_id))[:16], "big")
    if keep_weekday:
        return -7 * (1 + number % (SHIFT_RANGE_DAYS // 7))
    return -(1 + number % SHIFT_RANGE_DAYS)


def new_uid(key: bytes, uid: str, centre: str = "") -> str:
    """The UID under 2.25 (128 bits, PS3.5 B.2) that replaces `uid` wherever it stands in files of one centre."""
    return "2.25." + str(int.from_bytes(_mac(key, "uid", normalise_id(centre), normalise_id(uid))[:16], "big"))


def replacement_id(key: bytes, kind: str, centre: str, value: str, length: int = 16) -> str:
    """A stand-in for another identifier (specimen, container) that has to stay distinct and equal across files."""
    mac = _mac(key, "id", kind, normalise_id(centre), normalise_id(value))
    return base64.b32encode(mac).decode("ascii")[:length]


def _mac(key: bytes, *parts: str) -> bytes:
    """HMAC over length-prefixed parts, so that ("ab", "c") and ("a", "bc") never meet."""
    message = b"".join(len(data).to_bytes(4, "big") + data for data in (part.encode("utf-8") for part in parts))
    return hmac.digest(key, message, "sha256")
