"""`manage.py check_upload` prints one line of JSON and needs no database."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.concours.formats import builders as b


def _said(*args: str) -> dict[str, str]:
    out = io.StringIO()
    call_command("check_upload", *args, stdout=out)
    assert out.getvalue().count("\n") == 1
    return json.loads(out.getvalue())


def test_verdict_code_and_message(tmp_path: Path) -> None:
    (tmp_path / "a.nii.gz").write_bytes(b.nifti(b.ball()))
    (tmp_path / "bad.csv").write_bytes(b"case_id,p\n1,7\n")
    manifest = {
        "id_column": "case_id",
        "ids": ["1"],
        "columns": {"p": {"type": "number", "min": 0, "max": 1}},
        "grid": {"shape": list(b.SHAPE), "affine": b.AFFINE.tolist()},
        "mask_values": [0, 1],
        "files": "{id}.nii.gz",
        "limits": {"bytes": 10_000_000, "unpacked_bytes": 10_000_000, "entries": 10, "rows": 10},
    }
    (tmp_path / "m.json").write_text(json.dumps(manifest))
    values = ("--manifest", str(tmp_path / "m.json"), "--work", str(tmp_path / "work"))
    good = _said(str(tmp_path / "a.nii.gz"), "--kind", "nifti", *values)
    assert good == {"verdict": "accept", "code": "", "message": "The file can be used."}
    bad = _said(str(tmp_path / "bad.csv"), "--kind", "csv", *values)
    assert bad["verdict"] == "reject" and bad["code"] == "out_of_range"
    assert bad["message"] == "Row 2, id '1': '7' in the column 'p' is outside the range 0 to 1."


def test_a_wrong_call_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is not a file"):
        _said(str(tmp_path / "none"), "--kind", "csv")
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "m.json").write_text("[]")
    with pytest.raises(CommandError, match="manifest"):
        _said(str(tmp_path / "a"), "--kind", "csv", "--manifest", str(tmp_path / "m.json"))


def test_a_refusal_on_the_command_line_loads_the_readers_alone(tmp_path: Path) -> None:
    """The fork server of a site also holds what scoring and cleaning need; one file's check has no use for it."""
    (tmp_path / "huge.nii").write_bytes(bytes(540))
    script = (
        "import resource, subprocess, sys; "
        "subprocess.run([sys.executable, *sys.argv[1:]], check=True, stdout=subprocess.DEVNULL); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    call = ["manage.py", "check_upload", str(tmp_path / "huge.nii"), "--kind", "nifti"]
    peak = subprocess.run([sys.executable, "-c", script, *call], capture_output=True, text=True, check=True)
    assert int(peak.stdout) < 200_000  # kB, on Linux
