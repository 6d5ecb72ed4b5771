"""The frame: challenges, questions, phases, centres, teams, roles, charters, invitations and the timeline."""

from challenges.models.centre import Centre, CentreMembership
from challenges.models.challenge import Challenge
from challenges.models.charter import Charter, CharterSignature
from challenges.models.draft import QuestionDraft
from challenges.models.invitation import Invitation
from challenges.models.milestone import Milestone
from challenges.models.question import Phase, Question, QuestionRevision
from challenges.models.role import Role, role_held
from challenges.models.team import Membership, Team, TeamEntry

__all__ = [
    "Centre",
    "CentreMembership",
    "Challenge",
    "Charter",
    "CharterSignature",
    "Invitation",
    "Membership",
    "Milestone",
    "Phase",
    "Question",
    "QuestionDraft",
    "QuestionRevision",
    "Role",
    "Team",
    "TeamEntry",
    "role_held",
]
