"""What the tus 1.0 protocol says in headers: versions, metadata, checksums, concatenation (https://tus.io/protocols)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,expiration,checksum,concatenation"
ALGORITHMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "md5": hashlib.md5}
BODY_TYPE = "application/offset+octet-stream"
CHECKSUM_MISMATCH = 460
REASONS = {  # of a refusal, by its status
    400: "header",
    401: "not_authenticated",
    403: "not_allowed",
    404: "not_found",
    409: "conflict",
    410: "gone",
    412: "tus_version",
    408: "too_slow",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many",
    CHECKSUM_MISMATCH: "checksum",
    507: "disk_full",
}
CONCAT = "Upload-Concat must be 'partial', or 'final;' and the addresses of the parts."


class HeaderError(ValueError):
    """A header that the protocol does not allow; says which and what it must be."""


def capabilities(max_bytes: int) -> dict[str, str]:
    """The headers of an answer to OPTIONS."""
    return {
        "Tus-Resumable": VERSION,
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(max_bytes),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }


def parse_number(name: str, value: str | None) -> int:
    if value is None or not value.isascii() or not value.isdigit() or len(value) > 18:
        raise HeaderError(f"{name} must be a whole number of bytes.")
    return int(value)


def parse_metadata(header: str) -> dict[str, str]:
    """`key base64,key base64` as text; a key without a value is empty."""
    metadata: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, value = pair.partition(" ")
        if key in metadata:
            raise HeaderError(f"Upload-Metadata names {key[:40]!r} twice.")
        try:
            metadata[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise HeaderError(f"Upload-Metadata: the value of {key[:40]!r} is not base64 of UTF-8 text.") from error
        if "\0" in metadata[key]:
            raise HeaderError(f"Upload-Metadata: the value of {key[:40]!r} holds a NUL character.")
    return metadata


def format_metadata(metadata: dict[str, str]) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in metadata.items())


@dataclass(frozen=True)
class Checksum:
    """What the client says the bytes of one request hash to."""

    algorithm: str
    digest: bytes

    def hasher(self) -> hashlib._Hash:
        return ALGORITHMS[self.algorithm]()


def parse_checksum(header: str | None) -> Checksum | None:
    if header is None:
        return None
    algorithm, _, value = header.partition(" ")
    if algorithm not in ALGORITHMS:
        raise HeaderError(f"Upload-Checksum: use one of {', '.join(ALGORITHMS)}.")
    try:
        return Checksum(algorithm, base64.b64decode(value, validate=True))
    except binascii.Error as error:
        raise HeaderError("Upload-Checksum: the digest is not base64.") from error


def expires(moment: datetime) -> str:
    """RFC 9110's date."""
    return format_datetime(moment, usegmt=True)
