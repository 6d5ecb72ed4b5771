"""NUL characters in what people send: refused at the edges, since PostgreSQL's text holds none and no honest text has one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext_noop
from rest_framework import parsers

from core.errors import InvalidInputError
from core.refusals import step_refusal

NUL = "\0"


class NulError(InvalidInputError):
    """Says the one thing to do."""

    def __init__(self) -> None:
        super().__init__(gettext_noop("What was sent holds a NUL character. Leave it out."))


def holds_nul(value: Any) -> bool:
    """Whether a text anywhere in a JSON value, keys included, holds a NUL character."""
    if isinstance(value, str):
        return NUL in value
    if isinstance(value, dict):
        return any(holds_nul(key) or holds_nul(one) for key, one in value.items())
    return isinstance(value, list) and any(map(holds_nul, value))


def _in_query(values: QueryDict) -> bool:
    return any(NUL in key or any(NUL in one for one in many) for key, many in values.lists())


class NulMiddleware:
    """Looks through the address and a page's form; what the API is sent as JSON goes through JSONParser."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, words: Any, named: Any) -> HttpResponse | None:
        if not (_in_query(request.GET) or _in_query(request.POST)):
            return None
        error = NulError()
        if request.path.startswith("/api/"):
            return JsonResponse(step_refusal(error), status=400)
        return render(request, "refused.html", {"error": error, "faults": []}, status=400)


class JSONParser(parsers.JSONParser):
    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        data = super().parse(stream, media_type, parser_context)
        if holds_nul(data):
            raise NulError
        return data
