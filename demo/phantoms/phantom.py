"""What a generated exam is: the files a centre would send, and what is known of it beforehand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass
class Phantom:
    """`files` go into the upload's archive; `pixels` is how a team's client recognises the case it received."""

    name: str
    files: dict[str, bytes]
    pixels: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    masks: dict[str, NDArray[np.bool_]] = field(default_factory=dict)  # (i, j, k), or rows x columns in 2D
    spacing: tuple[float, ...] = (1.0, 1.0, 1.0)
    truth: dict[str, Any] = field(default_factory=dict)
    grade: str = "A"
    flaw: str = ""  # what was broken on purpose
    letter: bool = True


def digest(pieces: Iterable[bytes]) -> str:
    """SHA-256 over pixel data whatever order the slices come in."""
    return hashlib.sha256(b"".join(sorted(hashlib.sha256(piece).digest() for piece in pieces))).hexdigest()
