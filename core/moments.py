"""A moment in a request: a date and hour with its offset from UTC. Without one it is refused, as in question files."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers


class MomentField(serializers.DateTimeField):
    """Guessing the zone would move a deadline by an hour or two without a word."""

    default_error_messages = {
        "no_offset": _("This moment has no UTC offset; write for example 2019-10-13T09:00:00+02:00."),
    }

    def enforce_timezone(self, value: Any) -> Any:
        if isinstance(value, datetime) and timezone.is_naive(value):
            self.fail("no_offset")
        return super().enforce_timezone(value)
