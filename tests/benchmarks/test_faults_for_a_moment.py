"""Some seconds of faults on the production stack, as `make faults` does for longer: nothing that was acknowledged is lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.redis]


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="The run starts a Redis of its own.")
def test_some_seconds_of_faults_lose_nothing(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    words = ["--seconds", "15", "--every", "2", "--seed", "7", "--teams", "2", "--json", str(report)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.faults", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    document = json.loads(report.read_text())
    assert document["faults"] >= 3 and document["violations"] == []
    assert sum(document["acknowledged"].values()) > 0
