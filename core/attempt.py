"""One step called from a page's form: what it refuses becomes a message on the page the person comes back to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.http import HttpRequest

from core.errors import StepError
from core.words import say


@contextmanager
def attempt(request: HttpRequest, done: str, *, called: Callable[[str], str] = str) -> Iterator[None]:
    """`with attempt(request, _("Saved.")): step(...)`: the step's refusal in words, with every fault; else `done`.

    `called` says what people call the place of a fault; it is left out where the sentence names it.
    """
    try:
        yield
    except StepError as error:
        messages.error(request, error.words())
        for fault in getattr(error, "faults", []):
            message, where = say(fault.template, fault.values), called(fault.where)
            messages.error(request, f"{message} ({where})" if where and where not in message else message)
    else:
        if done:
            messages.success(request, done)
