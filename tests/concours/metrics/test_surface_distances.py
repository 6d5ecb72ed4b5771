"""HD, HD95, ASSD and NSD: by hand, by property, and against distance transforms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from concours import metrics
from concours.metrics import Reference, Region
from concours.metrics.basis.surface_distance import surface_distances

NAMES = ("hd", "hd95", "assd", "nsd")
solid = arrays(bool, (6, 5, 4)).filter(np.any)


def by_transform(
    truth: np.ndarray, prediction: np.ndarray, spacing: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Another algorithm: distance transforms of the complement of the surfaces (SciPy)."""
    edges = [mask & ~ndimage.binary_erosion(mask) for mask in (truth, prediction)]
    maps = [ndimage.distance_transform_edt(~edge, sampling=spacing) for edge in edges]
    return maps[1][edges[0]], maps[0][edges[1]]


def test_two_voxels_by_hand() -> None:
    truth, prediction = np.zeros((9, 9), bool), np.zeros((9, 9), bool)
    truth[1, 1] = prediction[4, 5] = True
    for name in ("hd", "hd95", "assd"):
        assert metrics.find(name)(Region(truth), Region(prediction)).value == 5.0
        assert metrics.find(name)(Region(truth, (2.0, 1.0)), Region(prediction, (2.0, 1.0))).value == pytest.approx(
            52**0.5
        )
    assert metrics.find("nsd")(truth, prediction, tolerance_mm=5.0).value == 1.0
    assert metrics.find("nsd")(truth, prediction, tolerance_mm=4.99).value == 0.0


def test_definitions_differ_as_named() -> None:
    truth, prediction = np.zeros((1, 40), bool), np.zeros((1, 40), bool)
    truth[0, 0:3] = True
    prediction[0, 0:3] = True
    prediction[0, 13] = True
    # Both are their own surface; three voxels agree, one lies 11 away.
    assert metrics.find("hd")(truth, prediction).value == 11.0
    assert metrics.find("hd95")(truth, prediction).value == pytest.approx(np.percentile([0, 0, 0, 11], 95))
    pooled = metrics.find("hd95")(truth, prediction, definition="pooled").value
    assert pooled == pytest.approx(np.percentile([0] * 6 + [11], 95))
    assert metrics.find("assd")(truth, prediction).value == pytest.approx(11 / 7)
    assert metrics.find("assd")(truth, prediction, definition="mean_of_means").value == pytest.approx(11 / 4 / 2)
    assert metrics.find("nsd")(truth, prediction).value == pytest.approx(6 / 7)


@settings(deadline=None)
@given(solid, solid, st.tuples(*[st.floats(0.3, 4)] * 3))
def test_as_distance_transforms(truth: np.ndarray, prediction: np.ndarray, spacing: tuple[float, ...]) -> None:
    expected = by_transform(truth, prediction, spacing)
    ours = surface_distances(Region(truth, spacing), Region(prediction, spacing))
    assert not isinstance(ours, float)
    assert np.allclose(np.sort(ours.from_truth), np.sort(expected[0]))
    assert np.allclose(np.sort(ours.from_prediction), np.sort(expected[1]))


@settings(deadline=None)
@given(solid, solid)
def test_symmetric_and_scaling_with_spacing(truth: np.ndarray, prediction: np.ndarray) -> None:
    for name in NAMES:
        entry = metrics.find(name)(truth, prediction).value
        assert metrics.find(name)(prediction, truth).value == pytest.approx(entry)
    for name in ("hd", "hd95", "assd"):
        entry = metrics.find(name)(truth, prediction).value
        tripled = metrics.find(name)(Region(truth, (3.0,) * 3), Region(prediction, (3.0,) * 3)).value
        assert tripled == pytest.approx(3 * entry)


def test_missing_the_lesion_is_never_better_than_finding_it_far_away() -> None:
    shape, spacing = (20, 20, 10), (1.0, 1.0, 3.0)
    truth, far, empty = (np.zeros(shape, bool) for _ in range(3))
    truth[0, 0, 0] = far[19, 19, 9] = True
    for name in ("hd", "hd95", "assd"):
        missed = metrics.find(name)(Region(truth, spacing), Region(empty, spacing)).value
        assert missed > metrics.find(name)(Region(truth, spacing), Region(far, spacing)).value


def test_order_in_memory_does_not_matter() -> None:
    generator = np.random.default_rng(5)
    truth, prediction = generator.random((2, 7, 8, 9)) < 0.3
    spacing = (1.0, 2.0, 3.0)
    for name in NAMES:
        plain = metrics.find(name)(Region(truth, spacing), Region(prediction, spacing)).value
        turned = metrics.find(name)(Region(np.asfortranarray(truth), spacing), Region(prediction, spacing)).value
        assert turned == pytest.approx(plain)


def test_a_prepared_reference_gives_the_same_for_every_team() -> None:
    generator = np.random.default_rng(6)
    truth = generator.random((8, 8, 8)) < 0.4
    reference = Reference.of(truth).prepare()
    for _ in range(3):
        prediction = generator.random((8, 8, 8)) < 0.4
        for name in NAMES:
            assert metrics.find(name)(reference, prediction).value == metrics.find(name)(truth, prediction).value


def test_a_negative_tolerance_is_refused() -> None:
    with pytest.raises(ValueError, match="tolerance"):
        metrics.find("nsd")(np.ones((2, 2), bool), np.ones((2, 2), bool), tolerance_mm=-1.0)
