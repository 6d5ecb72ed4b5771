"""Days and moments as all pages, mails and messages write them."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.timezone import get_default_timezone
from django.utils.translation import get_language


def day_format() -> str:
    """Django's M is "Nov" in every language; its N is "nov." in French, and "Sept." in English."""
    return "j M Y" if (get_language() or "en").startswith("en") else "j N Y"


def day_words(moment: date) -> str:
    """13 Oct 2019, of a moment in the site's zone."""
    local = moment.astimezone(get_default_timezone()) if isinstance(moment, datetime) else moment
    return str(date_format(local, day_format()))


def moment_words(moment: datetime) -> str:
    """13 Oct 2019, 09:00 CEST: with the zone, since mails are read far from a page's own clock."""
    local = moment.astimezone(get_default_timezone())
    return f"{date_format(local, f'{day_format()}, H:i')} {local:%Z}"
