"""The bodies of API requests: one serializer documents an action's body and validates it; nothing reads the raw data."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import parsers, serializers
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from core.errors import InvalidInputError

LARGEST = 2**63 - 1  # of a database's integers


class Body(serializers.Serializer[Any]):
    """What an action takes. A field that it does not have is an error, so that no misspelt option is ignored."""

    default_error_messages = {"unknown_field": _("This action has no such field.")}

    def to_internal_value(self, data: Any) -> Any:
        unknown = [str(name) for name in data if name not in self.fields]
        if unknown:
            code = "unknown_field"
            raise serializers.ValidationError({name: [self.error_messages[code]] for name in unknown}, code=code)
        return super().to_internal_value(data)


class NoBody(Body):
    """For actions that take nothing."""


class ReasonBody(Body):
    reason = serializers.CharField(allow_blank=True)


class OptionalReasonBody(Body):
    reason = serializers.CharField(allow_blank=True, default="")


class NamesField(serializers.DictField):
    """An object of names and values, as in "declared": {"parameters": 12}. Its child says what a value may be."""

    child = serializers.CharField(allow_blank=True)
    key = serializers.CharField(max_length=120)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            for name in data:
                self.key.run_validation(name)
        return super().to_internal_value(data)


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]})
class ScalarField(serializers.Field[Any, Any, Any, Any]):
    """A text, a number, or true or false."""

    default_error_messages = {"invalid": _("Give a text, a number, true or false.")}
    text = serializers.CharField(allow_blank=True)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str):
            return self.text.run_validation(data)
        if isinstance(data, bool) or (isinstance(data, int) and abs(data) <= LARGEST):
            return data
        if isinstance(data, float) and math.isfinite(data):
            return data
        return self.fail("invalid")

    def to_representation(self, value: Any) -> Any:
        return value


def takes(kind: type[Body] | None, **documentation: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Documents the action's body and sets what `read_body` validates; `None` for an action without one.

    Stands above `@action`. Further arguments are those of `extend_schema`.
    """

    def decorate(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def checked(view: Any, request: Request, *args: Any, **kwargs: Any) -> Any:
            request.body_kind = kind or NoBody  # type: ignore[attr-defined]
            if kind is None:
                read_body(request)
            return method(view, request, *args, **kwargs)

        checked.body = kind or NoBody  # type: ignore[attr-defined]
        return extend_schema(request=kind, **documentation)(checked)

    return decorate


def read_body(request: Request) -> dict[str, Any]:
    """The values of the body that the action takes. Raises ValidationError with every fault, InvalidInputError for no object."""
    data = request.data
    if not isinstance(data, Mapping):
        raise InvalidInputError(gettext_noop("Send a JSON object."))
    body = request.body_kind(data=data)  # type: ignore[attr-defined]
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


class JSONParser(parsers.JSONParser):
    """JSON with finite numbers, texts of whole characters, nested no deeper than the interpreter reads."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        encoding = (parser_context or {}).get("encoding", settings.DEFAULT_CHARSET)
        try:
            text = stream.read().decode(encoding)
            document = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
            if "\\u" in text:  # half of a surrogate pair can be neither stored nor sent back
                json.dumps(document, ensure_ascii=False).encode()
            return document
        except UnicodeEncodeError as error:
            raise ParseError(
                _("A text holds half of a character (a lone surrogate). Send whole characters.")
            ) from error
        except (ValueError, LookupError) as error:
            raise ParseError(f"JSON parse error - {error}") from error
        except RecursionError:
            raise ParseError(_("The JSON is nested too deeply.")) from None


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")
