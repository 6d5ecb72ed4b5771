"""Forms of the organiser's pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from challenges.models import Challenge, Charter, Membership, Milestone, Phase
from core.moment_input import LocalMomentField

AUDIENCES = [
    (Charter.Audience.CENTRE.value, _("Centres")),
    (Charter.Audience.READER.value, _("Readers")),
    (Charter.Audience.TEAM.value, _("Teams")),
    (Charter.Audience.JUROR.value, _("Jurors")),
]
WHAT = [
    ("centre", _("to upload exams for a centre")),
    ("reader", _("to grade exams")),
    ("team", _("to a team")),
    ("juror", _("to the jury")),
    ("organiser", _("to organise")),
    ("dpo", _("as data protection officer")),
]


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300)


class CentreForm(forms.Form):
    name = forms.CharField(label=_("Name of the centre"), max_length=120)
    city = forms.CharField(label=_("City"), max_length=80, required=False)


def _shown_for(roles: str, *, needed: bool = False) -> forms.Select:
    """A list that is shown for these roles only (frontend/css/_forms.scss); the step checks that what is needed was chosen."""
    return forms.Select(attrs={"data-shown-for": roles, **({"data-needed": "1"} if needed else {})})


class InvitationForm(forms.Form):
    """Somebody to invite, and what to."""

    email = forms.EmailField(label=_("E-mail address"))
    what = forms.ChoiceField(label=_("Invite"), choices=WHAT)
    centre = forms.ChoiceField(label=_("Centre"), required=False, widget=_shown_for("centre", needed=True))
    team = forms.ChoiceField(label=_("Team"), required=False, widget=_shown_for("team", needed=True))
    question = forms.ChoiceField(
        label=_("Question"),
        required=False,
        help_text=_("Empty means every question."),
        widget=_shown_for("reader juror"),
    )
    profession = forms.ChoiceField(
        label=_("Profession"),
        required=False,
        choices=[("", "–"), *Membership.Profession.choices],
        widget=_shown_for("team"),
    )

    def __init__(self, *args: Any, challenge: Challenge, **more: Any) -> None:
        super().__init__(*args, **more)
        for name, rows in (
            ("centre", challenge.centres.all()),
            ("team", challenge.teams.all()),
            ("question", challenge.questions.all()),
        ):
            chooser = self.fields[name]
            assert isinstance(chooser, forms.ChoiceField)
            chooser.choices = [("", "–"), *((row.slug, str(row)) for row in rows)]


class ChallengeWordsForm(forms.Form):
    """What everybody reads of a challenge."""

    title_en = forms.CharField(label=_("Title in English"), max_length=120)
    title_fr = forms.CharField(label=_("Title in French"), max_length=120, required=False)
    summary_en = forms.CharField(
        label=_("Summary in English"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    summary_fr = forms.CharField(label=_("Summary in French"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    contact = forms.EmailField(label=_("Contact address"), required=False)

    def words(self) -> dict[str, Any]:
        """The title and the summary in both languages, and the contact."""
        cleaned = self.cleaned_data
        return {
            "title": {"en": cleaned["title_en"], "fr": cleaned["title_fr"] or cleaned["title_en"]},
            "summary": {"en": cleaned["summary_en"], "fr": cleaned["summary_fr"] or cleaned["summary_en"]},
            "contact": cleaned["contact"],
        }


class ChallengeForm(ChallengeWordsForm):
    """A new challenge, a draft at first."""

    slug = forms.SlugField(
        label=_("Short name"),
        max_length=60,
        help_text=_("Used in addresses: letters, digits and hyphens, for example jfr-2019."),
    )
    field_order = ("title_en", "title_fr", "slug")


class NextEditionForm(forms.Form):
    """The next edition of a challenge: its name, and when it begins."""

    title_en = forms.CharField(label=_("Title in English"), max_length=120)
    title_fr = forms.CharField(label=_("Title in French"), max_length=120, required=False)
    slug = forms.SlugField(
        label=_("Short name"),
        max_length=60,
        help_text=_("Used in addresses: letters, digits and hyphens, for example jfr-2019."),
    )
    first = forms.DateField(
        label=_("The first window opens on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Every date of every question moves by the same number of days; hours stay."),
    )
    with_centres = forms.BooleanField(
        label=_("The centres take part again"),
        required=False,
        initial=True,
        help_text=_("Their people are not invited yet."),
    )


class ChallengeEditForm(ChallengeWordsForm):
    """A challenge that exists; its short name stays, for addresses hold it."""

    data_protection_officer = forms.EmailField(label=_("Data protection officer"), required=False)

    @classmethod
    def of(cls, challenge: Challenge) -> ChallengeEditForm:
        first = {f"{name}_{language}": getattr(challenge, name).get(language, "")
                 for name in ("title", "summary") for language in ("en", "fr")}  # fmt: skip
        officer = challenge.data_protection_officer
        return cls(initial={**first, "contact": challenge.contact, "data_protection_officer": officer})


class QuestionFileForm(forms.Form):
    """A question of the catalogue, a file, or a text."""

    catalogue = forms.ChoiceField(
        label=_("From the catalogue"),
        required=False,
        help_text=_("Complete questions with the dates of their edition; move them below."),
    )
    file = forms.FileField(
        label=_("Or a file"),
        required=False,
        help_text=_("A question file (YAML), a Codabench bundle or an EvalAI configuration."),
    )
    text = forms.CharField(
        label=_("Or the text of a question file"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "class": "font-monospace"}),
    )

    first_opening = forms.DateField(
        label=_("Move all dates, so that the first window opens on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("For an edition of the past: every date moves by the same number of days, hours stay."),
    )

    def __init__(self, *args: Any, catalogue: list[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        chooser = self.fields["catalogue"]
        assert isinstance(chooser, forms.ChoiceField)
        chooser.choices = [("", "–"), *catalogue]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if sum(bool(cleaned.get(name)) for name in ("catalogue", "file", "text")) != 1 and not self.errors:
            raise forms.ValidationError(_("Choose one of the three: a question from the catalogue, a file, or a text."))
        return cleaned


class CharterForm(forms.Form):
    """A new version of a charter, in both languages."""

    audience = forms.ChoiceField(label=_("For"), choices=AUDIENCES)
    en = forms.CharField(label=_("Text in English"), widget=forms.Textarea(attrs={"rows": 6}))
    fr = forms.CharField(label=_("Text in French"), widget=forms.Textarea(attrs={"rows": 6}))


class WindowForm(forms.Form):
    """A phase's new window."""

    opens = LocalMomentField(label=pgettext_lazy("window", "Opens"))
    closes = LocalMomentField(label=pgettext_lazy("window", "Closes"))
    reason = forms.CharField(label=_("Reason"), max_length=300)

    @classmethod
    def of(cls, phase: Phase, data: Any = None) -> WindowForm:
        return cls(data, initial={"opens": phase.opens, "closes": phase.closes}, prefix=f"phase-{phase.pk}")


