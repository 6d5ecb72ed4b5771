"""Contours of structure sets, filled on the grid of their image, and compared with the winding number of each voxel's centre."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from concours.formats.contour_fill import CrossingError, fill, fill_together
from concours.formats.fault import FormatError
from concours.formats.files import read_mask
from concours.formats.manifest import Grid
from tests.concours.formats.structure_sets import contour, structure_set

SHAPE = (20, 16, 6)
RAS = np.array([[-0.8, 0, 0, 10.0], [0, -0.8, 0, 20.0], [0, 0, 2.5, -40.0], [0, 0, 0, 1]])
SHEARED = RAS + np.array([[0, 0, 0, 0], [0, 0, 0.6, 0], [0, 0, 0, 0], [0, 0, 0, 0]])  # a tilted gantry
LPS = np.diag([-1.0, -1, 1, 1])


def grid_of(affine: NDArray[np.float64] = RAS) -> Grid:
    return Grid(SHAPE, tuple(map(tuple, affine.tolist())))


def at(points: Any, k: float, affine: NDArray[np.float64] = RAS) -> NDArray[np.float64]:
    """Voxel positions (i, j) on slice k as mm, patient LPS."""
    index = np.column_stack([np.asarray(points, float), np.full(len(points), k), np.ones(len(points))])
    return np.asarray((index @ (LPS @ affine).T)[:, :3])


def box(low: tuple[float, float], high: tuple[float, float]) -> list[tuple[float, float]]:
    return [low, (high[0], low[1]), high, (low[0], high[1])]


def drawn(
    *contours: Any, affine: NDArray[np.float64] = RAS, values: tuple[int, ...] | None = None
) -> NDArray[np.bool_]:
    masks = read_mask(structure_set({(3, "liver"): contours}), grid_of(affine), values, "liver.dcm")
    (mask,) = masks.values()
    return mask.dense()


def reasons(data: bytes, grid: Grid | None = None, values: tuple[int, ...] | None = None) -> list[tuple[str, str]]:
    with pytest.raises(FormatError) as caught:
        read_mask(data, grid or grid_of(), values, "liver.dcm")
    return [(fault.reason, fault.message) for fault in caught.value.faults]


def winding(outline: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.int64]:
    """How often the outline turns around the centre of each voxel: angles, added up."""
    centres = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)[..., None, :]
    rays = outline - centres
    angles = np.arctan2(rays[..., 1], rays[..., 0])
    turns = (np.roll(angles, -1, axis=-1) - angles + np.pi) % (2 * np.pi) - np.pi
    return np.round(turns.sum(axis=-1) / (2 * np.pi)).astype(np.int64)


@given(
    seed=st.integers(0, 2**32 - 1),
    corners=st.integers(3, 40),
    reach=st.sampled_from([2.0, 6.0, 30.0]),
    self_crossing=st.booleans(),
)
def test_a_voxel_is_inside_when_the_outline_turns_around_its_centre_an_odd_number_of_times(
    seed: int, corners: int, reach: float, self_crossing: bool
) -> None:
    random = np.random.default_rng(seed)
    angles = random.uniform(0, 2 * np.pi, corners)
    if not self_crossing:
        angles.sort()
    far = random.uniform(0.2, 1, corners) * reach
    outline = np.column_stack([6 + far * np.cos(angles), 8 + far * np.sin(angles)])
    assert np.array_equal(fill(outline, (13, 17)), winding(outline, (13, 17)) % 2 == 1)


def test_outlines_that_share_an_edge_leave_no_gap_and_do_not_overlap() -> None:
    left, right = np.array(box((2, 2), (8, 5))), np.array(box((2, 5), (8, 9)))
    both = fill(left, (12, 12)).astype(int) + fill(right, (12, 12))
    assert both.max() == 1 and both.sum() == 6 * 7
    assert np.array_equal(both == 1, fill(np.array(box((2, 2), (8, 9))), (12, 12)))


def test_a_contour_inside_another_is_a_hole_and_one_inside_the_hole_is_not() -> None:
    mask = drawn(
        contour(at(box((1.5, 1.5), (17.5, 13.5)), 2)),
        contour(at(box((4.5, 4.5), (12.5, 10.5)), 2)),
        contour(at(box((7.5, 6.5), (9.5, 8.5)), 2)),
        contour(at(box((1.5, 1.5), (3.5, 3.5)), 4)),
    )
    assert [int(mask[..., k].sum()) for k in range(6)] == [0, 0, 16 * 12 - 8 * 6 + 2 * 2, 0, 4, 0]
    assert mask[2, 2, 2] and not mask[5, 5, 2] and mask[8, 7, 2]


def test_a_hole_that_is_cut_in_through_a_keyhole_is_a_hole() -> None:
    key = [(1.5, 1.5), (10.5, 1.5), (10.5, 10.5), (1.5, 10.5), (1.5, 5.5), (4.5, 5.5), (4.5, 7.5), (7.5, 7.5), (7.5, 4.5),
           (4.5, 4.5), (4.5, 5.5), (1.5, 5.5)]  # fmt: skip
    assert int(drawn(contour(at(key, 1))).sum()) == 81 - 9


def test_contours_that_cross_are_refused_unless_they_are_meant_to() -> None:
    at_result, other = at(box((2, 2), (9, 9)), 2), at(box((6, 6), (14, 14)), 2)
    ((reason, message),) = reasons(structure_set({(3, "liver"): [contour(at_result), contour(other)]}))
    assert (reason, "slice 3" in message) == ("geometry_mismatch", True)
    both = drawn(contour(at_result, "CLOSEDPLANAR_XOR"), contour(other, "CLOSEDPLANAR_XOR"))
    assert int(both.sum()) == 49 + 64 - 2 * 9
    with pytest.raises(CrossingError):
        fill_together([np.array(box((2, 2), (9, 9))), np.array(box((2.1, 2.1), (9.1, 9.1)))], (20, 20), may_cross=False)


def test_the_same_contour_twice_counts_once() -> None:
    points = at(box((2, 2), (9, 9)), 2)
    assert np.array_equal(drawn(contour(points), contour(points)), drawn(contour(points)))


@pytest.mark.parametrize("affine", [RAS, SHEARED], ids=["straight", "tilted gantry"])
def test_each_slice_takes_the_contours_on_it(affine: NDArray[np.float64]) -> None:
    rings = [contour(at(box((2, 2), (2 + k + 3, 9)), k + 0.1, affine)) for k in range(5)]
    mask = drawn(*rings, affine=affine)
    assert [int(mask[..., k].sum()) for k in range(6)] == [21, 28, 35, 42, 49, 0]


def test_of_contours_that_lie_closer_than_the_slices_those_on_the_slices_are_taken() -> None:
    rings = [contour(at(box((2, 2), (4 + number, 9)), number / 4 + 0.5)) for number in range(12)]  # k = 0.5 to 3.25
    mask = drawn(*rings)
    assert [int(mask[..., k].sum()) // 7 for k in range(6)] == [0, 4, 8, 12, 0, 0]


@pytest.mark.parametrize(
    ("points", "reason", "words"),
    [
        (at(box((2, 2), (9, 9)), 2.5), "geometry_mismatch", "lies between two slices"),
        (at(box((2, 2), (9, 9)), 9), "geometry_mismatch", "outside the image"),
        (at(box((2, 2), (9, 9)), -0.4), "geometry_mismatch", "outside the image"),
        (
            at(box((2, 2), (9, 9)), 2) + np.array([[0, 0, 0], [0, 0, 4], [0, 0, 8], [0, 0, 4]]),
            "geometry_mismatch",
            "not parallel",
        ),
    ],
    ids=["between", "beyond", "before", "tilted"],
)
def test_contours_that_do_not_lie_on_the_slices_are_refused(points: Any, reason: str, words: str) -> None:
    ((code, message),) = reasons(structure_set({(3, "liver"): [contour(points)]}))
    assert code == reason and words in message and "contour 1 of region 3" in message


@pytest.mark.parametrize("count", [4, 11, 13])
def test_coordinates_that_are_cut_off_are_refused(count: int) -> None:
    broken = contour(at(box((2, 2), (9, 9)), 2))
    broken.ContourData = list(broken.ContourData)[:count] + ["1"] * (count - 12)
    ((reason, message),) = reasons(structure_set({(3, "liver"): [contour(at(box((2, 2), (9, 9)), 1)), broken]}))
    assert reason == "unreadable_file" and "contour 2 of region 3" in message


def test_a_point_count_is_not_required_but_nothing_may_be_missing() -> None:
    item = contour(at(box((2, 2), (9, 9)), 2))
    del item.NumberOfContourPoints
    assert int(drawn(item).sum()) == 49
    del item.ContourData
    assert [reason for reason, _ in reasons(structure_set({(3, "liver"): [item]}))] == ["unreadable_file"]


def test_marks_are_no_regions_and_open_lines_have_no_area() -> None:
    mark, line = contour(at([(5, 5)], 2), "POINT"), contour(at(box((2, 2), (9, 9)), 2), "OPEN_PLANAR")
    area = contour(at(box((2, 2), (9, 9)), 2))
    masks = read_mask(
        structure_set({(1, "isocentre"): [mark], (3, "liver"): [area, mark]}), grid_of(), None, "liver.dcm"
    )
    assert int(masks[1].count) == 49
    assert [reason for reason, _ in reasons(structure_set({(3, "liver"): [line]}))] == ["wrong_format"]
    assert [reason for reason, _ in reasons(structure_set({(1, "isocentre"): [mark]}))] == ["missing_value"]


def test_several_regions_are_labels_or_too_many() -> None:
    two = structure_set(
        {(2, "spleen"): [contour(at(box((10, 2), (12, 9)), 2))], (1, "liver"): [contour(at(box((2, 2), (9, 9)), 2))]}
    )
    masks = read_mask(two, grid_of(), (0, 1, 2), "organs.dcm")
    assert {label: int(mask.count) for label, mask in masks.items()} == {1: 49, 2: 14}
    assert [reason for reason, _ in reasons(two)] == ["non_binary_mask"]
    ((reason, message),) = reasons(two, values=(0, 2, 3))
    assert (reason, "region 1" in message) == ("non_binary_mask", True)


def test_a_contour_may_reach_beyond_the_image() -> None:
    assert int(drawn(contour(at(box((-5, -5), (40, 40)), 2))).sum()) == SHAPE[0] * SHAPE[1]


def test_one_slice_takes_contours_in_rows_and_columns() -> None:
    affine = RAS[:, [1, 0, 2, 3]]
    grid = Grid((16, 20), tuple(map(tuple, affine.tolist())))
    data = structure_set({(1, "liver"): [contour(at(box((2, 3), (9, 13)), 0))]})
    mask = read_mask(data, grid, None, "liver.dcm")[1].dense()
    assert mask.shape == (16, 20) and mask[3:13, 2:9].all() and int(mask.sum()) == 70


def test_an_image_without_positions_takes_no_contours() -> None:
    data = structure_set({(1, "liver"): [contour(at(box((2, 3), (9, 13)), 0))]})
    assert [reason for reason, _ in reasons(data, Grid((16, 20), None, (1.0, 1.0)))] == ["geometry_mismatch"]
