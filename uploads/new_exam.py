"""An exam as reception makes it, before its row: where its originals are, and what its content is."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from challenges.keys import challenge_key
from challenges.models import Question
from concours.formats.fault import Fault
from concours.formats.json import JsonObject
from concours.study.grouping import SetAside
from core.storage import Blob
from uploads.models import Upload


@dataclass(frozen=True)
class NewExam:
    """`content` is an HMAC of the originals; `called` is what its centre calls it; `conflicts` counts copies that differ."""

    id: uuid.UUID
    blob: Blob
    content: str
    called: str
    faults: list[Fault] = field(default_factory=list)
    conflicts: int = 0


@dataclass(frozen=True)
class ReceivedUpload:
    """What an upload becomes: exams, the faults that belong to no single exam, and notes on what was set aside."""

    exams: list[NewExam]
    faults: list[Fault]
    notes: list[SetAside]


def content_hash(question: Question, parts: Iterable[str]) -> str:
    """The exam's content under the challenge's key: equal for equal originals, and it says nothing of them."""
    key = challenge_key(question.challenge)
    return hmac.new(key, ("content\n" + "\n".join(parts)).encode(), hashlib.sha256).hexdigest()


def form_values(upload: Upload) -> JsonObject:
    """Clinical values that came with the upload itself, as a JSON object."""
    try:
        values = json.loads(upload.metadata.get("values") or "{}")
    except (json.JSONDecodeError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}
