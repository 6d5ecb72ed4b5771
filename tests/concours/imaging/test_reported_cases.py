"""Series after public bug reports, each with its right value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from concours.imaging import Assembly, assemble_files, load_volume
from tests.presence import cases_dir

CASES = cases_dir()
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="CASES_DIR holds no cases")


def files_of(number: str) -> list[Path]:
    (folder,) = CASES.glob(f"{number}-*")
    return sorted(path for path in (folder / "in").rglob("*") if path.is_file())


def assembled(number: str) -> Assembly:
    return assemble_files(files_of(number), "ct")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("21", "each of the 6 positions occurs 2 times"),
        ("23", "not parallel (3 axial, 3 coronal, 3 sagittal), as in a localiser"),
        ("29", "the positions of 6 of 6 slices are not stated"),
    ],
)
def test_what_is_no_volume_gives_its_one_cause(number: str, words: str) -> None:
    (fault,) = assembled(number).faults
    assert words in fault.message


@pytest.mark.parametrize(("number", "start", "step"), [("30", 100.0, -2.5), ("36", None, None)])
def test_each_marked_frame_lies_at_its_own_position(number: str, start: float | None, step: float | None) -> None:
    geometry = assembled(number).require()
    volume = load_volume(files_of(number), geometry)
    for k, piece in enumerate(geometry.slices):
        plane = volume.array[:, :, k]
        bright = int(np.argwhere(plane > plane.mean() + 3 * plane.std())[:, 0].min())
        n = (bright - 8) // 4
        assert (bright - 8) % 4 == 0
        where = np.array(geometry.world((0, 0, k)))
        assert np.allclose(where, np.diag([-1, -1, 1]) @ np.array(piece.position), atol=0.01)
        if start is not None and step is not None:
            assert where[2] == pytest.approx(start + step * n)


def test_rounded_headers_are_a_volume_every_two_and_a_half_millimetres() -> None:
    geometry = assembled("32").require()
    assert geometry.shape[2] == 8
    assert (geometry.spacing or ())[2] == pytest.approx(2.5, abs=0.01)


def test_a_tilted_gantry_is_told_and_sheared() -> None:
    geometry = assembled("36").require()
    assert geometry.tilt == pytest.approx(15, abs=0.1)
