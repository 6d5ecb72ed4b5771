"""What a board consists of on its page: columns, lines, cells, pictures and the podium."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString

from leaderboard.details_behind import ScoreDetails


@dataclass(frozen=True)
class ScoreColumn:
    """A score of the board; `axis`: the common axis of its intervals, where there are any."""

    name: str
    title: str
    direction: str
    unit: str
    error_unit: str
    axis: tuple[float, float] | None


@dataclass(frozen=True)
class ScoreCell:
    """A team's score as text, and as the number that the interval is drawn from."""

    value: str | None
    plain: float | None
    low: float | None
    high: float | None
    axis: tuple[float, float] | None
    words: str
    rank: str


@dataclass(frozen=True)
class ShownLine:
    """A team's line; numbers as the reader writes them, empty where there is none."""

    place: int | None
    tied: bool
    team: str
    status: str
    reason: str
    cells: list[ScoreCell]
    mine: bool
    total: str
    places: str


@dataclass(frozen=True)
class OrderStability:
    """Kendall's tau of the order when cases are drawn again."""

    tau: str
    replicates: str


@dataclass(frozen=True)
class NotResampledScore:
    """A score without an interval, and why."""

    title: str
    reason: str


@dataclass(frozen=True)
class PictureTable:
    """The numbers of a picture; the first cell of a row is its head."""

    head: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class BoardPicture:
    """A picture with the words that explain it, and its numbers where they are not in the board's lines."""

    title: str
    words: str
    svg: SafeString
    table: PictureTable | None = None


@dataclass(frozen=True)
class PictureSection:
    id: str
    title: str
    note: str
    pictures: list[BoardPicture]


@dataclass(frozen=True)
class BoardTable:
    """Everything of a board that the template of its lines needs."""

    columns: list[ScoreColumn]
    lines: list[ShownLine]
    has_total: bool
    has_intervals: bool
    rule: str
    agreement: OrderStability | None
    not_resampled: list[NotResampledScore]
    shows_uncertainty: bool
    behind: list[ScoreDetails]
    sections: list[PictureSection]


@dataclass(frozen=True)
class PodiumPlace:
    """A team at one of the first three places; `title` is empty where `value` is the total."""

    place: int
    team: str
    value: float | None
    title: str
