"""A row tells what its work cost, children included, whether it ended well or not."""

import time
from itertools import chain, repeat
from typing import Any

import pytest

from concours.formats import child
from core import claims
from core.claims import Claim
from core.models import Work
from core.performing import perform
from core.work import enqueue


def spins(claim: Claim) -> None:
    until = time.thread_time() + 0.05
    while time.thread_time() < until:
        pass
    if claim.subject_id == "bad":
        raise RuntimeError("no")
    with claim.finish():
        pass


@pytest.mark.parametrize("subject", ["good", "bad"])
def test_of_this_thread(transactional_db: None, stage: Any, subject: str) -> None:
    stage("probe", spins)
    row = enqueue("probe", subject)
    perform(row.pk)
    row.refresh_from_db()
    assert 0.05 <= row.cpu_seconds < 5


def test_a_child_is_counted_once_it_is_gone() -> None:
    before = child.spent()
    _, usage = child.run_measured("concours.formats.confine:layers")
    assert child.spent() - before == pytest.approx(usage.cpu_seconds) and usage.cpu_seconds > 0


def test_of_children(transactional_db: None, stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "spent", chain([1.0], repeat(8.5)).__next__)
    stage("probe", spins)
    row = enqueue("probe", "good")
    perform(row.pk)
    assert 7.5 <= Work.objects.get(pk=row.pk).cpu_seconds < 12
