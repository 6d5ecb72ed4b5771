"""`manage.py deidentify` as a process: what it writes, and how little memory one large file takes."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.concours.deid.made import KEY, ct, written

ROOT = Path(__file__).parents[3]
MEASURE = (
    "import resource, subprocess, sys; code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode; "
    "print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)


def test_one_large_file_takes_less_than_64_mb_in_each_process(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    frames = 256  # of 512 x 512 x 16 bit: 134 MB
    ds = ct(SOPClassUID="1.2.840.10008.5.1.4.1.1.2.1", NumberOfFrames=frames, Rows=512, Columns=512, PixelData=b"")
    path = written(tmp_path / "in", ds)
    size = frames * 512 * 512 * 2
    with open(path, "r+b") as stream:
        head = stream.read()
        stream.seek(len(head) - 4)  # the length of the empty pixel data
        stream.write(size.to_bytes(4, "little"))
        stream.truncate(len(head) + size)
    key = tmp_path / "key"
    key.write_bytes(base64.b64encode(KEY))
    report = tmp_path / "report.json"
    command = [sys.executable, "manage.py", "deidentify", str(tmp_path / "in"), str(tmp_path / "out"), "--centre", "A"]
    command += ["--key-file", str(key), "--no-pixel-text", "--report", str(report)]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *command],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    code, peak = (int(word) for word in done.stdout.split())
    assert code == 0
    assert json.loads(report.read_text())["outcomes"] == {"written": 1, "review": 0, "refused": 0}
    assert peak < 64 * 1024
