"""One block of writing found in one frame."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Verdict = Literal["identity", "marker", "uncertain"]


@dataclass(frozen=True)
class TextBox:
    """A rectangle in pixels, half open: rows `y0:y1`, columns `x0:x1` of frame `frame` (counted from 0).

    `confidence` is the recogniser's, 0 to 1. `text` is what was read; it never shows in `repr` and no report may
    hold it.
    """

    frame: int
    x0: int
    y0: int
    x1: int
    y1: int
    verdict: Verdict
    confidence: float
    text: str = field(repr=False, default="")
    exact: bool = False  # the edges are meant as they are: no margin is added when blanking

    @property
    def height(self) -> int:
        """Letter height in pixels, box margin included (the shorter side, so that vertical writing is measured too)."""
        return min(self.x1 - self.x0, self.y1 - self.y0)

    def as_report(self) -> "ReportedBox":
        """The box without what it says, fit for a report."""
        columns, rows = (self.x0, self.x1), (self.y0, self.y1)
        return ReportedBox(self.frame, columns, rows, self.verdict, round(self.confidence, 2))


@dataclass(frozen=True)
class ReportedBox:
    """The position of text in a frame, without the text: half-open ranges of columns and rows, as in the report."""

    frame: int
    columns: tuple[int, int]
    rows: tuple[int, int]
    verdict: Verdict
    confidence: float

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "columns": list(self.columns), "rows": list(self.rows)}
