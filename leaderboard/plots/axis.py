"""A linear axis with round tick values."""

from __future__ import annotations

import math
from dataclasses import dataclass

from leaderboard.plots.svg import line, text
from leaderboard.plots.writing import number


@dataclass(frozen=True)
class Axis:
    """Values from `low` to `high` drawn between pixels `start` and `end` (`end` may be the smaller one)."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def around(cls, low: float, high: float, start: float, end: float) -> Axis:
        """An axis that holds both values with a little air; equal or undefined values get an axis of length one."""
        if not (math.isfinite(low) and math.isfinite(high)):
            low, high = 0.0, 1.0
        air = (high - low) * 0.04 or max(abs(low), 1.0) * 0.5
        return cls(low - air, high + air, start, end)

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, most: int = 5) -> list[float]:
        """Round values (1, 2 or 5 times a power of ten apart) inside the axis."""
        raw = (self.high - self.low) / max(1, most)
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [round(index * step, 12) for index in range(first, last + 1)]


def tick_label(value: float) -> str:
    """A tick's value: plain up to a million, else with an exponent."""
    return number(value, ".10g" if abs(value) < 1e6 else ".3g")


def horizontal(axis: Axis, top: float, bottom: float, label: str, most: int = 6) -> list[str]:
    """Grid lines, tick values below and the axis' label under them."""
    parts = []
    for tick in axis.ticks(most):
        parts.append(line(axis(tick), top, axis(tick), bottom, class_="plot-grid"))
        parts.append(text(axis(tick), bottom + 17, tick_label(tick), 12, "middle", fill_opacity=0.75))
    parts.append(text((axis.start + axis.end) / 2, bottom + 37, label, 13, "middle"))
    return parts
