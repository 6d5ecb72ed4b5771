"""Says faults of the plain packages in a template."""

from collections.abc import Iterable

from django import template

from concours.formats.fault import Fault
from core.words import say

register = template.Library()


@register.simple_tag
def said_faults(faults: Iterable[Fault]) -> list[dict[str, str]]:
    """Rows of the component `reasons`."""
    return [{"message": say(fault.template, fault.values), "where": fault.where} for fault in faults]
