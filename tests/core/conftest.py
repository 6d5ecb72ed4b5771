"""A stage made of a Python function, registered for one test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from core import performing, registry, sweep, vocabulary, work
from core.claims import Claim

Stage = Callable[[Claim], None]
performed: dict[str, Stage] = {}


def perform_probe(claim: Claim) -> None:
    performed[claim.stage](claim)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """`stage("probe", function)` registers a stage; all of them go with the test."""
    stages = dict(registry.stages())
    for module in (performing, registry, sweep, vocabulary, work):
        monkeypatch.setattr(module, "stages", lambda: stages)
    monkeypatch.setattr(sweep, "hooks", dict)

    def register(name: str, function: Stage, **options: Any) -> None:
        performed[name] = function
        stages[name] = registry.Stage(name, name, "tests.core.conftest.perform_probe", **options)

    yield register
    performed.clear()
