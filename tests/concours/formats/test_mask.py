"""The compact mask: its views agree with the dense array, and it lands on the reference's grid or says why not."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concours.formats.fault import Fault, FormatError
from concours.formats.manifest import Grid
from concours.formats.mask import Mask, Turn, fit
from concours.formats.nifti import read_mask
from tests.concours.formats import builders as b


@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=3),
    st.integers(0, 2**32),
    st.sampled_from([0, 0.05, 0.5, 1]),
    st.sampled_from("CF"),
    st.booleans(),
)
def test_every_view_is_the_array(shape: list[int], seed: int, share: float, order: str, packed: bool) -> None:
    array = np.asarray(np.random.default_rng(seed).random(shape) < share, order=order)
    mask = Mask.from_array(array, order=order)
    if packed:
        mask = Mask(mask.shape, order, bits=np.packbits(array.ravel(order=order), bitorder="little"))
    mask = Mask.from_wire(mask.to_wire())
    assert mask.count == array.sum()
    assert (mask.dense() == array).all()
    for other in "CF":
        assert (mask.bits_in(other) == np.packbits(array.ravel(order=other), bitorder="little")).all()
        flat = np.zeros(array.size, bool)
        for start, end in zip(*mask.runs_in(other), strict=True):
            flat[start:end] = True
        assert (flat.reshape(shape, order=other) == array).all()
    if array.any():
        where = np.nonzero(array)
        assert mask.box == tuple(slice(int(w.min()), int(w.max()) + 1) for w in where)
        assert (mask.crop() == array[mask.box]).all()
    else:
        assert mask.box is None and mask.crop().size == 0


def test_a_smooth_mask_is_kept_as_runs_and_noise_as_bits() -> None:
    smooth = Mask.from_array(b.ball((64, 64, 64)))
    noise = Mask.from_array(np.random.default_rng(0).random((64, 64, 64)) < 0.5)
    assert smooth.runs is not None and smooth.nbytes < 64**3 / 8
    assert noise.bits is not None and noise.nbytes == 64**3 / 8


GRID = Grid(b.SHAPE, tuple(map(tuple, b.AFFINE.tolist())))


def _rewritten(array: np.ndarray, axes: tuple[int, ...], flips: tuple[bool, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The same image with its axes permuted and flipped, and the affine that says so."""
    matrix = np.eye(4)
    for axis, flip in enumerate(flips):
        if flip:
            matrix[axis, axis], matrix[axis, 3] = -1, array.shape[axis] - 1
    flipped = np.flip(array, [i for i, f in enumerate(flips) if f])
    order = np.eye(4)[:, [*axes, 3]]
    return flipped.transpose(axes), b.AFFINE @ matrix @ order


def test_all_48_orientations_land_on_the_reference() -> None:
    mask = b.ball()
    mask[3, 2, 1] = 1  # nothing about it is symmetric now
    for axes in itertools.permutations(range(3)):
        for flips in itertools.product((False, True), repeat=3):
            array, affine = _rewritten(mask, axes, flips)
            data = b.nifti(np.asfortranarray(array), affine, packed=False)
            result = read_mask(data, GRID)[1]
            assert (result.dense() == mask).all(), (axes, flips)
            assert result.spacing == GRID.spacing


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        (np.diag([1, 1, 1, 1.0]), True),
        (np.diag([1 + 5e-4, 1, 1, 1]), True),
        (np.diag([1.01, 1, 1, 1]), False),
        (np.diag([2, 1, 1, 1.0]), False),
    ],
)
def test_the_tolerance_is_a_hundredth_of_a_voxel_at_the_corners(change: np.ndarray, fits: bool) -> None:
    result = fit(b.SHAPE, b.AFFINE @ change, GRID, "m.nii")
    assert isinstance(result, Turn if fits else Fault)
    if not fits:
        assert result.reason == "geometry_mismatch"


@pytest.mark.parametrize(("shift", "fits"), [(9e-3, True), (1.2e-2, False), (1.0, False)])
def test_a_shift_beyond_a_hundredth_of_a_voxel_is_refused(shift: float, fits: bool) -> None:
    moved = np.eye(4)
    moved[1, 3] = shift
    assert isinstance(fit(b.SHAPE, b.AFFINE @ moved, GRID, "m.nii"), Turn) is fits


def test_another_shape_is_said_with_both_shapes() -> None:
    with pytest.raises(FormatError) as caught:
        read_mask(b.nifti(b.ball((8, 8, 8))), GRID, None, "001.nii.gz")
    assert caught.value.faults[0].reason == "wrong_shape"
    assert caught.value.faults[0].message == (
        "001.nii.gz: the array is 8 x 8 x 8; it must be 16 x 12 x 8, like the image provided."
    )


def test_a_singular_or_infinite_affine_is_a_mismatch() -> None:
    for affine in (np.zeros((4, 4)), np.full((4, 4), np.inf), np.full((4, 4), np.nan)):
        result = fit(b.SHAPE, affine, GRID, "m")
        assert isinstance(result, Fault) and result.reason == "geometry_mismatch"
