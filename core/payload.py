"""The body of an API request as an object; anything else is an answer of 400."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop
from rest_framework.request import Request

from core.errors import InvalidInputError


def payload(request: Request) -> Mapping[str, Any]:
    """JSON object or form. Raises InvalidInputError for a list or a bare value."""
    data = request.data
    if not isinstance(data, Mapping):
        raise InvalidInputError(gettext_noop("Send a JSON object."))
    return data
