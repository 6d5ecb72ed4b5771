"""A ranking written down for good: one canonical text with versions, seeds and hashes, the same bits for the same
input.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from concours.evaluation.ranking import ComputedRanking

FORMAT = 1


@dataclass(frozen=True)
class Snapshot:
    """The canonical text and the SHA-256 of all of it but the date: equal results have equal fingerprints."""

    text: bytes
    fingerprint: str


def snapshot(
    ranking: ComputedRanking,
    *,
    at: datetime,
    versions: Mapping[str, str],
    seeds: Mapping[str, int],
    hashes: Mapping[str, str],
    statistics: Mapping[str, Any] | None = None,
) -> Snapshot:
    """Serialise a ranking with everything it depends on.

    versions: of the code and libraries; seeds: of each random step; hashes: SHA-256 of question file, truth and each
    submission. `at` must carry a time zone (ValueError) and is written in UTC. Numbers keep their full precision.
    """
    if at.tzinfo is None:
        raise ValueError("A snapshot's date needs a time zone.")
    body = {
        "format": FORMAT,
        "rule": ranking.rule.as_dict(),
        "ranked_set": list(ranking.ranked_set),
        "left_out": [{"team": team, "why": why} for team, why in ranking.left_out],
        "placings": [placing.as_dict() for placing in ranking.placings],
        "statistics": dict(statistics or {}),
        "versions": dict(versions),
        "seeds": dict(seeds),
        "hashes": dict(hashes),
    }
    fingerprint = hashlib.sha256(canonical(body)).hexdigest()
    return Snapshot(canonical({**body, "at": at.astimezone(UTC).isoformat(), "fingerprint": fingerprint}), fingerprint)


def canonical(value: Any) -> bytes:
    """JSON with sorted keys, no blanks, UTF-8, shortest exact floats, no NaN (null), -0 as 0; arrays become lists."""
    plain = _plain(value)
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return (value + 0.0) if math.isfinite(value) else None
    return value
