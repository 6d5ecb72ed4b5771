"""Folders and the command: every file gets an outcome, whatever it is, and the same bytes whatever the number of workers."""

import base64
import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import ImplicitVRLittleEndian

from concours.deid.identity import centre_key
from concours.deid.tree import deidentify_tree, files_below
from concours.deid.worker_process import DeidOrder
from tests.concours.deid.made import IDENTIFIERS, KEY, ct, written

OUTCOMES = {"accept": "written", "reject": "refused", "review": "review"}


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def a_folder(folder: Path) -> Path:
    source = folder / "Ingrid Testperson"
    source.mkdir()
    for number in range(5):
        written(source, ct(SOPInstanceUID=f"1.2.3.5.{number}"), f"{number}.dcm")
    written(source, ct(SOPInstanceUID="1.2.3.5.0", KVP="100"), "9-second-of-one-uid.dcm", ImplicitVRLittleEndian)
    (source / "letter.pdf").write_bytes(b"%PDF-1.4 Ingrid")
    (source / "empty").write_bytes(b"")
    (source / "link").symlink_to("/etc/passwd")
    return source


def test_same_bytes_whatever_the_number_of_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("concours.deid.tree.BATCH", 1)
    source = a_folder(tmp_path)
    order = DeidOrder(KEY, "A", pixel_text=False)
    deidentify_tree_result = deidentify_tree(source, tmp_path / "one", order)
    three = deidentify_tree(source, tmp_path / "three", order, jobs=3)
    again = deidentify_tree(source, tmp_path / "one", order)
    assert deidentify_tree_result.to_json() == three.to_json() == again.to_json()
    assert files_of(tmp_path / "one") == files_of(tmp_path / "three")
    assert [f["outcome"] for f in deidentify_tree_result.files] == ["written"] * 6 + ["refused"] * 3
    assert [f["reason"] for f in deidentify_tree_result.files[6:]] == ["not_dicom", "not_dicom", "unsafe_file"]
    assert len(files_of(tmp_path / "one")) == 6
    answer = json.dumps(deidentify_tree_result.to_json())
    assert not [secret for secret in (*IDENTIFIERS, "letter", "9-second") if secret in answer]


def test_another_profile_into_the_same_folder_replaces(tmp_path: Path) -> None:
    source = a_folder(tmp_path)
    deidentify_tree(source, tmp_path / "out", DeidOrder(KEY, "A", pixel_text=False))
    before = files_of(tmp_path / "out")
    time.sleep(0.1)
    deidentify_tree(source, tmp_path / "out", DeidOrder(KEY, "A", keep=("PatientSex",), pixel_text=False))
    after = files_of(tmp_path / "out")
    assert before.keys() == after.keys() and all(before[name] != after[name] for name in before)


def test_destination_inside_the_source_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    written(tmp_path, ct())
    written(tmp_path / "out", ct())
    assert [p.name for p in files_below(tmp_path, tmp_path / "out")] == ["in.dcm"]
    assert files_below(tmp_path / "in.dcm", tmp_path / "out") == [tmp_path / "in.dcm"]


def test_a_file_that_hangs_its_worker_gets_an_outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("concours.deid.worker_process.TICK", 0.0)
    written(tmp_path, ct())
    summary = deidentify_tree(tmp_path, tmp_path / "out", DeidOrder(KEY, "A", seconds=0.0, pixel_text=False))
    assert [(f["outcome"], f["reason"]) for f in summary.files] == [("refused", "too_large")]
    assert files_of(tmp_path / "out") == {}


@pytest.mark.sample
@pytest.mark.slow
def test_awkward_samples_end_as_expected(tmp_path: Path) -> None:
    sample = Path(os.environ.get("SAMPLE_DIR", "../shared/sample")) / "awkward"
    if not sample.exists():
        pytest.skip("SAMPLE_DIR is absent")
    rows = csv.DictReader((sample / "EXPECTED.csv").read_text("utf-8").splitlines())
    expected = {row["file"]: row for row in rows}
    summary = deidentify_tree(sample, tmp_path / "out", DeidOrder(KEY, "A"), jobs=2)
    names = [path.name for path in files_below(sample, tmp_path / "out")]
    wrong = []
    for name, result in zip(names, summary.files, strict=True):
        if name in expected:
            right = {OUTCOMES[w] for w in (expected[name]["expected"], expected[name]["also_ok"]) if w}
            if result["outcome"] not in right:
                wrong.append((name, result["outcome"], result["reason"], right))
    assert not wrong
    assert len(expected) == 39
    assert all((tmp_path / "out" / f["output"]).is_file() for f in summary.files if f["output"])


