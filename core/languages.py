"""The language of a person: that of the pages when signing in, or as chosen in the menu. Mails are written in it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.views.i18n import set_language

from core.models import User


def keep_language(user: Any, language: str | None) -> None:
    """One of the site's languages; anything else changes nothing."""
    if language in dict(settings.LANGUAGES) and user.language != language:
        user.language = language
        User.objects.filter(pk=user.pk).update(language=language)


def choose_language(request: HttpRequest) -> HttpResponseBase:
    """Django's own view, which keeps the choice in a cookie; the choice of who is signed in counts for mails too."""
    if request.method == "POST" and request.user.is_authenticated:
        keep_language(request.user, request.POST.get("language"))
    return set_language(request)
