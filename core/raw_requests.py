"""What raw ASGI routes need of Django: who is asking, and a bounded pool of threads for database and disk."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.contrib.auth import get_user
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

from core.authentication import user_of_token

Result = TypeVar("Result")
_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="raw")


async def in_thread(function: Callable[..., Result], *args: Any) -> Result:
    """Runs database and disk work in a bounded pool, with fresh connections."""

    def call() -> Result:
        close_old_connections()
        try:
            return function(*args)
        finally:
            close_old_connections()

    return await asyncio.get_running_loop().run_in_executor(_threads, call)


def person_of(scope: Any) -> Any:
    """The signed-in person of a raw request, by token or by session with CSRF proof; None otherwise."""
    request = ASGIRequest(scope, io.BytesIO())
    words = request.META.get("HTTP_AUTHORIZATION", "").split()
    if words and words[0].lower() in ("bearer", "token"):
        return user_of_token(words[1]) if len(words) == 2 else None
    SessionMiddleware(_nothing).process_request(request)
    user = get_user(request)
    if not user.is_authenticated:
        return None
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        csrf = CsrfViewMiddleware(_nothing)
        csrf.process_request(request)
        if csrf.process_view(request, _nothing, (), {}) is not None:
            return None
    return user


def _nothing(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse()
