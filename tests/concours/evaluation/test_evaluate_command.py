"""`manage.py score`: one JSON document, exit codes 0, 2, 3, 4, truths as a table or a folder, no database."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.concours.evaluation.sets import CATALOGUE, csv_bytes, npy_bytes, write_folder, write_zip

NODULES = CATALOGUE / "nodules.yaml"
LUNG = CATALOGUE / "lung-tumour.yaml"


def run(*command: Any) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    try:
        call_command("score", *map(str, command), stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "labels.csv"
    path.write_bytes(csv_bytes([{"id": f"{number:03d}", "abnormal": number % 2} for number in range(10)]))
    return path


def table(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_bytes(csv_bytes(rows))
    return path


def test_scored_is_exit_0(labels: Path, tmp_path: Path) -> None:
    sent = table(tmp_path / "p.csv", [{"case_id": f"{n:03d}", "probability": n % 2} for n in range(10)])
    code, document = run(NODULES, "--truth", labels, "--submission", sent, "--per-case")
    assert (code, document["status"], document["scores"]) == (0, "scored", {"auc": 1.0})
    assert set(document["cases"]) == {f"{n:03d}" for n in range(10)}


def test_rejected_is_exit_3_with_every_error(labels: Path, tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"case_id": f"{n:03d}", "probability": 0.5} for n in range(9)]
    rows[0]["probability"], rows[1]["probability"], rows[2]["case_id"] = "1_0", 7, "002x"
    code, document = run(NODULES, "--truth", labels, "--submission", table(tmp_path / "p.csv", rows))
    assert (code, document["status"]) == (3, "rejected")
    assert sorted(error["reason"] for error in document["errors"]) == [
        "extra_id",
        "missing_id",
        "missing_id",
        "non_numeric",
        "out_of_range",
    ]
    assert all(
        set(error) == {"reason", "where", "message"} and len(error["message"]) <= 280 for error in document["errors"]
    )


def test_a_truth_at_fault_is_exit_4(tmp_path: Path) -> None:
    truth = table(tmp_path / "t.csv", [{"id": "a", "abnormal": 1}, {"id": "b", "abnormal": 1}])
    sent = table(tmp_path / "p.csv", [{"case_id": "a", "probability": 1}, {"case_id": "b", "probability": 0}])
    code, document = run(NODULES, "--truth", truth, "--submission", sent)
    assert (code, document["errors"][0]["reason"]) == (4, "one_class")
    code, document = run(NODULES, "--truth", table(tmp_path / "u.csv", [{"id": "a", "x": 1}]), "--submission", sent)
    assert (code, document["errors"][0]["reason"]) == (4, "organiser_error")


def test_a_wrong_call_is_exit_2(labels: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(NODULES.read_text(encoding="utf-8").replace("rule: best_score", "rule: best"), encoding="utf-8")
    for command in (
        (broken, labels, labels),
        (NODULES, labels, tmp_path / "none.csv"),
        (tmp_path / "no.yaml", labels, labels),
    ):
        with pytest.raises(CommandError) as caught:
            call_command("score", str(command[0]), "--truth", str(command[1]), "--submission", str(command[2]))
        assert caught.value.returncode == 2


def test_the_manifest_can_be_kept_for_a_check_alone(labels: Path, tmp_path: Path) -> None:
    sent = table(tmp_path / "p.csv", [{"case_id": f"{n:03d}", "probability": n % 2} for n in range(10)])
    remaining = tmp_path / "manifest.json"
    run(NODULES, "--truth", labels, "--submission", sent, "--manifest", remaining)
    document = json.loads(remaining.read_text())
    assert (document["id_column"], len(document["ids"])) == ("case_id", 10)


def ball(radius: float) -> np.ndarray:
    grid = np.mgrid[:20, :24, :10]
    return sum((axis - middle) ** 2 for axis, middle in zip(grid, (9, 11, 4), strict=True)) <= radius**2


def runs_of(mask: np.ndarray, base: int = 1) -> str:
    flat = np.concatenate([[0], mask.ravel(order="C").astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(flat))
    return " ".join(f"{start + base} {end - start}" for start, end in zip(edges[::2], edges[1::2], strict=True))


def kit_row(case: str, mask: np.ndarray) -> dict[str, object]:
    """As the organisers' converter writes it; its recist and volume are nobody's business."""
    return {"id": case, "rle": runs_of(mask), "recist": 999, "volume": "", "data_shape": "(20, 24, 10)"}


def test_run_lengths_against_masks_and_against_run_lengths(tmp_path: Path) -> None:
    spacing = {"spacing_row": 0.5, "spacing_col": 0.5, "spacing_slice": 2}
    cases = {"p1": ball(3), "p2": ball(4), "p3": ball(2)}
    sent = table(
        tmp_path / "masks.csv", [kit_row("p2", ball(4)), kit_row("p3", ball(0.5) & False), kit_row("p1", ball(2))]
    )
    part = {"p1": "public", "p2": "private", "p3": "private"}
    folder = write_folder(
        tmp_path / "truth",
        {"truth.csv": csv_bytes([{"id": case, "part": part[case]} | spacing for case in cases])}
        | {f"tumour/{case}.npy": npy_bytes(mask.astype(np.uint8)) for case, mask in cases.items()},
    )
    code, document = run(LUNG, "--truth", folder, "--submission", sent, "--per-case")
    entry, other = int(ball(2).sum()), int(ball(3).sum())
    assert code == 0
    assert document["cases"]["p1"] == {
        "dice": pytest.approx(2 * entry / (entry + other)),
        "recist": pytest.approx(abs(4 - 6) / 6),
        "volume": pytest.approx((other - entry) / other),
    }
    assert document["cases"]["p2"] == {"dice": 1.0, "recist": 0.0, "volume": 0.0}
    assert document["cases"]["p3"] == {"dice": 0.0, "recist": 1.0, "volume": 1.0}
    assert document["parts"]["public"]["dice"] == document["cases"]["p1"]["dice"]
    assert (document["scores"]["frugality"], document["reasons"]["frugality"]) == (None, "declared")
    images = {case: nib.Nifti1Image(mask.astype(np.uint8), np.diag([0.5, 0.5, 2, 1])) for case, mask in cases.items()}
    files = {f"tumour/{case}.nii.gz": gzip.compress(image.to_bytes()) for case, image in images.items()}
    bare = csv_bytes([{"id": case, "part": part[case]} for case in cases])
    nifti = write_folder(tmp_path / "nifti", {"truth.csv": bare, **files})
    _, same = run(LUNG, "--truth", nifti, "--submission", sent, "--per-case")
    assert (same["cases"], same["parts"]) == (document["cases"], document["parts"])
    rows = [kit_row(case, mask) | spacing | {"part": part[case]} for case, mask in cases.items()]
    _, again = run(LUNG, "--truth", table(tmp_path / "truth.csv", rows), "--submission", sent, "--per-case")
    assert (again["cases"], again["parts"]) == (document["cases"], document["parts"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 2 3", "rle_malformed"),
        ("1 a", "rle_malformed"),
        ("1 5 3 4", "rle_overlap"),
        ("4790 20", "rle_out_of_bounds"),
        ("0 4", "rle_out_of_bounds"),
    ],
)
def test_bad_run_lengths_are_refused_with_their_reason(tmp_path: Path, text: str, reason: str) -> None:
    truth = table(tmp_path / "truth.csv", [kit_row("p1", ball(3))])
    sent = table(tmp_path / "masks.csv", [kit_row("p1", ball(3)) | {"rle": text}])
    code, document = run(LUNG, "--truth", truth, "--submission", sent)
    assert (code, [error["reason"] for error in document["errors"]]) == (3, [reason])


def test_nothing_is_asked_of_a_database(labels: Path, tmp_path: Path) -> None:
    """pytest-django refuses every query of a test that does not ask for a database: this one does not."""
    sent = table(tmp_path / "p.csv", [{"case_id": f"{n:03d}", "probability": n / 10} for n in range(10)])
    assert run(NODULES, "--truth", labels, "--submission", sent)[0] == 0


def test_a_bare_mask_folder_is_a_submission_too(tmp_path: Path) -> None:
    kidney = CATALOGUE / "kidney-cortex.yaml"
    mask = npy_bytes(ball(3)[:, :, 4].astype(np.uint8))
    truth = write_folder(tmp_path / "truth", {"truth.csv": csv_bytes([{"id": "k"}]), "cortex/k.npy": mask})
    sent = write_folder(tmp_path / "sent", {"k.npy": mask})
    assert run(kidney, "--truth", truth, "--submission", sent)[1]["scores"] == {"dice": 1.0}
    zipped = write_zip(tmp_path / "sent.zip", {"masks/k.npy": mask})
    assert run(kidney, "--truth", truth, "--submission", zipped)[1]["scores"] == {"dice": 1.0}


def test_paths_may_be_relative(labels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child that reads the submission works in another folder than the caller."""
    table(tmp_path / "p.csv", [{"case_id": f"{n:03d}", "probability": n % 2} for n in range(10)])
    (tmp_path / "sent").mkdir()
    table(tmp_path / "sent" / "p.csv", [{"case_id": f"{n:03d}", "probability": n % 2} for n in range(10)])
    question = NODULES.absolute()
    monkeypatch.chdir(tmp_path)
    for submission in ("p.csv", "sent", "sent/../p.csv"):
        code, document = run(question, "--truth", labels.name, "--submission", submission)
        assert (code, document["status"]) == (0, "scored"), submission


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_any_terminal_can_print_what_is_wrong(labels: Path, tmp_path: Path, encoding: str) -> None:
    """A team's consoles and pipes are not all UTF-8, and names of files need not be text at all."""
    rows: list[dict[str, object]] = [{"case_id": f"{n:03d}", "probability": 0.5} for n in range(10)]
    rows[0]["case_id"] = "００１é"
    sent = table(tmp_path / os.fsdecode(b"p\xff.csv"), rows)
    run = subprocess.run(
        [sys.executable, "manage.py", "score", str(NODULES), "--truth", str(labels), "--submission", str(sent)],
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert run.returncode == 3, run.stderr[-500:]
    document = json.loads(run.stdout.decode(encoding))
    assert {error["reason"] for error in document["errors"]} == {"extra_id", "missing_id"}
    assert any("００１é" in error["message"] for error in document["errors"])
