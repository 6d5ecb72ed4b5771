"""Random mutations of valid files, and the batch that reads them inside a child."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from concours.formats import files
from concours.formats.check import _judge
from concours.formats.fault import MESSAGE_LIMIT, FormatError
from concours.formats.manifest import Manifest


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """One to four changes: bits flipped, bytes set, cut, repeated, inserted or swapped, more often near the start."""
    out = bytearray(data)
    for _ in range(rng.integers(1, 5)):
        size = max(len(out), 1)
        at = int(rng.integers(0, min(size, 600)) if rng.random() < 0.6 else rng.integers(0, size))
        length = int(rng.integers(1, 17))
        match rng.integers(0, 7):
            case 0 if out:
                out[at % len(out)] ^= 1 << int(rng.integers(0, 8))
            case 1 if out:
                out[at % len(out)] = int(rng.choice([0, 1, 0x7F, 0x80, 0xFF, 0x2C, 0x22]))
            case 2:
                del out[at : at + length]
            case 3:
                out[at:at] = rng.bytes(length)
            case 4:
                out[at:at] = out[at : at + length]
            case 5:
                other = int(rng.integers(0, size))
                out[at : at + length], out[other : other + length] = out[other : other + length], out[at : at + length]
            case 6:
                del out[int(rng.integers(size // 2, size)) :]
    return bytes(out)


def batch(
    data: bytes, kind: str, manifest: dict[str, Any] | None, seed: int, count: int, folder: str
) -> dict[str, int]:
    """Read `count` mutations; an exception that is no `FormatError` ends the batch with its seed in the message."""
    outcomes: Counter[str] = Counter()
    path = Path(folder) / "upload"
    read = None if manifest is None else Manifest.from_json(manifest)
    for number in range(seed, seed + count):
        changed = mutate(data, np.random.default_rng(number))
        try:
            if kind == "nrrd":
                files.read_mask(changed, None if read is None else read.grid, None, "upload")
                outcomes["accept"] += 1
            else:
                path.write_bytes(changed)
                outcomes[_judge(path, kind, read).verdict] += 1
        except FormatError as error:
            if any(len(fault.message) > MESSAGE_LIMIT for fault in error.faults):
                raise AssertionError(f"seed {number}: a message is too long") from error
            outcomes["reject"] += 1
        except BaseException as error:
            raise AssertionError(f"seed {number}: {type(error).__name__}: {error}") from error
    return dict(outcomes)
