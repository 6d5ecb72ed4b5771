"""A field for a day and an hour, in the site's time zone."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

MOMENT = "%Y-%m-%dT%H:%M"


class LocalMomentField(forms.DateTimeField):
    """A moment in the site's zone, typed into the browser's own control."""

    def __init__(self, **more: Any) -> None:
        zone = format_lazy("{}: {}", _("Time zone"), timezone.get_default_timezone_name())
        more.setdefault("help_text", zone)
        super().__init__(
            widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT),
            input_formats=[MOMENT, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
            **more,
        )
