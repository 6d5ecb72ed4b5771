"""Users, access tokens, the queue of work, notices, progress and the audit trail."""

from core.models.access_token import AccessToken
from core.models.audit import AuditRecord
from core.models.erasure import Erasure
from core.models.moving import Moving
from core.models.notice import MailTiming, Notice, NoticePreference
from core.models.progress import Progress
from core.models.signed_session import SignedSession
from core.models.user import User
from core.models.work import Work

__all__ = [
    "AccessToken",
    "AuditRecord",
    "Erasure",
    "MailTiming",
    "Moving",
    "Notice",
    "NoticePreference",
    "Progress",
    "SignedSession",
    "User",
    "Work",
]
