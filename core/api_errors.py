"""The one translation of a step's refusal into an API answer."""

from typing import Any

from rest_framework.response import Response
from rest_framework.views import exception_handler

from core.errors import StepError
from core.middleware import status_of
from core.words import say


def answer_error(error: Exception, context: dict[str, Any]) -> Response | None:
    if not isinstance(error, StepError):
        return exception_handler(error, context)
    faults = [
        {"reason": fault.reason, "where": fault.where, "message": say(fault.template, fault.values)}
        for fault in getattr(error, "faults", [])
    ]
    return Response({"reason": error.reason, "detail": error.words(), "errors": faults}, status=status_of(error))
