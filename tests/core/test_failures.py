"""Failed work has words for the organiser; class and line stand in the log alone, and nothing quotes a file."""

from __future__ import annotations

import errno
import smtplib
from typing import Any

import pytest
from django.db import OperationalError

from concours.formats.child import ChildCrashedError, ChildFailedError, ChildLostError
from concours.formats.fault import Fault, FormatError
from core.claims import MOST_LOSSES, claim_row
from core.errors import InvalidInputError, LostRaceError, MoveNotAllowedError
from core.failures import (
    DEFECT,
    DISK_FULL,
    FILE_GONE,
    LOST,
    NO_DATABASE,
    NO_MAIL,
    NO_MEMORY,
    WORKER_LOST,
    describe,
    is_final,
    words_of,
)
from core.models import Work
from core.performing import perform
from core.sweep import sweep
from core.work import enqueue

PATIENT = "DUPONT Jean"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ChildLostError(PATIENT), LOST),
        (OSError(errno.ENOSPC, PATIENT), DISK_FULL),
        (OSError(errno.EDQUOT, PATIENT), DISK_FULL),
        (FileNotFoundError(PATIENT), FILE_GONE),
        (OperationalError(PATIENT), NO_DATABASE),
        (MemoryError(PATIENT), NO_MEMORY),
        (smtplib.SMTPServerDisconnected(PATIENT), NO_MAIL),
        (smtplib.SMTPRecipientsRefused({PATIENT: (550, b"no")}), NO_MAIL),
        (ChildFailedError(PATIENT, f"ValueError: {PATIENT}"), DEFECT),
        (ChildCrashedError(PATIENT), DEFECT),
        (ValueError(PATIENT), DEFECT),
    ],
)
def test_an_error_of_the_platform_is_told_by_its_kind(error: Exception, words: str) -> None:
    lines = words_of(error, 7)
    assert [(line["reason"], line["template"]) for line in lines] == [("platform", words)]
    assert PATIENT not in str(lines) and "Error" not in words and ".py" not in words
    assert not is_final(error)


def test_refusals_keep_their_words_and_names_and_are_final() -> None:
    fault = Fault("organiser_error", "exam 3", "The truth has no %(name)s.", {"name": "malignant"})
    assert (
        words_of(FormatError([fault, fault]), 7)
        == [
            {
                "reason": "organiser_error",
                "where": "exam 3",
                "template": fault.template,
                "values": {"name": "malignant"},
            }
        ]
        * 2
    )
    step = InvalidInputError("Draw %(sets)s again.", [fault], sets=2)
    assert [line["template"] for line in words_of(step, 7)] == ["Draw %(sets)s again.", fault.template]
    assert is_final(FormatError([fault])) and is_final(MoveNotAllowedError("no")) and not is_final(LostRaceError("no"))


def test_the_log_names_class_and_place() -> None:
    try:
        raise ValueError(PATIENT)
    except ValueError as error:
        assert describe(error).startswith("ValueError at core/test_failures.py:") and PATIENT not in describe(error)


@pytest.mark.parametrize("any_database", ["sqlite"], indirect=True)
def test_a_refusal_fails_the_work_at_once_and_asking_again_forgets_it(any_database: str, stage: Any) -> None:
    def refuse(claim: Any) -> None:
        raise InvalidInputError("The truth has no %(name)s.", name="malignant")

    stage("probe", refuse)
    row = enqueue("probe", "1")
    perform(row.pk)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("failed", 1)
    assert row.faults[0]["values"] == {"name": "malignant"}
    enqueue("probe", "1")
    row.refresh_from_db()
    assert (row.state, row.attempts, row.faults) == ("waiting", 0, [])


@pytest.mark.parametrize("any_database", ["sqlite"], indirect=True)
def test_work_whose_workers_die_says_so(any_database: str, stage: Any) -> None:
    stage("probe", lambda claim: None)
    row = enqueue("probe", "1")
    assert claim_row(row.pk) is not None
    Work.objects.filter(pk=row.pk).update(losses=MOST_LOSSES, lease_until=row.created_at)
    sweep()
    row.refresh_from_db()
    assert (row.state, row.faults[0]["template"]) == ("failed", WORKER_LOST)
