"""Files under another name, and data behind the end: taken for what they are, or refused without being inflated."""

from __future__ import annotations

import io
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from openpyxl import Workbook

from concours.formats import nifti
from concours.formats.fault import FormatError
from concours.formats.manifest import SubmissionLimits
from concours.study.sorting import all_files, is_workbook, true_ending
from tests.concours.formats import builders as b


def workbook() -> bytes:
    book, file = Workbook(), io.BytesIO()
    book.active.append(["age", "sex"])
    book.active.append([61, "F"])
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("packed", [True, False])
def test_data_behind_a_volume_are_refused_without_inflating_them(packed: bool) -> None:
    volume = b.nifti(b.ball(), packed=False)
    trailing = bytes(256 << 20)
    data = b.gzipped(volume + trailing, level=1) if packed else volume + bytes(8 << 20)
    tracemalloc.start()
    began = time.thread_time()
    with pytest.raises(FormatError) as refusal:
        nifti.read_mask(data)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refusal.value.faults[0].template == nifti.MORE
    assert peak < 16 << 20 and time.thread_time() - began < 2
    assert nifti.read_mask(b.gzipped(volume + bytes(1000))), "padding of a few bytes is no matter"


def test_endings_follow_the_content() -> None:
    assert true_ending(workbook()[:4096], ".csv") == ".xlsx"
    assert true_ending(b"age,sex\n61,F\n", ".xlsx") == ".csv"
    assert true_ending(b.nifti(b.ball())[:64], ".nii") == ".nii.gz"
    assert true_ending(b.nifti(b.ball(), packed=False)[:64], ".nii.gz") == ".nii"
    assert true_ending(b"\x89PNG", ".png") == ".png"


def test_a_centres_renamed_files_are_read(tmp_path: Path) -> None:
    inside = {"exam/values.csv": workbook(), "exam/mask.nii": b.nifti(b.ball().astype(np.uint8))}
    archive = tmp_path / "upload"
    with zipfile.ZipFile(archive, "w") as created:
        for name, content in inside.items():
            created.writestr(name, content)
    limits = SubmissionLimits(bytes=1 << 30, unpacked_bytes=1 << 30, entries=100)
    files = {
        all_file.name.rpartition("/")[2]: all_file
        for all_file in all_files([str(archive)], ["exam.zip"], tmp_path, limits, ["CT"])
    }
    assert (files["values.csv"].ending, files["values.csv"].columns) == (".xlsx", ("age", "sex"))
    assert files["mask.nii"].ending == ".nii.gz" and files["mask.nii"].grid is not None


def test_a_workbook_that_is_sent_alone_is_a_table_and_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(workbook())
    assert is_workbook(workbook()[:4096])
    limits = SubmissionLimits(bytes=1 << 30, unpacked_bytes=1 << 30, entries=100)
    (file,) = all_files([str(path)], ["values.csv"], tmp_path, limits, ["CT"])
    assert (file.kind, file.ending, file.columns) == ("table", ".xlsx", ("age", "sex"))
