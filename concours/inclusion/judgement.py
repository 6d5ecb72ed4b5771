"""What a criterion says of an exam: accept, review or refuse, with a reason code and words for the centre."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from concours.formats.fault import REASONS, gettext_noop, render

__all__ = ["Judge", "Judgement", "Outcome", "gettext_noop", "overall"]

Outcome = Literal["accept", "review", "refuse"]
# Words that stand in `values` and that the site translates too.
WORDS = (
    gettext_noop("soft"),
    gettext_noop("hard"),
    gettext_noop("axial"),
    gettext_noop("coronal"),
    gettext_noop("sagittal"),
    gettext_noop("oblique"),
    gettext_noop("with"),
    gettext_noop("without"),
    gettext_noop("or"),
)

OUTCOMES: tuple[Outcome, ...] = ("accept", "review", "refuse")


@dataclass(frozen=True)
class Judgement:
    """One reason about one exam.

    `reason` is a code of the one vocabulary ("" when accepted), `where` names the image, file or field under our own
    names, `template` is English with `%(name)s` holes and `values` fills them.
    """

    criterion: str
    outcome: Outcome
    reason: str
    where: str
    template: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.reason not in REASONS) != (self.outcome == "accept" and self.reason == ""):
            raise ValueError(f"'{self.reason}' is no reason code for {self.outcome}")

    @property
    def message(self) -> str:
        """The reason in English, at most 280 characters."""
        return render(self.template, self.values)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dict; `from_json` reads it back."""
        return {
            "criterion": self.criterion,
            "outcome": self.outcome,
            "reason": self.reason,
            "where": self.where,
            "template": self.template,
            "values": dict(self.values),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Judgement:
        """Read what `to_json` wrote."""
        return cls(**value)


@dataclass(frozen=True)
class Judge:
    """Writes judgements under one criterion's name, so that a criterion's code says only what it found."""

    criterion: str

    def accept(self, where: str, template: str, **values: Any) -> Judgement:
        """The criterion is met."""
        return Judgement(self.criterion, "accept", "", where, template, values)

    def review(self, reason: str, where: str, template: str, **values: Any) -> Judgement:
        """A person must look, because the files do not say or say two things."""
        return Judgement(self.criterion, "review", reason, where, template, values)

    def refuse(self, reason: str, where: str, template: str, **values: Any) -> Judgement:
        """The criterion is not met."""
        return Judgement(self.criterion, "refuse", reason, where, template, values)


def overall(judgements: Iterable[Judgement]) -> Outcome:
    """Return the worst outcome of all judgements; an exam without any judgement needs a person (review)."""
    worst = max((OUTCOMES.index(judgement.outcome) for judgement in judgements), default=1)
    return OUTCOMES[worst]
