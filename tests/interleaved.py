"""Two doers of one step in a fixed order: the second does all of its work at a chosen moment of the first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.utils.module_loading import import_string


def meanwhile(
    monkeypatch: pytest.MonkeyPatch, name: str, other: Callable[[], Any], *, after: bool = False
) -> list[Any]:
    """The first call of the function `name` (a dotted path) runs `other` before it, or after it; what `other` returned."""
    function = import_string(name)
    outcome: list[Any] = []

    def interleaved(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(name, function)
        if after:
            result = function(*args, **kwargs)
            outcome.append(other())
            return result
        outcome.append(other())
        return function(*args, **kwargs)

    monkeypatch.setattr(name, interleaved)
    return outcome


def together(*functions: Callable[[], Any]) -> list[BaseException]:
    """Runs the functions in threads that start at one moment, each with a database connection of its own; what they raised."""
    gate, errors = threading.Barrier(len(functions)), []

    def run(function: Callable[[], Any]) -> None:
        try:
            gate.wait(30)
            function()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def overlapping(
    monkeypatch: pytest.MonkeyPatch, name: str, first: Callable[[], Any], second: Callable[[], Any]
) -> list[BaseException]:
    """`second` begins while `first` is in the function `name`, before it returns: with the changes made, not yet committed.

    `second` may have to wait for a lock of `first`, which goes on after half a second. What the two raised.
    """
    function, called, errors = import_string(name), threading.Event(), []

    def run(doer: Callable[[], Any]) -> None:
        try:
            doer()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    other = threading.Thread(target=run, args=(second,))

    def interleaved(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        if not called.is_set():
            called.set()
            other.start()
            other.join(0.5)
        return result

    monkeypatch.setattr(name, interleaved)
    thread = threading.Thread(target=run, args=(first,))
    thread.start()
    thread.join()
    assert called.is_set(), f"{name} was not called"
    other.join()
    monkeypatch.undo()
    return errors
