"""The tree of everything a step can refuse. Steps know nothing of HTTP; `core.middleware` and `core.api_errors` translate.

StepError            what was asked, what is so, what to do
├─ NotAllowedError       the actor may not do this
├─ MoveNotAllowedError   the row is not in a state from which this move is possible
├─ LostRaceError         somebody else changed the row first; look and try again
├─ ClosedError           outside its window
├─ QuotaError            nothing remains
└─ InvalidInputError     the input has faults; all of them are listed
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from django.utils.translation import gettext


class Found(Protocol):
    """One of the faults of an input: a `formats.fault.Fault`, or whatever else says as much."""

    @property
    def reason(self) -> str: ...
    @property
    def where(self) -> str: ...
    @property
    def template(self) -> str: ...
    @property
    def values(self) -> Mapping[str, Any]: ...


class StepError(Exception):
    """A step's refusal. `template` is English with %(name)s holes, marked with gettext_noop where it is written."""

    reason = "refused"

    def __init__(self, template: str, **values: Any) -> None:
        self.template = template
        self.values = values
        super().__init__(template % values if values else template)

    def words(self) -> str:
        """The refusal in the reader's language."""
        text = gettext(self.template)
        return text % self.values if self.values else text


class NotAllowedError(StepError):
    reason = "not_allowed"


class MoveNotAllowedError(StepError):
    reason = "move_not_allowed"


class LostRaceError(StepError):
    reason = "changed_meanwhile"


class ClosedError(StepError):
    reason = "closed"


class QuotaError(StepError):
    reason = "quota"


class InvalidInputError(StepError):
    """Carries every fault that was found, not only the first."""

    reason = "invalid"

    def __init__(self, template: str, faults: Sequence[Found] = (), **values: Any) -> None:
        super().__init__(template, **values)
        self.faults = list(faults)