def test_5000_mutated_files_get_an_outcome_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-m", "tests.concours.deid.mutate", str(tmp_path)]
    document = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=300).stdout)
    with capsys.disabled():
        sys.stdout.write(f"\n5000 mutated files: {document}\n")
    assert sum(document["outcomes"].values()) == 5000
    assert set(document["outcomes"]) <= {"written", "review", "refused"}
    assert document["outcomes"]["refused"] > 100 and document["outcomes"]["written"] > 100
    assert document["slowest_s"] < 5 and document["peak_mb"] < 300
    assert not list((tmp_path / "out").rglob("*.part"))


def test_command_writes_the_report_of_interfaces(tmp_path: Path) -> None:
    call_command = pytest.importorskip("django.core.management").call_command
    (tmp_path / "key").write_text(base64.b64encode(KEY).decode() + "\n")
    (tmp_path / "in").mkdir()
    written(tmp_path / "in", ct())
    arguments = (
        "--key-file",
        str(tmp_path / "key"),
        "--centre",
        "A",
        "--question",
        "concours/questions/catalogue/sarcopenia.yaml",
        "--no-pixel-text",
    )
    call_command(
        "deidentify", str(tmp_path / "in"), str(tmp_path / "out"), *arguments, "--report", str(tmp_path / "r.json")
    )
    report = json.loads((tmp_path / "r.json").read_text())
    assert set(report) >= {"files", "frames_examined_for_text", "fast_path"}
    result = report["files"][0]
    assert set(result) >= {"sha256", "outcome", "reason", "output", "actions"}
    assert dcmread(tmp_path / "out" / result["output"]).PatientAge == "066Y"
    assert report["fast_path"] == 1


def test_a_centre_uses_its_own_key_in_place_of_the_challenges(tmp_path: Path) -> None:
    call_command = pytest.importorskip("django.core.management").call_command
    (tmp_path / "key").write_bytes(base64.b64encode(KEY))
    (tmp_path / "centre-key").write_bytes(base64.b64encode(centre_key(KEY, "A").secret))
    (tmp_path / "in").mkdir()
    written(tmp_path / "in", ct())
    by_server = ("--key-file", str(tmp_path / "key"), "--centre", "A")
    by_centre = ("--centre-key-file", str(tmp_path / "centre-key"))
    for name, keys in (("server", by_server), ("centre", by_centre)):
        call_command("deidentify", str(tmp_path / "in"), str(tmp_path / name), *keys, "--no-pixel-text")
        call_command("export_mapping", str(tmp_path / "in"), str(tmp_path / f"{name}-map"), *keys)
    (ours,), (theirs,) = ([*(tmp_path / name).rglob("*.dcm")] for name in ("server", "centre"))
    assert ours.relative_to(tmp_path / "server") == theirs.relative_to(tmp_path / "centre")
    assert ours.read_bytes() == theirs.read_bytes()
    maps = [(tmp_path / f"{name}-map" / "patid_mapping.csv").read_text() for name in ("server", "centre")]
    assert maps[0] == maps[1] and dcmread(ours).PatientID in maps[0]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"--centre-key-file": "/nowhere"}, "one key"),
        ({"key": "c2hvcnQ="}, "32"),
        ({"key": "?"}, "base64"),
        ({"--profile": "none"}, "profile"),
        ({"--question": "/nowhere.yaml"}, "read"),
        ({"src": "nowhere"}, "exist"),
    ],
)
def test_a_wrong_call_is_told_so(tmp_path: Path, change: dict[str, str], word: str) -> None:
    management = pytest.importorskip("django.core.management")
    (tmp_path / "key").write_text(change.pop("key", base64.b64encode(KEY).decode()))
    source = change.pop("src", str(tmp_path / "key"))
    extra = [part for pair in change.items() for part in pair]
    with pytest.raises(management.base.CommandError) as caught:
        management.call_command(
            "deidentify", source, str(tmp_path / "out"), "--key-file", str(tmp_path / "key"), *extra
        )
    assert word in str(caught.value) and caught.value.returncode == 2
