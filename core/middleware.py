"""Answers for the whole site: a step's refusal as a page, and no caching of private pages."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control

from core.errors import ClosedError, LostRaceError, MoveNotAllowedError, NotAllowedError, QuotaError, StepError

Answer = Callable[[HttpRequest], HttpResponse]

STATUS: dict[type[StepError], int] = {
    NotAllowedError: 403,
    MoveNotAllowedError: 409,
    LostRaceError: 409,
    ClosedError: 409,
    QuotaError: 429,
}


def status_of(error: StepError) -> int:
    return next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)


class PrivatePagesMiddleware:
    """Whatever was made for a signed-in person is kept by no cache."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            patch_cache_control(response, no_store=True, private=True)
        return response


class StepErrorMiddleware:
    """Translates a step's refusal into a page that says what is so and what to do."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, StepError):
            return None
        context = {"error": error, "faults": getattr(error, "faults", [])}
        return render(request, "refused.html", context, status=status_of(error))
