"""Why work failed: in words for the organiser, who sees them on the console, and by class and place for the log.

What a step or a reader of files refuses has words of its own, which name the exam or team and the field. An error of the platform
gets words by its kind; its own stay out of every row, since they may quote what a file says of a patient.
"""

from __future__ import annotations

import errno
import re
import smtplib
import traceback
from collections.abc import Mapping
from typing import Any

from django.db import Error
from django.utils.translation import gettext_noop

from concours.formats.child import ChildDiskFullError, ChildFailedError, ChildLostError
from concours.formats.fault import FormatError
from core.errors import LostRaceError, StepError
from core.outages import is_store_outage
from core.scanner import ScannerFailedError

LOST = gettext_noop(
    "The process that did this was killed or got no computing time. The machine may lack memory or be busy; try again later."
)
DISK_FULL = gettext_noop("The server's disk is full. Free some space, then try again.")
FILE_GONE = gettext_noop(
    "A file that the platform stored is missing. Ask the site's administrator to check the file store."
)
NO_DATABASE = gettext_noop("The database did not answer. Try again; if it fails again, ask the site's administrator.")
NO_STORE = gettext_noop("The file store did not answer. Try again; if it fails again, ask the site's administrator.")
NO_MEMORY = gettext_noop("The server lacked memory for this. Try again when it is less busy.")
NO_MAIL = gettext_noop("The mail server did not take the message. Check the mail settings of the site, then try again.")
NO_SCANNER = gettext_noop("The virus scanner gave no verdict. Check that it runs, then try again.")
WORKER_LOST = gettext_noop(
    "The worker died %(times)s times while it did this. The machine may lack memory; ask the site's administrator."
)
DEFECT = gettext_noop("The platform failed. Ask the site's administrator to look for task %(work)s in its log.")
PLATFORM = "platform"


def words_of(error: BaseException, work_id: int) -> list[dict[str, Any]]:
    """What the organiser reads: `[{"reason", "where", "template", "values"}]`, most general first."""
    if isinstance(error, FormatError):
        return [_line(fault.reason, fault.where, fault.template, fault.values) for fault in error.faults]
    if isinstance(error, StepError):
        listed = getattr(error, "faults", [])
        lines = [_line(fault.reason, fault.where, fault.template, fault.values) for fault in listed]
        return [_line(error.reason, "", error.template, error.values), *lines]
    return [_line(PLATFORM, "", _platform(error), {"work": work_id})]


def worker_lost(times: int) -> list[dict[str, Any]]:
    return [_line(PLATFORM, "", WORKER_LOST, {"times": times})]


def is_final(error: BaseException) -> bool:
    """Whether another try would end in the same way: what was refused in words stays so until somebody corrects it."""
    return isinstance(error, FormatError | StepError) and not isinstance(error, LostRaceError)


def _line(reason: str, where: str, template: str, values: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: value if isinstance(value, int | float) else str(value)[:120] for name, value in values.items()}
    return {"reason": reason, "where": where, "template": template, "values": plain}


def _platform(error: BaseException) -> str:
    if isinstance(error, ChildDiskFullError):
        return DISK_FULL
    if isinstance(error, ChildLostError):
        return LOST
    if isinstance(error, ScannerFailedError):
        return NO_SCANNER
    if isinstance(error, smtplib.SMTPException):
        return NO_MAIL
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DISK_FULL
    if isinstance(error, FileNotFoundError):
        return FILE_GONE
    if isinstance(error, Error):
        return NO_DATABASE
    if is_store_outage(error):
        return NO_STORE
    return NO_MEMORY if isinstance(error, MemoryError) else DEFECT


def describe(error: BaseException) -> str:
    """An error's class and place, for the log."""
    if isinstance(error, ChildLostError):
        return f"{type(error).__name__}: {error}"
    if isinstance(error, ChildFailedError):
        places = re.findall(r'File "[^"]*?([^/"]+/[^/"]+)", line (\d+)', error.trace)
        inside = re.findall(r"^([A-Za-z_.]+(?:Error|Exception|Exit))\b", error.trace, re.MULTILINE)
        if places and inside:
            return f"{inside[-1]} at {places[-1][0]}:{places[-1][1]} in a child"
    frames = traceback.extract_tb(error.__traceback__)
    place = next((f for f in reversed(frames) if "site-packages" not in f.filename), frames[-1] if frames else None)
    if place is None:
        return type(error).__name__
    name = "/".join(place.filename.replace("\\", "/").split("/")[-2:])
    return f"{type(error).__name__} at {name}:{place.lineno}"
