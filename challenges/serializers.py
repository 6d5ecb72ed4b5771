"""What the API says of the frame: challenges, questions, phases, centres, teams, charters, invitations and roles."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from challenges.drafts import spec_or_mistakes
from challenges.models import (
    Centre,
    CentreMembership,
    Challenge,
    Charter,
    Invitation,
    Membership,
    Milestone,
    Phase,
    Question,
    QuestionDraft,
    Role,
    Team,
)
from challenges.team_rules import unmet_rules
from core.clock import database_now
from core.models import AccessToken, SignedSession
from core.words import say


class MilestoneSerializer(serializers.ModelSerializer[Milestone]):
    question = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Milestone
        fields = ["key", "question", "title", "run_at"]


class ChallengeSerializer(serializers.ModelSerializer[Challenge]):
    questions = serializers.SlugRelatedField(many=True, slug_field="slug", read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Challenge
        fields = ["slug", "title", "summary", "state", "contact", "data_protection_officer", "created_at", "questions"]


class PhaseSerializer(serializers.ModelSerializer[Phase]):
    question = serializers.SerializerMethodField()
    is_open = serializers.SerializerMethodField()

    class Meta:
        model = Phase
        fields = ["id", "question", "name", "title", "opens", "closes", "batch", "decides", "is_open"]

    def get_question(self, phase: Phase) -> str:
        return f"{phase.question.challenge.slug}/{phase.question.slug}"

    def get_is_open(self, phase: Phase) -> bool:
        return phase.is_open(database_now())


class QuestionSerializer(serializers.ModelSerializer[Question]):
    name = serializers.SerializerMethodField()
    challenge = serializers.CharField(source="challenge.slug", read_only=True)

    class Meta:
        model = Question
        fields = ["id", "name", "challenge", "slug", "title", "summary", "kind", "revision"]

    def get_name(self, question: Question) -> str:
        """How other endpoints name the question: challenge/question."""
        return f"{question.challenge.slug}/{question.slug}"


class QuestionDetailSerializer(QuestionSerializer):
    """With its phases, and its file: what is asked is public."""

    phases = PhaseSerializer(many=True, read_only=True)
    text = serializers.SerializerMethodField()
    sha256 = serializers.SerializerMethodField()

    class Meta(QuestionSerializer.Meta):
        fields = [*QuestionSerializer.Meta.fields, "phases", "sha256", "text"]

    def get_text(self, question: Question) -> str:
        return question.current().source

    def get_sha256(self, question: Question) -> str:
        return question.current().sha256


class CentreMembershipSerializer(serializers.ModelSerializer[CentreMembership]):
    name = serializers.CharField(source="user.get_full_name", read_only=True)
    email = serializers.EmailField(source="user.email", read_only=True)

    class Meta:
        model = CentreMembership
        fields = ["name", "email", "joined_at"]


class CentreSerializer(serializers.ModelSerializer[Centre]):
    challenge = serializers.CharField(source="challenge.slug", read_only=True)
    members = serializers.SerializerMethodField()
    people = CentreMembershipSerializer(source="memberships", many=True, read_only=True)

    class Meta:
        model = Centre
        fields = ["id", "challenge", "slug", "name", "city", "members", "people"]

    def get_members(self, centre: Centre) -> list[str]:
        """Names of the people who upload for it."""
        return [str(member.user) for member in centre.memberships.all()]


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    name = serializers.CharField(source="user.get_full_name", read_only=True)
    email = serializers.EmailField(source="user.email", read_only=True)

    class Meta:
        model = Membership
        fields = ["name", "email", "profession", "institution", "conflict", "leads", "joined_at"]


class TeamSerializer(serializers.ModelSerializer[Team]):
    challenge = serializers.CharField(source="challenge.slug", read_only=True)
    members = MembershipSerializer(source="memberships", many=True, read_only=True)
    entered = serializers.SerializerMethodField()

    class Meta:
        model = Team
        fields = ["id", "challenge", "slug", "name", "state", "is_baseline", "waiver", "members", "entered"]

    def get_entered(self, team: Team) -> list[str]:
        """The questions it entered."""
        return [entry.question.slug for entry in team.entries.all()]


class TeamDetailSerializer(TeamSerializer):
    unmet_rules = serializers.SerializerMethodField()

    class Meta(TeamSerializer.Meta):
        fields = [*TeamSerializer.Meta.fields, "unmet_rules"]

    def get_unmet_rules(self, team: Team) -> list[str]:
        """What the rules still ask for, in words."""
        return [say(rule.template, rule.values) for rule in unmet_rules(team)]


class CharterSerializer(serializers.ModelSerializer[Charter]):
    challenge = serializers.CharField(source="challenge.slug", read_only=True)
    signed = serializers.SerializerMethodField()
    in_force = serializers.SerializerMethodField()

    class Meta:
        model = Charter
        fields = ["id", "challenge", "audience", "version", "text", "sha256", "created_at", "in_force", "signed"]

    def get_signed(self, charter: Charter) -> bool:
        """Whether the person who asks signed this version."""
        user = self.context["request"].user
        return user.is_authenticated and any(signature.user_id == user.pk for signature in charter.signatures.all())

    def get_in_force(self, charter: Charter) -> bool:
        return not charter.challenge.charters.filter(audience=charter.audience, version__gt=charter.version).exists()


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    challenge = serializers.CharField(source="challenge.slug", read_only=True)
    centre = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    team = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    question = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Invitation
        fields = [
            "id",
            "challenge",
            "email",
            "what",
            "centre",
            "team",
            "question",
            "profession",
            "created_at",
            "expires_at",
            "accepted_at",
        ]


class RoleSerializer(serializers.ModelSerializer[Role]):
    challenge = serializers.CharField(source="challenge.slug", read_only=True)
    question = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    name = serializers.CharField(source="user.get_full_name", read_only=True)
    email = serializers.EmailField(source="user.email", read_only=True)

    class Meta:
        model = Role
        fields = ["id", "challenge", "kind", "question", "name", "email", "granted_at"]


class AccessTokenSerializer(serializers.ModelSerializer[AccessToken]):
    class Meta:
        model = AccessToken
        fields = ["id", "name", "scopes", "created_at", "expires_at", "last_used_at"]


class SignedSessionSerializer(serializers.ModelSerializer[SignedSession]):
    class Meta:
        model = SignedSession
        fields = ["id", "browser", "address", "signed_in_at"]


class MovedDateSerializer(serializers.Serializer[Any]):
    """A date of a question file before and after it was moved."""

    where = serializers.CharField()
    before = serializers.DateTimeField()
    after = serializers.DateTimeField()


class MovedFileSerializer(serializers.Serializer[Any]):
    """A question file with its dates moved; nothing is loaded."""

    text = serializers.CharField(trim_whitespace=False)
    dates = MovedDateSerializer(many=True)


class FileMistakeSerializer(serializers.Serializer[Any]):
    """One error of a question file."""

    reason = serializers.CharField()
    line = serializers.IntegerField()
    where = serializers.CharField()
    message = serializers.CharField()


class DraftSerializer(serializers.ModelSerializer[QuestionDraft]):
    challenge = serializers.CharField(source="challenge.slug", read_only=True)
    question = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = QuestionDraft
        fields = ["id", "challenge", "question", "title", "version", "changed_at"]


class DraftMistakeSerializer(serializers.Serializer[Any]):
    line = serializers.IntegerField()
    where = serializers.CharField()
    message = serializers.CharField()


class DraftDetailSerializer(DraftSerializer):
    """With its text, and what keeps it from being loaded."""

    mistakes = serializers.SerializerMethodField()

    @extend_schema_field(DraftMistakeSerializer(many=True))
    def get_mistakes(self, draft: QuestionDraft) -> Any:
        _spec, mistakes = spec_or_mistakes(draft.text)
        return DraftMistakeSerializer(mistakes, many=True).data

    class Meta(DraftSerializer.Meta):
        fields = [*DraftSerializer.Meta.fields, "text", "mistakes"]
