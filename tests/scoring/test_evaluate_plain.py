"""The engine is plain: no Django, and nothing heavy that a web process must not import."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("challenges.spec", ("django", "numpy", "metrics", "scoring")),
        ("challenges.importers", ("django", "metrics", "scoring")),
        ("scoring.evaluate", ("django", "pandas", "sklearn", "onnxruntime")),
        ("scoring.known", ("django", "pandas", "sklearn", "onnxruntime")),
        ("scoring.kinds", ("django", "pandas", "sklearn", "onnxruntime")),
    ],
)
def test_what_a_plain_module_brings_in(module: str, absent: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print(sorted(set({absent!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
