"""Which series of an exam is which image of the question: the one that meets its criteria. Plain: judgements in, a choice out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from concours.inclusion import Judgement, Outcome, overall

UNPLACED = "-"  # the image of a series that no folder assigns to one


@dataclass(frozen=True)
class Candidate:
    """One series, or several that are one acquisition: `number` counts from 1 in the order of the study.

    `image` is the image that its folder names, or `UNPLACED`; `judgements` are those of the question's criteria, by the image
    that it would stand for.
    """

    number: int
    series: tuple[str, ...]
    image: str = UNPLACED
    judgements: Mapping[str, Sequence[Judgement]] = field(default_factory=dict)

    def outcome(self, image: str, fields: Collection[str]) -> Outcome:
        """What the criteria say of the series itself; masks and values (`fields`) do not count."""
        return overall(judgement for judgement in self.judgements[image] if judgement.where not in fields)

    def carries(self, image: str, fields: Collection[str]) -> bool:
        """Whether every mask and value sent with the exam fits this series."""
        return all(judgement.outcome == "accept" for judgement in self.judgements[image] if judgement.where in fields)

    def refusals(self, image: str) -> int:
        return sum(judgement.outcome == "refuse" for judgement in self.judgements[image])


@dataclass(frozen=True)
class Selection:
    """By image: the number of its series, those among which a person chooses, or the nearest where none meets the criteria.

    An image without any candidate is in none of them.
    """

    chosen: Mapping[str, int]
    open: Mapping[str, tuple[int, ...]]
    nearest: Mapping[str, int]


def select(candidates: Sequence[Candidate], images: Sequence[str], fields: Collection[str]) -> Selection:
    """Give each image its series. The best outcome counts; among equals a drawn mask decides, then a person."""
    chosen: dict[str, int] = {}
    options = {image: _options(image, candidates, fields) for image in images}
    while True:  # a series that one image takes is no option of another
        ready = [image for image in images if image not in chosen and len(options[image]) == 1]
        if not ready:
            break
        chosen[ready[0]] = options[ready[0]][0]
        for image in images:
            if image not in chosen:
                options[image] = tuple(number for number in options[image] if number != chosen[ready[0]])
    waiting = {image: numbers for image, numbers in options.items() if image not in chosen and len(numbers) > 1}
    taken = set(chosen.values())
    nearest = {}
    for image in images:
        left = [candidate for candidate in _of(image, candidates) if candidate.number not in taken]
        if image not in chosen and image not in waiting and left:
            nearest[image] = min(left, key=lambda candidate: (candidate.refusals(image), candidate.number)).number
    return Selection(chosen, waiting, nearest)


def _of(image: str, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Series that its folder assigns to the image; where there is none, those that no folder assigns to any."""
    placed = [candidate for candidate in candidates if candidate.image == image]
    return placed or [candidate for candidate in candidates if candidate.image == UNPLACED]


def _options(image: str, candidates: Sequence[Candidate], fields: Collection[str]) -> tuple[int, ...]:
    own = _of(image, candidates)
    for outcome in ("accept", "review"):
        fitting = [candidate for candidate in own if candidate.outcome(image, fields) == outcome]
        if fitting:
            carrying = [candidate for candidate in fitting if candidate.carries(image, fields)]
            return tuple(candidate.number for candidate in (carrying or fitting))
    return ()
