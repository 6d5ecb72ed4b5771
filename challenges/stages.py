"""What challenges tell people, and the reminders of a phase's two edges as a stage."""

from django.utils.translation import gettext_noop, pgettext_lazy

from core.registry import NoticeKind, Stage

STAGES = (Stage("tell_window", pgettext_lazy("stage", "Reminder of a phase"), "challenges.notices.tell_window"),)

ORGANISER = gettext_noop("You receive this because you organise this challenge.")
MEMBER = gettext_noop("You receive this because you are a member of a team in this challenge.")
SIGNER = gettext_noop("You receive this because you signed an earlier version of this charter.")
NOTICES = (
    NoticeKind(
        "team_applied",
        pgettext_lazy("notice", "A team applies"),
        gettext_noop("%(challenge)s: team %(team)s applies"),
        gettext_noop(
            "Team %(team)s asks to take part in “%(challenge)s”. Approve or reject it; until then it can download no data."
        ),
        gettext_noop("Open the list of teams"),
        ORGANISER,
    ),
    NoticeKind(
        "team_approved",
        pgettext_lazy("notice", "My team is approved"),
        gettext_noop("%(challenge)s: your team %(team)s takes part"),
        gettext_noop(
            "The organisers approved your team %(team)s for “%(challenge)s”. Each member signs the charter before "
            "downloading data."
        ),
        gettext_noop("Open the team's page"),
        MEMBER,
    ),
    NoticeKind(
        "team_rejected",
        pgettext_lazy("notice", "My team is rejected"),
        gettext_noop("%(challenge)s: your team %(team)s was not admitted"),
        gettext_noop("The organisers did not admit your team %(team)s to “%(challenge)s”. Their reason: %(reason)s"),
        gettext_noop("Open the team's page"),
        MEMBER,
    ),
    NoticeKind(
        "charter_renewed",
        pgettext_lazy("notice", "A charter has to be signed again"),
        gettext_noop("%(challenge)s: sign the new version of the charter"),
        gettext_noop(
            "The charter of “%(challenge)s” has a new version. Read and sign it; until then you can neither send nor "
            "download data."
        ),
        gettext_noop("Read the charter"),
        SIGNER,
        is_essential=True,
    ),
    NoticeKind(
        "phase_opens",
        pgettext_lazy("notice", "A phase opens soon"),
        gettext_noop("%(question)s: “%(phase)s” opens soon"),
        gettext_noop("“%(phase)s” of “%(question)s” opens on %(at)s and closes on %(until)s."),
        gettext_noop("Open the question"),
        MEMBER,
    ),
    NoticeKind(
        "phase_closes",
        pgettext_lazy("notice", "A phase closes soon"),
        gettext_noop("%(question)s: “%(phase)s” closes soon"),
        gettext_noop(
            "“%(phase)s” of “%(question)s” closes on %(at)s. A submission counts if its last byte arrives before that "
            "moment."
        ),
        gettext_noop("Open the question"),
        MEMBER,
    ),
    NoticeKind(
        "phase_moved",
        pgettext_lazy("notice", "A phase is moved"),
        gettext_noop("%(question)s: new dates of “%(phase)s”"),
        gettext_noop(
            "“%(phase)s” of “%(question)s” now opens on %(at)s and closes on %(until)s. The organisers' reason: %(reason)s"
        ),
        gettext_noop("Open the question"),
        MEMBER,
    ),
    NoticeKind(
        "work_failed",
        pgettext_lazy("notice", "A task of my challenge has failed"),
        gettext_noop("%(challenge)s: a task has failed"),
        gettext_noop(
            "The task “%(stage)s” has failed and will not be tried again by itself. The list of tasks says why, and "
            "what you can do."
        ),
        gettext_noop("Open the list of tasks"),
        ORGANISER,
    ),
    NoticeKind(
        "work_delayed",
        pgettext_lazy("notice", "Tasks of my challenge are delayed"),
        gettext_noop("%(challenge)s: tasks are delayed"),
        gettext_noop(
            "A fault of the platform delays tasks of the kind “%(stage)s”. They are tried again for about two hours. The list "
            "of tasks names the fault; tell the site's administrator if it does not go away."
        ),
        gettext_noop("Open the list of tasks"),
        ORGANISER,
    ),
)
HOOKS = {
    "team_moved": ["challenges.notices.tell_team"],
    "work_failed": ["challenges.notices.tell_failed_work"],
    "work_delayed": ["challenges.notices.tell_delayed_work"],
}
