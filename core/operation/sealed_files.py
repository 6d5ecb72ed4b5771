"""Encrypted files of a backup: AES-256-GCM in pieces, so that files of any size are written and read in little memory.

`magic (8) | salt (16) | pieces`, a piece being at most 1 MB of text and its tag of 16 bytes. The key of a file is derived
from the backup's key, the salt and the file's name; the nonce is the number of the piece and whether it is the last. So
pieces cannot be changed, moved, left out or taken from another file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC, SALT, TAG, PIECE = b"CONCBAK1", 16, 16, 1 << 20


class DamagedBackupError(Exception):
    """A file of the backup is missing, incomplete, changed, or made with another key."""


def sealed_size(size: int) -> int:
    """Bytes on the disk of a file of `size` bytes."""
    return len(MAGIC) + SALT + size + TAG * max(1, -(-size // PIECE))


def seal(path: Path, name: str, key: bytes, pieces: Iterable[bytes]) -> int:
    """Writes a file whole or not at all, durably; the bytes of its text."""
    salt, size = os.urandom(SALT), 0
    cipher = _cipher(key, salt, name)
    draft = path.with_name(path.name + ".draft")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(draft, "wb", opener=_private) as file:
        file.write(MAGIC + salt)
        for number, (piece, last) in enumerate(_cut(pieces)):
            file.write(cipher.encrypt(_nonce(number, last), piece, None))
            size += len(piece)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return size


def unseal(path: Path, name: str, key: bytes) -> Iterator[bytes]:
    """The text, piece by piece; a piece is verified before it is given. Raises DamagedBackupError."""
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise DamagedBackupError(f"{path.name} is not a file of a backup")
            cipher = _cipher(key, file.read(SALT), name)
            piece, number = file.read(PIECE + TAG), 0
            while True:
                following = file.read(PIECE + TAG)
                yield cipher.decrypt(_nonce(number, not following), piece, None)
                if not following:
                    return
                piece, number = following, number + 1
    except FileNotFoundError as error:
        raise DamagedBackupError(f"{path.name} is missing") from error
    except (InvalidTag, ValueError) as error:
        raise DamagedBackupError(f"{path.name} is damaged, or was written with another key") from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _cipher(key: bytes, salt: bytes, name: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, name.encode()).derive(key))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _cut(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Pieces of exactly PIECE bytes, but for the last, which is marked; a file of no bytes has one empty piece."""
    buffer = bytearray()
    for piece in pieces:
        buffer += piece
        while len(buffer) > PIECE:
            yield bytes(buffer[:PIECE]), False
            del buffer[:PIECE]
    yield bytes(buffer), True
