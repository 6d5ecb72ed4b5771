"""What the API of challenges takes: the bodies of its actions."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from challenges.models import Charter, Membership, Role
from concours.questions.starting import TASKS
from core.body import LARGEST, Body, ReasonBody
from core.models.access_token import SCOPES
from core.moments import MomentField


@extend_schema_field({"type": "object", "properties": {"en": {"type": "string"}, "fr": {"type": "string"}}})
class WordsField(serializers.Field[Any, Any, Any, Any]):
    """One text in the languages of the site: an object, or a plain string that stands for every language."""

    text = serializers.CharField()

    def __init__(self, *, one_line: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.one_line = one_line

    def to_internal_value(self, data: Any) -> dict[str, str]:
        texts = {"en": data} if isinstance(data, str) else data
        if not isinstance(texts, dict) or not texts.get("en") or not set(texts) <= {"en", "fr"}:
            raise serializers.ValidationError("Give a text, or an object with the texts under 'en' and 'fr'.")
        if self.one_line and any(isinstance(text, str) and len(text.splitlines()) > 1 for text in texts.values()):
            raise serializers.ValidationError("Write the title on one line.")
        english = self.text.run_validation(texts["en"])
        return {"en": english, "fr": self.text.run_validation(texts["fr"]) if texts.get("fr") else english}

    def to_representation(self, value: Any) -> Any:
        return value


class ChallengeDraftBody(Body):
    slug = serializers.SlugField(max_length=60)
    title = WordsField(one_line=True)
    summary = WordsField(required=False)
    contact = serializers.EmailField(required=False, allow_blank=True, max_length=254)


class ChallengeChangeBody(Body):
    title = WordsField(one_line=True, required=False)
    summary = WordsField(required=False)
    contact = serializers.EmailField(required=False, allow_blank=True, max_length=254)
    data_protection_officer = serializers.EmailField(required=False, allow_blank=True, max_length=254)


class NextEditionBody(Body):
    slug = serializers.SlugField(max_length=60)
    title = WordsField(one_line=True)
    first_opening = serializers.DateField(help_text="The day on which the first window of all questions opens.")
    with_centres = serializers.BooleanField(default=True)


class QuestionTextBody(Body):
    text = serializers.CharField(trim_whitespace=False, max_length=500_000, help_text="The question file, as YAML.")


class QuestionFileBody(QuestionTextBody):
    challenge = serializers.SlugField()
    first_opening = serializers.DateField(
        required=False,
        help_text="Moves every date by the same number of days, so that the first window opens on this day.",
    )


class MovedDatesBody(QuestionTextBody):
    first_opening = serializers.DateField(help_text="The day on which the first window is to open.")


class DraftTextBody(QuestionTextBody):
    version = serializers.IntegerField(min_value=0, max_value=LARGEST, help_text="The version that was read.")


class DraftTextOfBody(QuestionTextBody):
    challenge = serializers.SlugField()
    question = serializers.SlugField(default="", allow_blank=True)


class DraftStartBody(Body):
    challenge = serializers.SlugField()
    task = serializers.ChoiceField(choices=[task.name for task in TASKS])
    slug = serializers.SlugField(max_length=50)
    title_en = serializers.CharField(max_length=120)
    title_fr = serializers.CharField(max_length=120, default="", allow_blank=True)
    modalities = serializers.ListField(child=serializers.CharField(max_length=16), min_length=1, max_length=9)
    dimensions = serializers.ChoiceField(choices=[2, 3], default=3)
    target_en = serializers.CharField(max_length=80, default="", allow_blank=True)
    target_fr = serializers.CharField(max_length=80, default="", allow_blank=True)
    unit = serializers.CharField(max_length=20, default="", allow_blank=True)
    first_opening = serializers.DateField(help_text="The day on which centres begin to send.")


class CentreDraftBody(Body):
    challenge = serializers.SlugField()
    name = serializers.CharField(max_length=120)
    city = serializers.CharField(max_length=80, required=False, allow_blank=True)


class TeamDraftBody(Body):
    challenge = serializers.SlugField()
    name = serializers.CharField(max_length=80)
    profession = serializers.ChoiceField(choices=Membership.Profession.choices)
    institution = serializers.CharField(max_length=120, required=False, allow_blank=True)
    conflict = serializers.CharField(max_length=500, required=False, allow_blank=True)
    is_baseline = serializers.BooleanField(required=False)


class TeamConflictBody(Body):
    conflict = serializers.CharField(max_length=500, allow_blank=True)


class TeamMergerBody(ReasonBody):
    into = serializers.SlugField(help_text="The team that the members join.")


class CharterDraftBody(Body):
    challenge = serializers.SlugField()
    audience = serializers.ChoiceField(choices=Charter.Audience.choices)
    text = WordsField()


class InvitationDraftBody(Body):
    challenge = serializers.SlugField()
    email = serializers.EmailField(max_length=254)
    what = serializers.ChoiceField(choices=["organiser", "reader", "juror", "dpo", "centre", "team"])
    centre = serializers.CharField(required=False, help_text="Slug of a centre of the challenge.")
    team = serializers.CharField(required=False, help_text="Slug of a team of the challenge.")
    question = serializers.CharField(required=False, help_text="Slug of a question: the role is limited to it.")
    profession = serializers.ChoiceField(choices=Membership.Profession.choices, required=False)


class RoleDraftBody(Body):
    challenge = serializers.SlugField()
    email = serializers.EmailField(max_length=254)
    kind = serializers.ChoiceField(choices=Role.Kind.choices)
    question = serializers.CharField(required=False)


class WindowBody(Body):
    opens = MomentField()
    closes = MomentField()
    reason = serializers.CharField()


class MilestoneDraftBody(Body):
    key = serializers.SlugField(max_length=60)
    title = WordsField(one_line=True)
    run_at = MomentField()


class CentreRevocationBody(ReasonBody):
    email = serializers.EmailField(max_length=254)


class ApprovalBody(Body):
    waiver = serializers.CharField(default="", allow_blank=True)


class NamedQuestionBody(Body):
    question = serializers.CharField(help_text="The question's slug.")


class ExclusionBody(NamedQuestionBody, ReasonBody):
    pass


class InvitationSecretBody(Body):
    secret = serializers.CharField(help_text="The last part of the invitation's link, or the whole link.")


class TokenDraftBody(Body):
    name = serializers.CharField(max_length=80)
    days = serializers.IntegerField(min_value=1, max_value=365, default=90)
    scopes = serializers.MultipleChoiceField(choices=SCOPES, default=set(SCOPES), allow_empty=False)


class SignatureBody(Body):
    name = serializers.CharField(allow_blank=True, max_length=150)


class QuestionBody(Body):
    question = serializers.CharField(help_text="challenge/question")


class PhaseBody(QuestionBody):
    phase = serializers.CharField(help_text="The name of a phase of the question.")


class SeedBody(QuestionBody):
    seed = serializers.IntegerField(
        allow_null=True, default=None, min_value=0, max_value=LARGEST, help_text="Instead of the question file's."
    )
