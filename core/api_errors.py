"""The API's errors: the one translation of a step's refusal, and of an address that is none."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext
from django.views.defaults import page_not_found
from rest_framework.response import Response
from rest_framework.views import exception_handler

from core.errors import StepError
from core.middleware import status_of
from core.words import say

API = "/api/"


def answer_error(error: Exception, context: dict[str, Any]) -> Response | None:
    if not isinstance(error, StepError):
        return exception_handler(error, context)
    faults = [
        {"reason": fault.reason, "where": fault.where, "message": say(fault.template, fault.values)}
        for fault in getattr(error, "faults", [])
    ]
    return Response({"reason": error.reason, "detail": error.words(), "errors": faults}, status=status_of(error))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The site's 404: below /api/ as JSON, in the shape of every refusal; anywhere else the page."""
    if not request.path.startswith(API):
        return page_not_found(request, exception)
    detail = gettext("There is nothing at this address. The API is described at /api/v1/docs/.")
    return JsonResponse({"reason": "not_found", "detail": detail, "errors": []}, status=404)
