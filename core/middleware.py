"""Answers for the whole site: a step's refusal as a page, no caching of private pages, no NUL in addresses and forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext_noop

from core.errors import (
    ClosedError,
    Found,
    InvalidInputError,
    LostRaceError,
    MoveNotAllowedError,
    NotAllowedError,
    QuotaError,
    StepError,
    UnavailableError,
)
from core.pages import render_page
from core.refusals import step_refusal

Answer = Callable[[HttpRequest], HttpResponse]

STATUS: dict[type[StepError], int] = {
    NotAllowedError: 403,
    MoveNotAllowedError: 409,
    LostRaceError: 409,
    ClosedError: 409,
    QuotaError: 429,
    UnavailableError: 503,
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


@dataclass(frozen=True)
class RefusalPage:
    """Why an action was not completed, with every fault where there are several."""

    error: StepError
    faults: Sequence[Found] = ()


class StepErrorMiddleware:
    """Translates a step's refusal into a page that says what is so and what to do."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, StepError):
            return None
        page = RefusalPage(error, getattr(error, "faults", []))
        answer = render_page(request, "refused.html", page, status=status_of(error))
        for name, value in error.headers().items() if isinstance(error, UnavailableError) else ():
            answer[name] = value
        return answer


class NulMiddleware:
    """Refuses a NUL character in the address or a page's form: PostgreSQL's text cannot hold it and no honest text has one.

    Bodies of the API are checked by their serializers.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, words: Any, named: Any) -> HttpResponse | None:
        if not any("\0" in text for values in (request.GET, request.POST) for text in _texts(values)):
            return None
        error = InvalidInputError(gettext_noop("The request contains a NUL character; remove it."))
        if request.path.startswith("/api/"):
            return JsonResponse(step_refusal(error), status=400)
        return render_page(request, "refused.html", RefusalPage(error), status=400)


def _texts(values: QueryDict) -> Iterator[str]:
    for name, texts in values.lists():
        yield name
        yield from (text for text in texts if isinstance(text, str))
