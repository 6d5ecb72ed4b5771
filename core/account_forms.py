"""The forms of the sign-in library, with the words of this site and the name of the person."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm, ResetPasswordForm, SignupForm
from django import forms
from django.utils.translation import gettext_lazy as _

E_MAIL = _("E-mail address")


class NameForm(forms.Form):
    """How a person appears to organisers and to the own team."""

    full_name = forms.CharField(
        label=_("First and last name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class AccountSignupForm(NameForm, SignupForm):
    """Who comes with the link of an invitation finds its address filled in."""

    field_order = ("email", "full_name", "password1", "password2")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = E_MAIL
        drop_placeholders(self)


class AccountLoginForm(LoginForm):
    """Without "Remember me": a session ends with the browser, or after the site's hours."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = E_MAIL
        drop_placeholders(self)


class AccountResetForm(ResetPasswordForm):
    """The address to which the link is sent."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = E_MAIL
        drop_placeholders(self)


def drop_placeholders(form: forms.Form) -> None:
    """Labels are visible: the same words within the field say nothing more."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
