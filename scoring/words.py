"""Sentences of this app that more than one place says."""

from django.utils.translation import gettext_noop

FAILED_FOR_TEAMS = gettext_noop(
    "The platform could not score this submission; this is not your fault. The organisers have been "
    "informed and will retry."
)
ORGANISERS_FAULT = gettext_noop(
    "There is an error in the reference data of this phase. The organisers have been informed and will score it again."
)
