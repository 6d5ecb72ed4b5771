"""RECIST diameters under every definition: by hand, by property, against all pairs and OpenCV."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import pdist

from concours import metrics
from concours.metrics import Region
from concours.metrics.basis.diameters import RECIST, hull_vertices, recist_diameter

spacings = st.tuples(*[st.floats(0.3, 4)] * 3)
CORNERS = {2: list(np.ndindex(2, 2)), 3: list(np.ndindex(2, 2, 2))}


def all_pairs(points: np.ndarray) -> float:
    return float(pdist(points).max()) if len(points) > 1 else 0.0


def corners(mask: np.ndarray) -> np.ndarray:
    return np.concatenate([np.argwhere(mask) + np.array(corner) - 0.5 for corner in CORNERS[mask.ndim]])


def slices(mask: np.ndarray) -> list[np.ndarray]:
    return [mask[..., index] for index in range(mask.shape[-1])]


def components(plane: np.ndarray) -> list[np.ndarray]:
    count, labels = cv2.connectedComponents(plane.astype(np.uint8), connectivity=8)
    return [np.argwhere(labels == label) for label in range(1, count)]


def test_one_voxel_by_hand() -> None:
    mask = np.zeros((5, 5, 5), bool)
    mask[2, 2, 2] = True
    region = Region(mask, (3.0, 4.0, 12.0))
    expected = {
        "d2_center": 0,
        "d2_edge": 5,
        "d2_center_component": 0,
        "d3_center": 0,
        "d3_edge": 13,
        "enclosing_circle": 0,
    }
    assert {name: recist_diameter(region, name) for name in RECIST.choices} == pytest.approx(expected)


def test_two_components_in_a_slice_by_hand() -> None:
    plane = np.zeros((1, 21), bool)
    plane[0, :3] = plane[0, 18:] = True
    region = Region(plane, (1.0, 0.5))
    assert recist_diameter(region, "d2_center") == 10.0
    assert recist_diameter(region, "d2_center_component") == 1.0
    assert recist_diameter(region, "enclosing_circle") == 1.0


def test_a_right_angle_needs_a_larger_circle_than_its_diameter() -> None:
    triangle = np.tri(5, dtype=bool)
    assert recist_diameter(Region(triangle), "enclosing_circle") == pytest.approx(4 * 2**0.5)
    points = np.zeros((8, 7), bool)  # nearly equilateral: the circle is wider than any pair
    points[0, 0] = points[0, 6] = points[5, 3] = True
    line = np.ones((1, 1), bool)
    joined = (
        points
        | (np.indices(points.shape)[0] <= 0)
        | ((np.indices(points.shape)[1] == 3) & (np.indices(points.shape)[0] <= 5))
    )
    assert recist_diameter(Region(joined), "enclosing_circle") > recist_diameter(Region(joined), "d2_center")
    assert recist_diameter(Region(line), "enclosing_circle") == 0.0


@settings(deadline=None, max_examples=60)
@given(arrays(bool, (7, 6, 4)).filter(np.any), spacings)
def test_as_all_pairs(mask: np.ndarray, spacing: tuple[float, ...]) -> None:
    region, flat = Region(mask, spacing), np.array(spacing[:2])
    planes = slices(mask)
    expected = {
        "d3_center": all_pairs(np.argwhere(mask) * spacing),
        "d3_edge": all_pairs(corners(mask) * spacing),
        "d2_center": max(all_pairs(np.argwhere(plane) * flat) for plane in planes),
        "d2_edge": max(all_pairs(corners(plane) * flat) for plane in planes),
        "d2_center_component": max(all_pairs(part * flat) for plane in planes for part in components(plane)),
    }
    for name, value in expected.items():
        assert recist_diameter(region, name) == pytest.approx(value, abs=1e-9), name


@settings(deadline=None, max_examples=60)
@given(arrays(bool, (9, 8)).filter(np.any), st.floats(0.3, 4), st.floats(0.3, 4))
def test_enclosing_circles_as_opencv(plane: np.ndarray, first: float, second: float) -> None:
    circles = [2 * cv2.minEnclosingCircle((part * (first, second)).astype(np.float32))[1] for part in components(plane)]
    # OpenCV works in float32 and adds a margin of 1e-4.
    assert recist_diameter(Region(plane, (first, second)), "enclosing_circle") == pytest.approx(max(circles), abs=5e-3)


@pytest.mark.parametrize("size", [30, 120])
def test_large_masks_take_the_hull_and_give_the_same(size: int) -> None:
    grid = np.indices((size, size)) - size / 2 + 0.3
    disc = (grid[0] / 1.4) ** 2 + grid[1] ** 2 < (size / 3.1) ** 2
    assert recist_diameter(Region(disc, (0.7, 0.9)), "d2_center") == pytest.approx(
        all_pairs(np.argwhere(disc) * (0.7, 0.9))
    )


def test_flat_and_straight_sets_have_a_hull_too() -> None:
    plane = np.stack(np.meshgrid(np.arange(12), np.arange(12), indexing="ij"), -1).reshape(-1, 2)
    tilted = np.column_stack([plane, plane.sum(axis=1)])
    assert len(hull_vertices(tilted)) == 4
    line = np.arange(100)[:, None] * np.array([[1, 2, 3]])
    assert sorted(map(tuple, hull_vertices(line).tolist())) == [(0, 0, 0), (99, 198, 297)]
    assert len(hull_vertices(np.zeros((100, 3), np.int64))) == 1


def test_error_absolute_relative_and_capped() -> None:
    error = metrics.find("recist_error")
    truth, prediction, empty = np.zeros((1, 30), bool), np.zeros((1, 30), bool), np.zeros((1, 30), bool)
    truth[0, :11], prediction[0, :16] = True, True
    assert error(truth, prediction).value == 5.0
    assert error(truth, prediction, relative=True).value == 0.5
    assert error(truth, prediction, relative=True, cap=0.2).value == 0.2
    assert error(truth, prediction, recist="d2_edge").value == pytest.approx((16**2 + 1) ** 0.5 - (11**2 + 1) ** 0.5)
    assert error(truth, empty).value == 10.0
    assert error(empty, truth, relative=True).reason == "empty_truth"
    assert error(empty, truth, relative=True, cap=1.0).value == 1.0


@given(st.floats(0.2, 5))
def test_diameters_scale_with_spacing(factor: float) -> None:
    mask = np.random.default_rng(2).random((8, 8, 3)) < 0.4
    for name in RECIST.choices:
        scaled = recist_diameter(Region(mask, (factor, factor, factor)), name)
        assert scaled == pytest.approx(factor * recist_diameter(Region(mask), name))


@pytest.mark.parametrize("spread", [3, 40, 9000])
def test_hulls_of_many_plane_points_keep_the_diameter(spread: int) -> None:
    for seed in range(30):
        generator = np.random.default_rng(seed)
        points = np.rint(generator.normal(size=(200, 2)) * [spread, generator.choice([0, 1, spread])]).astype(np.int64)
        vertices = hull_vertices(points)
        assert {tuple(vertex) for vertex in vertices.tolist()} <= {tuple(point) for point in points.tolist()}
        for scale in ([1.0, 1.0], [0.7, 2.3]):
            assert all_pairs(vertices * scale) == pytest.approx(all_pairs(points * scale), rel=1e-12)
