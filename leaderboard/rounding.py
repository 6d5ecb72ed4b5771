"""How many digits people see. Ranks are made of full precision, boards show what the question file says."""

from __future__ import annotations

import math


def rounded(value: float | None, digits: int) -> float | None:
    """None stays None, and what is no number becomes None."""
    return None if value is None or not math.isfinite(value) else round(float(value), digits)
