"""Lesion-wise detection, FROC and panoptic quality."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from concours import metrics
from concours.metrics import Region
from tests.concours.metrics.examples import ball

froc, quality = metrics.find("froc"), metrics.find("panoptic_quality")
SHAPE = (20, 20, 12)
labelled = arrays(np.int64, (6, 7), elements=st.integers(0, 3))


def lesions(*centres: tuple[int, int, int]) -> Region:
    return Region(np.any([ball(SHAPE, centre, 2) for centre in centres], axis=0))


def test_found_missed_and_invented_by_hand() -> None:
    truth = lesions((3, 3, 3), (14, 14, 8), (3, 15, 5))
    prediction = lesions((4, 3, 3), (14, 14, 8), (15, 3, 4), (9, 9, 9))
    assert metrics.find("lesion_sensitivity")(truth, prediction).value == pytest.approx(2 / 3)
    assert metrics.find("lesion_precision")(truth, prediction).value == pytest.approx(2 / 4)
    score = metrics.find("lesion_f1")(truth, prediction)
    assert score.value == pytest.approx(4 / 7)
    assert score.details == {"found": 2, "missed": 1, "invented": 2}


def test_the_overlap_that_counts_is_a_parameter() -> None:
    truth, prediction = lesions((5, 5, 5)), lesions((7, 5, 5))
    shared = np.sum(truth.array & prediction.array) / np.sum(truth.array | prediction.array)
    sensitivity = metrics.find("lesion_sensitivity")
    assert sensitivity(truth, prediction, min_iou=shared - 0.01).value == 1.0
    assert sensitivity(truth, prediction, min_iou=shared + 0.01).value == 0.0
    apart = lesions((15, 15, 9))
    assert sensitivity(truth, apart, min_iou=0.0).value == 0.0


def test_touching_by_a_corner_is_one_lesion_or_two() -> None:
    diagonal = np.eye(4, dtype=bool)
    score = metrics.find("lesion_f1")
    assert score(diagonal, diagonal).details["found"] == 1
    assert score(diagonal, diagonal, connectivity="faces").details["found"] == 4


@settings(deadline=None)
@given(arrays(bool, (8, 8)), arrays(bool, (8, 8)))
def test_swapping_sides_swaps_sensitivity_and_precision(left: np.ndarray, right: np.ndarray) -> None:
    entry = metrics.find("lesion_sensitivity")(left, right).value
    assert entry == metrics.find("lesion_precision")(right, left).value


def detections() -> tuple[dict, dict]:
    truth = {
        "cases": ["a", "b", "c", "d"],
        "case": ["a", "a", "b"],
        "position": [[0, 0, 0], [50, 0, 0], [0, 0, 0]],
        "radius": [3, 3, 3],
    }
    prediction = {
        "case": ["a", "a", "a", "b", "c"],
        "position": [[1, 0, 0], [2, 0, 0], [90, 0, 0], [0, 2, 0], [5, 5, 5]],
        "confidence": [0.9, 0.8, 0.7, 0.4, 0.6],
    }
    return truth, prediction


def test_froc_by_hand() -> None:
    truth, prediction = detections()
    score = froc(truth, prediction, rates=[0.0, 0.25, 0.5, 1.0])
    # False alarms at 0.7 and 0.6 over four exams. None allowed: the lesion at 0.9; one: the same; two: that at 0.4 too.
    assert list(score.details["sensitivities"].values()) == pytest.approx([1 / 3, 1 / 3, 2 / 3, 2 / 3])
    assert score.value == pytest.approx(0.5)


def test_a_second_hit_on_a_lesion_is_no_false_alarm_and_no_second_find() -> None:
    truth, prediction = detections()
    without = {name: [value for at, value in enumerate(values) if at != 1] for name, values in prediction.items()}
    assert froc(truth, without).value == froc(truth, prediction).value


def test_only_the_order_of_confidences_counts() -> None:
    truth, prediction = detections()
    squared = {**prediction, "confidence": np.square(prediction["confidence"])}
    assert froc(truth, squared).value == froc(truth, prediction).value


def test_froc_without_lesions_or_exams_is_undefined_and_a_strange_exam_is_refused() -> None:
    truth, prediction = detections()
    none = {"cases": ["a"], "case": [], "position": np.empty((0, 3)), "radius": []}
    nobody = {"case": [], "position": np.empty((0, 3)), "confidence": []}
    assert froc(none, nobody).reason == "one_class"
    assert froc({**none, "cases": []}, nobody).reason == "empty_set"
    assert froc(truth, nobody).value == 0.0
    with pytest.raises(ValueError, match="exams"):
        froc({**truth, "cases": ["a", "b"]}, prediction)


def test_panoptic_quality_by_hand() -> None:
    truth, prediction = np.zeros((1, 20), int), np.zeros((1, 20), int)
    truth[0, 0:8], truth[0, 10:14] = 1, 2
    prediction[0, 2:8], prediction[0, 13:18] = 7, 9
    score = quality(truth, prediction)
    # 6 of 8 voxels match; 1 of 8 does not: one found, one missed, one invented.
    assert score.value == pytest.approx((6 / 8) / (1 + 0.5 + 0.5))
    assert score.details["recognition_quality"] == pytest.approx(0.5)
    assert score.details["segmentation_quality"] == pytest.approx(0.75)


@given(labelled, labelled)
def test_panoptic_quality_as_its_definition_pair_by_pair(truth: np.ndarray, prediction: np.ndarray) -> None:
    true_labels, found_labels = set(np.unique(truth)) - {0}, set(np.unique(prediction)) - {0}
    matched = []
    for left in true_labels:
        for right in found_labels:
            shared = np.sum((truth == left) & (prediction == right)) / np.sum((truth == left) | (prediction == right))
            matched += [shared] if shared > 0.5 else []
    total = (len(true_labels) + len(found_labels)) / 2
    assert quality(truth, prediction).value == pytest.approx(sum(matched) / total if total else 1.0)


@given(labelled)
def test_renaming_instances_changes_nothing(truth: np.ndarray) -> None:
    renamed = np.array([0, 30, 10, 20])[truth]
    assert quality(truth, renamed).value == 1.0


def test_matches_below_one_half_are_not_unique() -> None:
    with pytest.raises(ValueError, match="unique"):
        quality(np.ones((2, 2), int), np.ones((2, 2), int), min_iou=0.3)
