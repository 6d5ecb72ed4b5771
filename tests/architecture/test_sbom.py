"""`make sbom`: every package of the lock file, with its digests, in CycloneDX."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.architecture.source import ROOT


def test_the_bill_of_materials_lists_the_whole_lock() -> None:
    run = subprocess.run([sys.executable, str(ROOT / ".ci/sbom.py")], capture_output=True, text=True, check=True)
    document = json.loads(run.stdout)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    components = document["components"]
    packages = [line for line in lock.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(components) == len(packages) > 50
    assert sum(len(component["hashes"]) for component in components) == lock.count("--hash=sha256:")
    assert {"django", "pydicom"} <= {component["name"] for component in components}
    assert len({component["bom-ref"] for component in components}) == len(components)
