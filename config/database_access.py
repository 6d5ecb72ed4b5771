"""What each kind of process may do with each table. `manage.py database_roles` makes it so in PostgreSQL.

`r` reads, `c` reads the named columns alone, `i` inserts, `u` changes (also what a row lock needs), `d` deletes. A model that is
not listed stops the command.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ROLES = ("web", "intake", "worker", "scorer", "sweeper")


@dataclass(frozen=True)
class Access:
    """The rights of each role on a table. `columns` are those that a role with `c` reads, in a condition for instance."""

    web: str = ""
    intake: str = ""
    worker: str = ""
    scorer: str = ""
    sweeper: str = ""
    columns: tuple[str, ...] = ()

    def of(self, role: str) -> str:
        return str(getattr(self, role))


@dataclass(frozen=True)
class Group:
    """Models that the same processes handle in the same way."""

    models: tuple[str, ...]
    access: Access
    # Columns that hold labels until the freeze: the planner keeps samples of a column, and those outlive the rows.
    unsampled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def _of(app: str, names: str) -> tuple[str, ...]:
    return tuple(f"{app}.{name}" for name in names.split())


GROUPS = (
    Group(
        (
            *_of("auth", "Permission Group Group_permissions"),
            "contenttypes.ContentType",
            *_of("core", "User_groups User_user_permissions"),
        ),
        Access(web="riud", intake="r", worker="r", scorer="r", sweeper="r"),
    ),
    Group(("core.User",), Access(web="riud", intake="ru", worker="ru", scorer="r", sweeper="ru")),
    Group(("account.EmailAddress",), Access(web="riud", worker="r", sweeper="r")),
    Group(("account.EmailConfirmation",), Access(web="riud")),
    Group(  # intake asks whether a person has a second factor; the secrets are web's alone
        ("mfa.Authenticator",), Access(web="riud", intake="c", columns=("user_id", "type"))
    ),
    Group(("sessions.Session", "core.AccessToken", "core.SignedSession"), Access(web="riud", intake="riud")),
    Group(("core.AuditRecord",), Access(web="ri", intake="ri", worker="ri", scorer="ri", sweeper="riu")),
    Group(
        _of("core", "Work Progress Erasure"),
        Access(web="riud", intake="riud", worker="riud", scorer="riud", sweeper="riud"),
    ),
    Group(("core.Notice",), Access(web="riud", intake="ri", worker="riu", scorer="riu", sweeper="riu")),
    Group(("core.NoticePreference",), Access(web="riud", intake="r", worker="r", scorer="r", sweeper="r")),
    Group(
        (
            _of(
                "challenges",
                "Challenge Centre CentreMembership Charter CharterSignature Question QuestionRevision Phase "
                "Role Team Membership TeamEntry Invitation Milestone",
            )
        ),
        Access(web="riud", intake="ru", worker="ru", scorer="ru", sweeper="ru"),
    ),
    Group(("challenges.QuestionDraft",), Access(web="riud")),
    Group(("uploads.Upload",), Access(web="riud", intake="riud", worker="riud", scorer="r", sweeper="riud")),
    Group(("uploads.Exam",), Access(web="riud", intake="r", worker="riud", scorer="ru", sweeper="ru")),
    Group(
        _of("uploads", "Patient Series Instance Consent"),
        Access(web="riud", intake="r", worker="riud", scorer="r", sweeper="rd"),
    ),
    Group(
        ("uploads.Annotation",),
        Access(web="riud", worker="riud", scorer="ru", sweeper="rd"),
        {"uploads.Annotation": ("value",)},
    ),
    Group(
        ("uploads.SealedAnnotation",),
        Access(web="cid", worker="cd", scorer="riud", sweeper="cd", columns=("annotation_id",)),
    ),
    Group(
        (
            *_of("anonymization", "Deidentification ExamImage ExamText WordDecision QualityCheck Review"),
            *_of("grading", "Reading Adjudication"),
        ),
        Access(web="riud", worker="riud", scorer="r", sweeper="riud"),
        {"anonymization.QualityCheck": ("facts", "judgements")},
    ),
    Group(
        ("anonymization.Correction",),
        Access(web="riud", worker="riud", scorer="ru", sweeper="rd"),
        {"anonymization.Correction": ("value", "texts")},
    ),
    Group(
        _of("batches", "Split SplitItem Batch BatchItem Download DeletionRequest"),
        Access(web="riud", worker="riud", scorer="ru", sweeper="ru"),
    ),
    Group(("scoring.Submission",), Access(web="riud", intake="ri", worker="riu", scorer="ru", sweeper="ru")),
    Group(("scoring.Truth",), Access(web="r", worker="r", scorer="riud", sweeper="r")),
    Group(("scoring.Evaluation", "scoring.Score"), Access(web="ri", worker="ri", scorer="riud", sweeper="r")),
    Group(("scoring.CaseScore",), Access(scorer="riud")),
    Group(
        _of("scoring", "JuryCase JurySession JuryMark Rescore"),
        Access(web="riud", worker="riu", scorer="riud", sweeper="r"),
    ),
    Group(
        _of("leaderboard", "Ranking Placing Announcement Announcement_winners"),
        Access(web="riud", worker="r", scorer="riud", sweeper="r"),
    ),
)
ACCESS: Mapping[str, Access] = {label: group.access for group in GROUPS for label in group.models}
UNSAMPLED: Mapping[str, tuple[str, ...]] = {
    label: columns for group in GROUPS for label, columns in group.unsampled.items()
}
