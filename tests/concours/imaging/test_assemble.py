"""What the frames of an image are: a volume with the right affine, pictures, or the one reason why they are neither."""

from __future__ import annotations

import dataclasses
import json
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from concours.imaging import Assembly, Frame, Geometry, assemble, letters, read_frames, upright
from tests.concours.imaging.series import RAS, axes_of, lined_up, reasons


def geometry_of(frames: list[Frame]) -> Geometry:
    return assemble(frames).require()


@given(
    turn=st.tuples(*(st.floats(-180, 180) for _ in range(3))),
    tilt=st.floats(-30, 30),
    step=st.floats(0.4, 10),
    pixel=st.floats(0.2, 2),
    count=st.integers(2, 40),
    backwards=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_every_slice_lies_where_its_header_says(
    turn: tuple[float, float, float],
    tilt: float,
    step: float,
    pixel: float,
    count: int,
    backwards: bool,
    seed: int,
) -> None:
    frames = lined_up(count, step=step, axes=axes_of(turn), pixel=pixel, tilt=tilt, backwards=backwards)
    random.Random(seed).shuffle(frames)
    geometry = geometry_of(frames)
    assert geometry.kind == "volume"
    assert geometry.tilt == pytest.approx(abs(tilt), abs=1e-3)
    for k, piece in enumerate(geometry.slices):
        frame = next(frame for frame in frames if frame.file == piece.file)
        assert np.allclose(geometry.world((0, 0, k)), RAS @ np.array(frame.position), atol=1e-3)
        corner = np.array(frame.position) + np.array(frame.orientation[:3]) * pixel * 63  # type: ignore[index]
        assert np.allclose(geometry.world((63, 0, k)), RAS @ corner, atol=1e-3)
    assert np.linalg.det(geometry.matrix[:3, :3]) > 0
    assert np.prod(geometry.spacing or ()) == pytest.approx(np.linalg.det(geometry.matrix[:3, :3]), rel=1e-6)
    assert Assembly.from_json(json.loads(json.dumps(assemble(frames).to_json()))) == assemble(frames)


@given(
    step=st.sampled_from([0.5, 0.625, 0.6, 0.75, 1.0, 1.25, 2.5, 3.27, 5.0]),
    count=st.integers(2, 60),
    decimals=st.integers(2, 4),
    start=st.floats(-500, 500),
    turn=st.tuples(*(st.floats(-20, 20) for _ in range(3))),
)
def test_rounded_headers_are_a_volume(
    step: float, count: int, decimals: int, start: float, turn: tuple[float, float, float]
) -> None:
    frames = [
        dataclasses.replace(
            frame,
            position=tuple(round(mm + start, decimals) for mm in frame.position or ()),
            orientation=tuple(round(cosine, decimals) for cosine in frame.orientation or ()),
        )
        for frame in lined_up(count, step=step, axes=axes_of(turn))
    ]
    geometry = geometry_of(frames)
    assert geometry.shape == (64, 48, count)
    assert (geometry.spacing or ())[2] == pytest.approx(step, abs=0.011)


@given(seed=st.integers(0, 10_000), step=st.floats(1, 6))
def test_noisy_cosines_and_positions_are_a_volume(seed: int, step: float) -> None:
    noise = np.random.default_rng(seed)
    frames = [
        dataclasses.replace(
            frame,
            position=tuple(np.array(frame.position) + noise.uniform(-0.02, 0.02, 3)),
            orientation=tuple(np.array(frame.orientation) + noise.uniform(-2e-4, 2e-4, 6)),
        )
        for frame in lined_up(12, step=step)
    ]
    geometry = geometry_of(frames)
    assert (geometry.spacing or ())[2] == pytest.approx(step, abs=0.01)
    assert 0 < geometry.slack < 0.1


def without(frames: list[Frame], *numbers: int) -> list[Frame]:
    return [frame for n, frame in enumerate(frames) if n not in numbers]


def changed(frames: list[Frame], number: int, **change: Any) -> list[Frame]:
    return [dataclasses.replace(frame, **change) if n == number else frame for n, frame in enumerate(frames)]


def moved(frames: list[Frame], number: int, by: tuple[float, float, float]) -> list[Frame]:
    position = tuple(np.array(frames[number].position) + by)
    return changed(frames, number, position=position)


TEN = lined_up(10)
CORONAL = lined_up(3, axes=np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], float), name="c")
SAGITTAL = lined_up(3, axes=np.array([[0, 1, 0], [0, 0, -1], [-1, 0, 0]], float), name="s")


