"""What raw ASGI routes need of Django: who is asking, and a bounded pool of threads for database and disk."""

from __future__ import annotations

import asyncio
import contextvars
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
from django.utils.translation import get_language_from_request

from core.authentication import user_of_token
from core.session_limits import keep_alive

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

    context = contextvars.copy_context()  # lines of the log know which request they belong to
    return await asyncio.get_running_loop().run_in_executor(_threads, context.run, call)


def person_of(scope: Any) -> Any:
    """The signed-in person of a raw request, by token or by session with CSRF proof; None otherwise."""
    request = ASGIRequest(scope, io.BytesIO())
    words = request.META.get("HTTP_AUTHORIZATION", "").split()
    if words and words[0].lower() in ("bearer", "token"):
        return user_of_token(words[1], request.method or "", request.path) if len(words) == 2 else None
    SessionMiddleware(_nothing).process_request(request)
    if "_auth_user_id" in request.session:
        keep_alive(request.session)
        if request.session.modified:
            request.session.save()
    user = get_user(request)
    if not user.is_authenticated:
        return None
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        csrf = CsrfViewMiddleware(_nothing)
        csrf.process_request(request)
        if csrf.process_view(request, _nothing, (), {}) is not None:
            return None
    return user


def language_of(scope: Any) -> str:
    """The language of the answer: the person's cookie, else what the client accepts."""
    return get_language_from_request(ASGIRequest(scope, io.BytesIO()))


def _nothing(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse()
