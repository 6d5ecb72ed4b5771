"""A page is made from a record: a frozen dataclass whose fields are the names that its template uses."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def render_page(request: HttpRequest, template: str, page: DataclassInstance, *, status: int = 200) -> HttpResponse:
    """The template with the record's fields as its variables. Records inside the record stay records."""
    return render(request, template, _variables(page), status=status)


def render_part(template: str, part: DataclassInstance) -> SafeString:
    """A part of a page that knows no request, as HTML."""
    return render_to_string(template, _variables(part))


def _variables(record: DataclassInstance) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record)}
