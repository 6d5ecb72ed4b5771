"""Regions: the same voxels in any order and form, and what is measured on them."""

import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from concours.metrics import Reference, Region
from concours.metrics.basis.region import overlap

masks = arrays(bool, array_shapes(min_dims=2, max_dims=3, max_side=9))


def in_all_forms(mask: np.ndarray) -> list[Region]:
    """C and F order, as arrays, bits and runs."""
    forms = [Region(mask), Region(np.asfortranarray(mask)), Reference.of(mask)]
    for order in ("C", "F"):
        flat = mask.ravel(order=order)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], flat.view(np.int8), [0]])))
        forms.append(Region(runs=(edges[::2], edges[1::2]), shape=mask.shape, order=order))
        forms.append(Region(bits=np.packbits(flat, bitorder="little"), shape=mask.shape, order=order))
    return forms


@given(masks)
def test_all_forms_hold_the_same_voxels(mask: np.ndarray) -> None:
    inside = np.argwhere(mask)
    for region in in_all_forms(mask):
        assert np.array_equal(region.array, mask)
        assert region.count == len(inside)
        assert region.digest == Region(mask).digest
        if not len(inside):
            assert region.box is None
            continue
        assert region.box == tuple(slice(low, high + 1) for low, high in zip(inside.min(0), inside.max(0), strict=True))
        assert np.array_equal(region.crop(), mask[region.box])


@given(masks, st.integers(0, 2**32 - 1))
def test_overlap_is_the_same_in_all_forms(mask: np.ndarray, seed: int) -> None:
    other = np.random.default_rng(seed).random(mask.shape) < 0.4
    for left in in_all_forms(mask):
        for right in in_all_forms(other):
            assert overlap(left, right) == np.sum(mask & other)


@given(masks)
def test_surface_is_what_erosion_takes_away(mask: np.ndarray) -> None:
    expected = np.flatnonzero(mask & ~ndimage.binary_erosion(mask))
    assert np.array_equal(Region(np.ascontiguousarray(mask)).surface, expected)
    turned = Region(np.asfortranarray(mask)).in_order("F")
    assert len(turned.surface) == len(expected)


@pytest.mark.parametrize("shape", [(5, 24), (16, 8), (7, 6, 16), (8, 5, 24), (3, 4, 10)])
@pytest.mark.parametrize("density", [0.004, 0.05, 0.7])
def test_rows_of_whole_bytes_and_other_rows_are_cut_alike(shape: tuple[int, ...], density: float) -> None:
    for seed in range(20):
        mask = np.random.default_rng(seed).random(shape) < density
        inside = np.argwhere(mask)
        for region in in_all_forms(mask):
            for order in ("C", "F"):
                turned = region.in_order(order)
                assert turned.order == order or 1 in shape
                assert np.array_equal(turned.array, mask)
                assert np.array_equal(turned.crop(), mask[turned.box] if turned.box else np.zeros((0,) * mask.ndim))
                if len(inside):
                    assert turned.box == tuple(
                        slice(a, b + 1) for a, b in zip(inside.min(0), inside.max(0), strict=True)
                    )


@pytest.mark.parametrize("counted", [False, True])
def test_overlap_of_a_small_region_with_a_large_one(counted: bool) -> None:
    generator = np.random.default_rng(7)
    for low, high in ((0, 40), (17, 23), (3, 38)):
        mask, other = np.zeros((40, 16, 8), bool), generator.random((40, 16, 8)) < 0.5
        mask[low:high] = generator.random((high - low, 16, 8)) < 0.3
        region = Region(other)
        assert not counted or region.count == other.sum()
        assert overlap(Region(mask), region) == np.sum(mask & other)
        assert region.count == other.sum()


def test_values_of_255_count_as_one_voxel_each() -> None:
    assert Region(np.full((3, 3), 255, np.uint8)).count == 9


def test_a_reference_is_computed_once_and_can_be_kept() -> None:
    reference = Reference.of(np.pad(np.ones((3, 3, 3), bool), 2)).prepare()
    remaining = pickle.loads(pickle.dumps(reference))
    assert remaining.digest == reference.digest
    assert "surface_tree" in remaining.__dict__ and "box" in remaining.__dict__
    assert np.array_equal(remaining.surface, reference.surface)


def test_spacing_is_part_of_the_digest() -> None:
    mask = np.ones((2, 2), bool)
    assert Region(mask, (1, 1)).digest != Region(mask, (1, 2)).digest


def test_any_object_with_bits_and_a_shape_is_a_mask() -> None:
    thing = SimpleNamespace(
        shape=(2, 3), spacing=(2.0, 1.0), order="C", bits=np.array([0b101], np.uint8), runs=None, affine=None
    )
    region = Region.of(thing)
    assert region.count == 2
    assert region.array.tolist() == [[True, False, True], [False, False, False]]
    assert region.spacing == (2.0, 1.0)


def test_axial_slices_follow_the_affine() -> None:
    sagittal = np.array([[0, 0, 3.0, 0], [1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 0, 1]])
    assert Region(np.ones((2, 2, 2), bool), affine=sagittal).axial_axis == 1
    assert Region(np.ones((2, 2, 2), bool)).axial_axis == 2
    assert Region(np.ones((2, 2), bool)).axial_axis is None


@pytest.mark.parametrize(
    "call",
    [
        lambda: Region(np.ones((2, 2)), (1.0,)),
        lambda: Region(np.ones((2, 2)), (1.0, 0.0)),
        lambda: Region(np.full((2, 2), np.nan)),
        lambda: Region(bits=np.zeros(5, np.uint8), shape=(2, 2)),
        Region,
    ],
)
def test_what_is_no_mask_is_refused(call) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        call()
