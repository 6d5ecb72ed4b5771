"""The API's errors: the one translation of a step's refusal, of the framework's, and of an address that is none."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext
from django.views.defaults import page_not_found
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from core.errors import StepError, UnavailableError
from core.failures import describe, words_of
from core.middleware import status_of
from core.outages import is_outage
from core.refusals import refusal, step_refusal
from core.words import say

logger = logging.getLogger(__name__)

API = "/api/"
RETRY_SECONDS = 5
OF_THE_WHOLE = "non_field_errors"


def answer_error(error: Exception, context: dict[str, Any]) -> Response | None:
    if isinstance(error, StepError):
        headers = error.headers() if isinstance(error, UnavailableError) else None
        return Response(step_refusal(error), status=status_of(error), headers=headers)
    answer = exception_handler(error, context)
    if answer is None:
        return _outage(error) if is_outage(error) else None
    if isinstance(error, ValidationError):
        faults = list(_faults(answer.data))
        answer.data = refusal("invalid", gettext("The request is invalid; all errors are listed."), faults)
    else:
        detail = answer.data["detail"]  # knows its code: not_authenticated, permission_denied, method_not_allowed, …
        answer.data = refusal(detail.code, str(detail))
    return answer


def _outage(error: Exception) -> Response:
    """Database, store or disk failed: nothing is wrong with what was asked, and a client may ask again."""
    logger.error("answered as unavailable: %s", describe(error))
    words = say(words_of(error, 0)[0]["template"])
    return Response(refusal(UnavailableError.reason, words), status=503, headers={"Retry-After": str(RETRY_SECONDS)})


def _faults(data: Any, where: str = "") -> Iterator[dict[str, str]]:
    """The leaves of the framework's nested faults; `where` is the path of the field, empty for the whole."""
    if isinstance(data, Mapping):
        for name, below in data.items():
            place = f"{where}[{name}]" if isinstance(name, int) else f"{where}.{name}".lstrip(".")
            yield from _faults(below, where if name == OF_THE_WHOLE else place)
    elif isinstance(data, list):
        for number, below in enumerate(data):
            yield from _faults(below, f"{where}[{number}]" if isinstance(below, Mapping | list) else where)
    else:
        yield {"reason": getattr(data, "code", "invalid"), "where": where, "message": str(data)}


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The site's 404: below /api/ as JSON, in the shape of every refusal; anywhere else the page."""
    if not request.path.startswith(API):
        return page_not_found(request, exception)
    detail = gettext("Nothing exists at this address. The API is described at /api/v1/docs/.")
    return JsonResponse(refusal("not_found", detail), status=404)
