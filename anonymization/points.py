"""Why an exam waits for a review: points that the review keeps as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from concours.formats.fault import Fault
from concours.formats.json import Json, JsonObject
from concours.inclusion import Judgement


@dataclass(frozen=True)
class ReviewPoint:
    """A reason in words to be filled with `values`, and the place that it is about.

    `file` is the instance whose picture shows it; `others` are the ids of exams that look the same.
    """

    reason: str
    template: str
    where: str = ""
    values: Mapping[str, Json] = field(default_factory=dict)
    file: str = ""
    others: tuple[str, ...] = ()

    @classmethod
    def of(cls, reason: Fault | Judgement) -> ReviewPoint:
        return cls(reason.reason, reason.template, reason.where, dict(reason.values))

    def to_json(self) -> JsonObject:
        document: JsonObject = {
            "reason": self.reason,
            "where": self.where,
            "template": self.template,
            "values": dict(self.values),
        }
        if self.file:
            document["file"] = self.file
        if self.others:
            document["others"] = list(self.others)
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Json]) -> ReviewPoint:
        return cls(
            reason=document.get("reason", ""),
            template=document.get("template", ""),
            where=str(document.get("where", "")),
            values=document.get("values") or {},
            file=document.get("file", ""),
            others=tuple(document.get("others", ())),
        )


def points_from(rows: Iterable[Mapping[str, Json]]) -> list[ReviewPoint]:
    """The points of a review, a correction or an option, as their rows keep them."""
    return [ReviewPoint.from_json(row) for row in rows]
