"""Sentences of this app that more than one place says."""

from django.utils.translation import gettext_noop

FAILED_FOR_TEAMS = gettext_noop(
    "The platform could not score this submission; that is not your fault. The organisers were told and will try again."
)