class ReleaseForm(forms.Form):
    """A batch's new minute."""

    released_at = LocalMomentField(label=_("Release date"))
    reason = forms.CharField(label=_("Reason"), max_length=300)


class MilestoneForm(forms.Form):
    """A moment of the challenge as a whole."""

    title_en = forms.CharField(label=_("Title in English"), max_length=120)
    title_fr = forms.CharField(label=_("Title in French"), max_length=120, required=False)
    run_at = LocalMomentField(label=_("Date and time"))

    @classmethod
    def of(cls, row: Milestone) -> MilestoneForm:
        title = row.title if isinstance(row.title, dict) else {}
        return cls(initial={"title_en": title.get("en"), "title_fr": title.get("fr"), "run_at": row.run_at})


class DraftForm(forms.Form):
    """A split's seed; empty means the question file's."""

    seed = forms.IntegerField(
        label=_("Seed"), required=False, min_value=0, help_text=_("Empty: the seed of the question file.")
    )


class FaceForm(forms.Form):
    """What teams get of a head from which a face can be rendered."""

    face = forms.ChoiceField(
        label=_("Faces in head volumes"),
        choices=[("keep", _("kept as they are")), ("blank", _("blanked"))],
        help_text=_("Blanking is a geometric cut, not a validated tool: check the result before the release."),
    )


class AnnounceForm(forms.Form):
    announced_at = LocalMomentField(label=_("Announcement date"))
    words_en = forms.CharField(
        label=_("Jury citation (English)"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    words_fr = forms.CharField(
        label=_("Jury citation (French)"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