@pytest.mark.parametrize(
    ("frames", "code", "words"),
    [
        ([], "no_pixels", "no file contains an image"),
        (TEN + [dataclasses.replace(f, file=f"copy{f.file}") for f in TEN], "criterion_not_met", "occurs 2 times"),
        ([*TEN, dataclasses.replace(TEN[3], file="x")], "duplicate_file", "duplicates the position of another slice"),
        ([*TEN[:3], *CORONAL, *SAGITTAL], "criterion_not_met", "3 axial, 3 coronal, 3 sagittal"),
        ([*TEN, CORONAL[0]], "criterion_not_met", "not parallel"),
        (without(TEN, 4, 5), "incomplete_series", "About 2 slices are missing after 03"),
        (moved(TEN, 9, (0, 0, 0.8)), "incomplete_series", "varies from 2.00 to 2.80"),
        (moved(TEN, 5, (0, 3, 0)), "criterion_not_met", "05 is shifted sideways by 3.00 mm"),
        (changed(TEN, 2, rows=32), "wrong_shape", "64 x 48, 64 x 32"),
        (changed(TEN, 2, pixel_spacing=(1.0, 0.9)), "criterion_not_met", "pixel spacing differs"),
        (changed(TEN, 2, position=None), "missing_value", "1 of 10 slices are not stated"),
        (changed(TEN, 2, orientation=(0.0,) * 6), "missing_value", "1 of 10"),
        (changed(TEN, 2, samples=3), "wrong_channels", "colour"),
    ],
)
def test_one_cause_gives_one_reason(frames: list[Frame], code: str, words: str) -> None:
    (fault,) = assemble(frames, "ct").faults
    assert fault.reason == code
    assert words in fault.message
    assert "%(" not in fault.message


def test_a_drift_that_stays_within_each_distance_is_irregular() -> None:
    """Each distance differs by less than a tenth, but the slices leave the line by more than a voxel."""
    positions = np.cumsum([1.0] * 50 + [1.09] * 50)
    frames = [
        dataclasses.replace(frame, position=(0.0, 0.0, float(z)))
        for frame, z in zip(lined_up(100, step=1), positions, strict=True)
    ]
    assert reasons(frames) == ["incomplete_series"]


def test_overlapping_slices_are_a_volume() -> None:
    assert geometry_of(lined_up(8, step=1.5, thickness=3.0)).spacing == pytest.approx((0.9, 0.9, 1.5))


def test_what_has_no_position_is_a_picture_only_where_no_volume_is_due() -> None:
    entry = [dataclasses.replace(TEN[0], position=None)]
    assert geometry_of(entry).kind == "picture"
    assert geometry_of([dataclasses.replace(entry[0], samples=3)]).kind == "picture"
    clip = [dataclasses.replace(f, position=None, modality="US", samples=3) for f in TEN]
    assert geometry_of(clip).kind == "pictures"
    assert geometry_of(clip).grid is None
    assert reasons([dataclasses.replace(f, position=None) for f in TEN]) == ["missing_value"]


def test_one_slice_has_its_thickness_and_a_grid_of_rows_and_columns() -> None:
    geometry = geometry_of([dataclasses.replace(TEN[0], thickness=4.0)])
    assert geometry.spacing == pytest.approx((0.9, 0.9, 4.0))
    assert geometry.grid is not None
    assert geometry.grid.shape == (48, 64)


def test_a_tilted_gantry_shears_the_affine_and_keeps_the_volume_of_a_voxel() -> None:
    geometry = geometry_of(lined_up(8, step=5, tilt=15))
    assert geometry.tilt == pytest.approx(15)
    assert (geometry.spacing or ())[2] == pytest.approx(5 * np.cos(np.radians(15)))


