"""Which errors are outages: faults of the platform that end once somebody or something has healed it, whatever the input is.

Work that meets one is tried again for a long time; only other errors use up its tries.
"""

from __future__ import annotations

import errno
import smtplib

from django.db import InterfaceError, InternalError, OperationalError

from concours.formats.child import ChildLostError
from core.scanner import ScannerFailedError

# The path that a stage asked for is wrong, and will be wrong the next time too.
WRONG_PATHS = frozenset(
    {errno.ENOENT, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.EINVAL, errno.ENAMETOOLONG, errno.ELOOP}
)
STORE_CLIENTS = frozenset({"boto3", "botocore", "s3transfer"})
BROKER_CLIENTS = frozenset({"kombu", "redis"})
NOT_FOUND = 404
SMTP_PERMANENT = 500  # from here on the server has understood and refuses; below, it asks to try later


def is_outage(error: BaseException) -> bool:
    """Whether the database, a store, the disk, memory, a child, the broker, the scanner or the mail server failed."""
    if isinstance(error, smtplib.SMTPException):  # a class of OSError
        return _is_mail_outage(error)
    if isinstance(error, OperationalError | InterfaceError | InternalError):
        return True
    if isinstance(error, ChildLostError | ScannerFailedError | MemoryError | ConnectionError | TimeoutError):
        return True
    if is_store_outage(error) or _client_of(error) in BROKER_CLIENTS:
        return True
    if isinstance(error, OSError):  # a reader's own kinds, of a damaged file, have no number
        return error.errno is not None and error.errno not in WRONG_PATHS
    return False


def is_store_outage(error: BaseException) -> bool:
    """Whether an object store failed. Its client is known by name: sites without such a store do not load it."""
    if _client_of(error) not in STORE_CLIENTS:
        return False
    answer = getattr(error, "response", None) or {}
    return bool(answer.get("ResponseMetadata", {}).get("HTTPStatusCode") != NOT_FOUND)


def _client_of(error: BaseException) -> str:
    return type(error).__module__.partition(".")[0]


def _is_mail_outage(error: smtplib.SMTPException) -> bool:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code < SMTP_PERMANENT for code, _answer in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code < SMTP_PERMANENT or isinstance(error, smtplib.SMTPConnectError)
    return isinstance(error, smtplib.SMTPServerDisconnected)
