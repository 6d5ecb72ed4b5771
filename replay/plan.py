"""An edition at a scale: the published counts, or their fraction, and who sends, takes part and submits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PUBLISHED = Path(__file__).resolve().parent / "published"


def read_published(edition: str) -> dict[str, Any]:
    """The golden figures of `replay/published/<edition>.yaml`."""
    document: dict[str, Any] = yaml.safe_load((PUBLISHED / f"{edition}.yaml").read_text(encoding="utf-8"))
    return document


def apportion(total: int, weights: Mapping[str, float], least: int = 0) -> dict[str, int]:
    """`total` divided in proportion to the weights by largest remainders, each at least `least`, in the order of the weights.

    A total that is the sum of whole weights gives the weights themselves.
    """
    whole = sum(weights.values())
    exact = {name: total * weight / whole for name, weight in weights.items()}
    shares = {name: max(least, int(value)) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: (shares[name] - exact[name], name))
    while (missing := total - sum(shares.values())) > 0:
        for name in by_remainder[:missing]:
            shares[name] += 1
    while sum(shares.values()) > total:  # too many had the least: taken from those who have most above their due
        shares[max((n for n in shares if shares[n] > least), key=lambda n: (shares[n] - exact[n], shares[n]))] -= 1
    return shares


@dataclass(frozen=True)
class QuestionPlan:
    """The counts of one question at the replay's scale; at scale 1 they are the published ones."""

    slug: str
    sets: dict[str, int]
    centres: dict[str, int]  # exams received, by centre
    broken: dict[str, int]  # of them not kept, by centre

    @property
    def included(self) -> int:
        return sum(self.sets.values())

    @property
    def received(self) -> int:
        return sum(self.centres.values())


def question_plan(slug: str, published: Mapping[str, Any], scale: float, floors: Mapping[str, int]) -> QuestionPlan:
    """`floors`: the smallest set of each name on which the published results can still be reached."""
    sets = {name: max(floors.get(name, 1), round(count * scale)) for name, count in published["sets"].items()}
    surplus = published["received"] - sum(published["sets"].values())
    broken = round(surplus * scale) or min(surplus, 1)
    centres = apportion(sum(sets.values()) + broken, published["centres"], least=1)
    return QuestionPlan(slug, sets, centres, apportion(broken, centres))
