"""Pages for visitors who are not signed in, kept for two seconds: what many open at the same moment is made once.

Nothing of a person is in such a page but the token of its forms, which each visitor gets anew. What is published shows two
seconds later at most, and so does what is taken back.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils.translation import get_language

View = Callable[..., HttpResponse]

TOKEN = re.compile(rb'(name="csrfmiddlewaretoken" value=")[A-Za-z0-9]+(")')
LONGEST_KEY = 200  # characters; longer addresses are nobody's links


def kept_for_visitors(*parameters: str) -> Callable[[View], View]:
    """Decorates a view whose page depends on these parameters of the address alone."""

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, *words: Any, **named: Any) -> HttpResponse:
            key = _key(request, parameters)
            if not key:
                return view(request, *words, **named)
            content = cache.get(key)
            if content is None:
                response = view(request, *words, **named)
                if response.status_code == 200 and not response.streaming:
                    cache.set(key, response.content, settings.VISITOR_PAGES_SECONDS)
                return response
            token = get_token(request).encode()
            return HttpResponse(TOKEN.sub(rb"\g<1>" + token + rb"\g<2>", content))

        return answer

    return decorate


def _key(request: HttpRequest, parameters: tuple[str, ...]) -> str:
    """The page's name in the cache; empty for requests of a session, and where pages are not kept."""
    cookies = (settings.SESSION_COOKIE_NAME, CookieStorage.cookie_name)
    if (
        not settings.VISITOR_PAGES_SECONDS
        or request.method != "GET"
        or any(name in request.COOKIES for name in cookies)
    ):
        return ""
    if set(request.GET) - set(parameters):
        return ""
    query = urlencode(sorted(request.GET.items()))
    key = f"visitor-page:{request.scheme}:{request.get_host()}:{get_language()}:{request.path}?{query}"
    return key if len(key) <= LONGEST_KEY and key.isascii() and key.isprintable() and " " not in key else ""
