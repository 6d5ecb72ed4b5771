"""The tree of everything a step can refuse. Steps know nothing of HTTP; `core.middleware` and `core.api_errors` translate.

StepError            what was asked, what is so, what to do
├─ NotAllowedError       the actor may not do this
├─ MoveNotAllowedError   the row is not in a state from which this move is possible
├─ LostRaceError         somebody else changed the row first; look and try again
├─ ClosedError           outside its window
├─ QuotaError            nothing remains
├─ InvalidInputError     the input has faults; all of them are listed
└─ UnavailableError      the platform cannot do it now; nothing is wrong with what was asked
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from concours.formats.fault import english
from core.words import translated


class Found(Protocol):
    """One of the faults of an input: a `concours.formats.fault.Fault`, or whatever else says as much."""

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
        plain = english(template, values)
        super().__init__(plain % values if values else plain)

    def words(self) -> str:
        """The refusal in the reader's language."""
        text = translated(self.template, self.values)
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


class UnavailableError(StepError):
    """`retry_after` says after how many seconds another try may succeed; None where none will before somebody acts."""

    reason = "unavailable"

    def __init__(self, template: str, retry_after: int | None = None, **values: Any) -> None:
        super().__init__(template, **values)
        self.retry_after = retry_after

    def headers(self) -> dict[str, str]:
        """Of the HTTP answer that tells it."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
