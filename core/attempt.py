"""One step called from a page's form: what it refuses becomes a message on the page the person comes back to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.http import HttpRequest

from core.errors import StepError
from core.words import say


@contextmanager
def attempt(request: HttpRequest, done: str) -> Iterator[None]:
    """`with attempt(request, _("Saved.")): step(...)`: the step's refusal in words, with every fault; else `done`."""
    try:
        yield
    except StepError as error:
        messages.error(request, error.words())
        for fault in getattr(error, "faults", []):
            where = f" ({fault.where})" if fault.where else ""
            messages.error(request, say(fault.template, fault.values) + where)
    else:
        if done:
            messages.success(request, done)
