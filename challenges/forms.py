"""Forms of the frame's pages."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from challenges.models import Membership

PROFESSIONS = {
    Membership.Profession.RADIOLOGIST: pgettext_lazy("profession", "radiologist"),
    Membership.Profession.ENGINEER: pgettext_lazy("profession", "engineer"),
    Membership.Profession.STUDENT: pgettext_lazy("profession", "student"),
    Membership.Profession.RESEARCHER: pgettext_lazy("profession", "researcher"),
    "data-scientist": pgettext_lazy("profession", "data scientist"),
    "company": pgettext_lazy("profession", "company"),
}
INVITED = {  # what an invitation offers
    "organiser": _("Organiser"),
    "reader": _("Reader"),
    "juror": _("Juror"),
    "dpo": _("Data protection officer"),
    "centre": _("Centre"),
    "team": _("Team"),
}
CHOICES = [(choice.value, PROFESSIONS[choice]) for choice in Membership.Profession]


class SignatureForm(forms.Form):
    """A signature is one's full name."""

    name = forms.CharField(
        label=_("Your full name"),
        max_length=150,
        help_text=_("Writing your name here signs the charter. Date, name and address are kept."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class TeamForm(forms.Form):
    """A new team, and who registers it."""

    name = forms.CharField(label=_("Name of the team"), max_length=80, help_text=_("Boards show this name."))
    profession = forms.ChoiceField(label=_("Your profession"), choices=CHOICES)
    institution = forms.CharField(label=_("Your institution"), max_length=120, required=False)


class MemberForm(forms.Form):
    """Somebody to invite to the team."""

    email = forms.EmailField(label=_("E-mail address"))
    profession = forms.ChoiceField(label=_("Profession"), choices=CHOICES)


class TokenForm(forms.Form):
    """A new access token."""

    name = forms.CharField(
        label=_("What it is for"), max_length=80, help_text=_("For example: upload script at Bichat.")
    )
    days = forms.IntegerField(
        label=_("Days it is valid"), min_value=1, max_value=365, initial=90, help_text=_("At most 365.")
    )
