"""Pages rendered by the site's own templates, without the apps' routes."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template.loader import get_template
from django.test import RequestFactory
from django.utils import translation


@pytest.fixture
def render(settings: Any) -> Callable[..., str]:
    """`render(template, context, language)` -> HTML, as an anonymous visitor."""
    settings.ROOT_URLCONF = "tests.frontend.urls"
    settings.TEMPLATES = [_without_navigation(settings.TEMPLATES[0])]

    def rendered(template: str, context: dict[str, Any], language: str = "en") -> str:
        request = RequestFactory().get("/")
        request.user = AnonymousUser()
        with translation.override(language):
            return str(get_template(template).render(context, request))

    return rendered


def _without_navigation(engine: dict[str, Any]) -> dict[str, Any]:
    """The navigation by role asks the database; here the test's own context gives it."""
    options = engine["OPTIONS"]
    keep = [
        name for name in options["context_processors"] if name.startswith("django.") and not name.endswith("messages")
    ]
    return {**engine, "OPTIONS": {**options, "context_processors": keep}}
