"""More than a hundred hostile files: each is refused by name, quickly and in little memory."""

import time
from collections import Counter
from pathlib import Path

import pytest

from concours.formats import child
from concours.formats.check import LIMITS
from concours.formats.fault import MESSAGE_LIMIT, REASONS
from tests.concours.formats.hostile import Hostile, every

CASES = every()


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    child.run_limited("concours.formats.confine:layers")


def test_there_are_more_than_a_hundred() -> None:
    assert len(CASES) >= 100
    assert not [name for name, count in Counter(c.name for c in CASES).items() if count > 1]


@pytest.mark.parametrize("case", CASES, ids=[c.name for c in CASES])
def test_a_hostile_file_is_refused_in_2_s_and_300_mb(case: Hostile, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(case.data)
    cpu_before = time.process_time()
    answer, usage = child.run_measured(
        "concours.formats.check:judge", str(path), case.kind, case.manifest, limits=LIMITS, read=[path]
    )
    assert time.process_time() - cpu_before < 1
    assert usage.cpu_seconds < 2
    assert usage.peak_bytes < 300_000_000
    assert answer["code"] in case.codes or (answer["verdict"] == "accept" and "accept" in case.codes), answer
    assert answer["verdict"] == "reject" or "accept" in case.codes or answer["code"] == "unsupported_object", answer
    if answer["verdict"] == "reject":
        assert answer["code"] in REASONS
        assert len(answer["message"]) <= MESSAGE_LIMIT
