"""Mails of notices as stages; the sweep chains the audit trail, exports its head, and erases what has to go."""

from django.utils.translation import pgettext_lazy

from core.registry import Stage

STAGES = (
    Stage(
        "mail_notice",
        pgettext_lazy("stage", "Notice by e-mail"),
        "core.notice_mail.mail_notice",
        on_failed="core.notice_mail.notice_failed",
        head_start_minutes=60,
    ),
    Stage(
        "mail_digest",
        pgettext_lazy("stage", "Digest by e-mail"),
        "core.notice_mail.mail_digest",
        on_failed="core.notice_mail.digest_failed",
    ),
)
HOOKS = {
    "sweep": [
        "core.audit.chain_records",
        "core.audit_heads.export_head",
        "core.erasure.sweep_erasures",
        "core.temporary.sweep_temporary",
    ],
}
