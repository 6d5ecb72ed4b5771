"""Forms of the frame's pages."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from challenges.models import Membership


class SignatureForm(forms.Form):
    """A signature is one's full name."""

    name = forms.CharField(
        label=_("Your full name"),
        max_length=150,
        help_text=_("Entering your name signs the charter. The date, your name and your network address are recorded."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class TeamForm(forms.Form):
    """A new team, and who registers it."""

    name = forms.CharField(label=_("Team name"), max_length=80, help_text=_("This name is shown on the boards."))
    profession = forms.ChoiceField(label=_("Your profession"), choices=Membership.Profession.choices)
    institution = forms.CharField(label=_("Your institution"), max_length=120, required=False)
    conflict = forms.CharField(
        label=_("Conflict of interest"),
        max_length=500,
        required=False,
        help_text=_("State it if you or your institution also send exams, read, judge or organise in this challenge."),
    )


class ConflictForm(forms.Form):
    """What a member declares."""

    conflict = forms.CharField(
        label=_("My declaration"),
        max_length=500,
        required=False,
        help_text=_("State it if you or your institution also send exams, read, judge or organise in this challenge."),
    )


class MemberForm(forms.Form):
    """Somebody to invite to the team."""

    email = forms.EmailField(label=_("E-mail address"))
    profession = forms.ChoiceField(label=_("Profession"), choices=Membership.Profession.choices)


class TokenForm(forms.Form):
    """A new access token."""

    name = forms.CharField(label=_("Purpose"), max_length=80, help_text=_("For example: upload script of Bichat."))
    days = forms.IntegerField(
        label=_("Validity in days"), min_value=1, max_value=365, initial=90, help_text=_("365 days at most.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("Permissions"),
        choices=[
            ("read", _("Read")),
            ("upload", _("Upload files")),
            ("submit", _("Submit results")),
            ("organise", _("Change everything else")),
        ],
        initial=["read", "upload", "submit"],
        widget=forms.CheckboxSelectMultiple,
    )
