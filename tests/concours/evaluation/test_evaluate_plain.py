"""The engine is plain: no Django, and nothing heavy that a web process must not import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.concours.evaluation.loaded import child_modules

ROOT = Path(__file__).resolve().parents[3]
CATALOGUE = ROOT / "concours/questions/catalogue"


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("concours.questions.schema", ("django", "numpy", "metrics", "scoring")),
        ("concours.questions.importers", ("django", "metrics", "scoring")),
        ("concours.evaluation.evaluate", ("django", "pandas", "sklearn", "onnxruntime")),
        ("concours.known_names", ("django", "pandas", "sklearn", "onnxruntime")),
        ("concours.commands.score", ("django", "pydicom", "scipy", "PIL")),
        ("concours.formats.check", ("django", "pydicom", "scipy", "PIL")),
        ("concours.evaluation.kinds", ("django", "pandas", "sklearn", "onnxruntime")),
    ],
)
def test_what_a_plain_module_brings_in(module: str, absent: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print(sorted(set({absent!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_table_is_scored_without_pydicom_and_scipy(tmp_path: Path) -> None:
    """Both the command and its confined child: they are most of what a refusal costs from a cold start."""
    (tmp_path / "truth.csv").write_text("id,abnormal\n" + "".join(f"c{n},{n % 2}\n" for n in range(6)))
    (tmp_path / "sent.csv").write_text("case_id,probability\nc0,high\n")
    code = (
        "import sys; from concours.commands.main import main; from concours.formats import child\n"
        f"code = main(['score', {str(CATALOGUE / 'nodules.yaml')!r}, '--truth', {str(tmp_path / 'truth.csv')!r},"
        f" '--submission', {str(tmp_path / 'sent.csv')!r}])\n"
        f"seen = child.run_limited({child_modules.__module__ + ':child_modules'!r})\n"
        "print(code, [name for name in ('pydicom', 'scipy', 'PIL') if name in {*sys.modules, *seen}])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "3 []"
