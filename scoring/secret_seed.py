"""The seed of everything that is resampled: known to the platform alone, so that nobody can draw the same cases again.

Resampling with the public seed of the question file would tell a team which cases count how often in an interval.
"""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings

from concours.questions.schema import QuestionSpec


def resampling_seed(spec: QuestionSpec, purpose: str) -> int:
    """The same whenever it is computed, another one for each question file and purpose; kept with the ranking."""
    text = f"resampling {purpose} {spec.slug} {spec.seed}"
    return int.from_bytes(hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).digest()[:4], "big")
