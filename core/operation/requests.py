"""Around every request: its id, its count and duration, and its line in a structured log."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from starlette.datastructures import MutableHeaders

from core.operation.figures import answer_seconds, answered
from core.operation.log_context import RequestNotes, current_request

logger = logging.getLogger("concours.requests")
HEADER = "X-Request-ID"
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))  # a client may invent others


class CountedRequests:
    """ASGI middleware, the outermost. The id is ours: a client's own could contain anything."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        notes, began, status = RequestNotes(uuid.uuid4().hex[:16]), time.monotonic(), 500
        token = current_request.set(notes)

        async def send_with_id(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).setdefault(HEADER, notes.id)
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            notes.route = notes.route or _raw_route(scope)
            _count(notes, scope["method"], status, time.monotonic() - began)
            current_request.reset(token)


def _raw_route(scope: Any) -> str:
    endpoint = scope.get("endpoint")
    name = getattr(endpoint, "__name__", "")
    return f"{endpoint.__module__}.{name}" if name else "none"


def _count(notes: RequestNotes, method: str, status: int, seconds: float) -> None:
    key = (notes.route, method if method in METHODS else "other", f"{status // 100}xx")
    answered[key] += 1
    answer_seconds[key] += seconds  # type: ignore[assignment]
    if settings.LOG_FORMAT == "json":
        measures = {"method": key[1], "status": status, "duration_ms": round(seconds * 1000, 1)}
        logger.info("request", extra=measures)


class RouteNameMiddleware:
    """Tells the log and the counts which of Django's routes a request is for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, words: Any, named: Any) -> None:
        notes = current_request.get()
        if notes is not None and request.resolver_match is not None:
            notes.route = request.resolver_match.view_name or request.resolver_match.route
