"""Dice, IoU, volumes and surfaces: by hand, by property, and where a library is right."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import f1_score, jaccard_score

from concours import metrics
from concours.metrics import Region

dice, iou = metrics.find("dice"), metrics.find("iou")
pairs = st.tuples(arrays(bool, (5, 6, 4)), arrays(bool, (5, 6, 4)))


def row(first: int, last: int, length: int = 8) -> np.ndarray:
    mask = np.zeros((1, length), bool)
    mask[0, first:last] = True
    return mask


def test_by_hand() -> None:
    truth, prediction = row(0, 4), row(2, 5)
    assert dice(truth, prediction).value == pytest.approx(2 * 2 / (4 + 3))
    assert iou(truth, prediction).value == pytest.approx(2 / 5)


def test_masks_of_255_do_not_overflow() -> None:
    mask = np.full((20, 20), 255, np.uint8)
    assert dice(mask, mask).value == 1.0


@given(pairs)
def test_symmetric_and_tied_to_one_another(pair: tuple[np.ndarray, np.ndarray]) -> None:
    left, right = pair
    assert dice(left, right).value == dice(right, left).value
    jaccard = iou(left, right).value
    assert dice(left, right).value == pytest.approx(2 * jaccard / (1 + jaccard))


def test_as_scikit_learn_where_it_is_defined() -> None:
    generator = np.random.default_rng(4)
    truth, prediction = generator.random((2, 9, 8, 7)) < 0.3
    assert dice(truth, prediction).value == pytest.approx(f1_score(truth.ravel(), prediction.ravel()))
    assert iou(truth, prediction).value == pytest.approx(jaccard_score(truth.ravel(), prediction.ravel()))
    # Both empty: scikit-learn says 0 with a warning; a scan without a lesion and none drawn is a perfect answer.
    assert dice(truth & ~truth, prediction & ~prediction).value == 1.0


def test_volume_and_surface_in_mm() -> None:
    box = np.zeros((6, 6, 6), bool)
    box[1:4, 1:3, 2:3] = True
    region = Region(box, (2.0, 0.5, 4.0))
    assert metrics.find("volume").measure(region) == 6 * 4.0
    assert metrics.find("surface").measure(region) == 6 * 1.0
    assert metrics.find("surface").measure(Region(box[:, :, 2], (2.0, 0.5))) == 6 * 1.0


def test_a_surface_over_several_slices_is_undefined() -> None:
    score = metrics.find("surface")(np.ones((3, 3, 2), bool), np.ones((3, 3, 2), bool))
    assert score.value is None
    assert score.reason == "wrong_shape"


def test_volume_errors_by_hand() -> None:
    truth, prediction = Region(row(0, 4), (1.0, 2.0)), Region(row(0, 7), (1.0, 2.0))
    assert metrics.find("volume_error")(truth, prediction).value == 6.0
    assert metrics.find("relative_volume_error")(truth, prediction).value == 0.75
    assert metrics.find("relative_volume_error")(prediction, truth).value == pytest.approx(3 / 7)


def test_the_cap_of_a_relative_volume_error() -> None:
    error = metrics.find("relative_volume_error")
    rows, many, empty = row(0, 1), row(0, 8), row(0, 0)
    assert error(rows, many).value == 1.0
    assert error(rows, many, cap=None).value == 7.0
    assert error(rows, many, cap=3.0).value == 3.0
    assert error(empty, many).value == 1.0
    assert error(empty, many, cap=None).reason == "empty_truth"
    assert error(many, empty).value == 1.0


@given(arrays(bool, (4, 5)), st.floats(0.1, 9), st.floats(0.1, 9))
def test_volume_scales_with_spacing(mask: np.ndarray, first: float, second: float) -> None:
    assert Region(mask, (first, second)).volume == pytest.approx(first * second * Region(mask).volume)