@given(turn=st.tuples(*(st.floats(-180, 180) for _ in range(3))), backwards=st.booleans())
def test_every_plane_hangs_in_the_radiological_convention(turn: tuple[float, float, float], backwards: bool) -> None:
    """On the screen the sides that rows and columns go to depend on the plane alone."""
    geometry = geometry_of(lined_up(5, axes=axes_of(turn), backwards=backwards))
    slices, down, right = letters(geometry).split(",")
    assert (down, right) == {"I": ("P", "L"), "S": ("P", "L"), "P": ("I", "L"), "L": ("I", "P")}[slices]
    assert sorted(upright(geometry).axes) == [0, 1, 2]
    assert upright(geometry).axes[0] == 2


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        (("L", "F"), ",I,L"),
        (("R", "F"), ",I,L"),
        (("R", "H"), ",I,L"),
        (("F", "L"), ",I,L"),
        (("H", "R"), ",I,L"),
        (("P", "F"), ",I,P"),
        (("A", "FR"), ",I,A"),
        (("", ""), ""),
    ],
)
def test_a_radiograph_hangs_by_its_patient_orientation(stored: tuple[str, str], shown: str) -> None:
    frame = dataclasses.replace(TEN[0], position=None, modality="DX", patient_orientation=stored)
    assert letters(geometry_of([frame])) == shown


@pytest.mark.parametrize("step", [4.4, -4.4])
def test_nuclear_slices_are_stacked_on_the_side_that_the_sign_of_their_spacing_says(step: float) -> None:
    """PS3.3 C.8.4.15: the first slice is stated once, and SpacingBetweenSlices may be negative."""
    dataset, detector = Dataset(), Dataset()
    dataset.Modality, dataset.ImageType = "NM", ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"]
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel, dataset.NumberOfFrames = 48, 64, 1, 40
    dataset.PixelSpacing, dataset.SpacingBetweenSlices, dataset.SliceVector = [4.0, 4.0], step, list(range(1, 41))
    detector.ImagePositionPatient, detector.ImageOrientationPatient = [-100, -100, 50], [1, 0, 0, 0, 1, 0]
    dataset.DetectorInformationSequence = [detector]
    geometry = geometry_of(read_frames(dataset, "nm.dcm"))
    assert (geometry.kind, geometry.shape[2]) == ("volume", 40)
    at = {piece.number: geometry.world((0, 0, k))[2] for k, piece in enumerate(geometry.slices)}
    assert at[0] == pytest.approx(50)
    assert at[39] == pytest.approx(50 + 39 * step)


def test_views_that_hang_differently_have_no_common_letters() -> None:
    front = dataclasses.replace(TEN[0], position=None, modality="DX", patient_orientation=("L", "F"))
    side = dataclasses.replace(front, file="b", patient_orientation=("P", "F"))
    assert letters(geometry_of([front, dataclasses.replace(front, file="b")])) == ",I,L"
    assert letters(geometry_of([front, side])) == ""


@given(
    counts=st.lists(st.integers(4, 12), min_size=2, max_size=4),
    apart=st.sampled_from(["phases", "planes"]),
    step=st.sampled_from([1.0, 2.5]),
    seed=st.integers(0, 99),
)
def test_several_stacks_in_one_object_are_one_reason_that_says_what_to_do(
    counts: list[int], apart: str, step: float, seed: int
) -> None:
    """Stacks of one object in any order: of one plane again and again, or of several planes."""
    turns = [(0.0, 0.0, 0.0), (90.0, 0.0, 0.0), (0.0, 90.0, 0.0)]
    stacks = [
        lined_up(count, step=step, axes=axes_of(turns[n % 3] if apart == "planes" else turns[0]))
        for n, count in enumerate(counts)
    ]
    frames = [frame for stack in stacks for frame in stack]
    random.Random(seed).shuffle(frames)
    frames = [dataclasses.replace(frame, file="enhanced.dcm", number=n) for n, frame in enumerate(frames)]
    (fault,) = assemble(frames).faults
    assert (fault.reason, fault.where) == ("criterion_not_met", "enhanced.dcm")
    assert "several stacks in one multi-frame object" in fault.message and "as a series of its own" in fault.message
    (alone,) = [assemble([dataclasses.replace(frame, file="one.dcm", number=n) for n, frame in enumerate(stacks[0])])]
    assert alone.faults == () and alone.geometry is not None


def test_a_localiser_in_one_object_is_still_a_localiser() -> None:
    frames = [frame for turn in ((0.0, 0.0, 0.0), (90.0, 0.0, 0.0)) for frame in lined_up(3, axes=axes_of(turn))]
    (fault,) = assemble(
        [dataclasses.replace(frame, file="scout.dcm", number=n) for n, frame in enumerate(frames)]
    ).faults
    assert "as in a localiser" in fault.message
