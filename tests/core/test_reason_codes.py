"""The table of reason codes in the documentation says the status that the API answers."""

from __future__ import annotations

import re
from pathlib import Path

from core.errors import StepError
from core.middleware import status_of
from grading.pictures import NoPictureError

ROWS = re.compile(r"^\| (`[^|]+) \| ([0-9, ]+) \|", re.MULTILINE)
REFERENCE = Path("docs/reference.md").read_text("utf-8")


def documented() -> dict[str, set[int]]:
    result: dict[str, set[int]] = {}
    for codes, statuses in ROWS.findall(REFERENCE):
        for code in re.findall(r"`(\w+)`", codes):
            result.setdefault(code, set()).update(int(status) for status in statuses.split(","))
    return result


def test_a_step_that_is_refused_answers_with_the_documented_status() -> None:
    """Every class of refusal with a reason of its own. The status of the general reasons depends on what was asked."""
    table, kinds = documented(), [StepError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    assert NoPictureError in kinds
    answer = {kind.reason: status_of(kind.__new__(kind)) for kind in kinds if kind.reason in table}
    assert {reason: status for reason, status in answer.items() if status not in table[reason]} == {}
    assert table["no_picture"] == {400}
