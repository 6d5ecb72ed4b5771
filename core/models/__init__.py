"""Users, access tokens, the queue of work, progress and the audit trail."""

from core.models.access_token import AccessToken
from core.models.audit import AuditRecord
from core.models.progress import Progress
from core.models.user import User
from core.models.work import Work

__all__ = ["AccessToken", "AuditRecord", "Progress", "User", "Work"]
