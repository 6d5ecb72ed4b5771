"""Panoptic quality of two instance label maps."""

import numpy as np

from concours.metrics.basis.contract import Metric, MetricParameter, MetricValue, Policy, gettext_noop


def panoptic_quality(truth: np.ndarray, prediction: np.ndarray, *, min_iou: float) -> MetricValue:
    """`Σ IoU of matched / (TP + FP/2 + FN/2)`, 0 to 1, of integer label maps with 0 outside (Kirillov 2019).

    Instances match above an IoU of `min_iou`, 0.5 or more, where a match is unique; labels need not agree. Both empty 1,
    one empty 0. The details hold the recognition and segmentation quality. Raises ValueError for a lower `min_iou`.
    """
    if not 0.5 <= min_iou <= 1:
        raise ValueError(f"Matches are unique from an IoU of 0.5 on; min_iou is {min_iou}.")
    left, right = truth.ravel(), prediction.ravel()
    inside = np.flatnonzero((left != 0) | (right != 0))
    true_labels, rows = np.unique(left[inside], return_inverse=True)
    found_labels, columns = np.unique(right[inside], return_inverse=True)
    width = max(1, len(found_labels))
    joint = np.bincount(rows * width + columns, minlength=len(true_labels) * width).reshape(len(true_labels), width)
    union = joint.sum(axis=1)[:, None] + joint.sum(axis=0)[None, :] - joint
    iou = (joint / np.maximum(union, 1))[true_labels != 0][:, : len(found_labels)][:, found_labels != 0]
    matched = iou[iou > min_iou]
    detected, missed, invented = len(matched), iou.shape[0] - len(matched), iou.shape[1] - len(matched)
    details = {"found": detected, "missed": missed, "invented": invented}
    if not detected + missed + invented:
        return MetricValue(1.0, details=details)
    recognition = detected / (detected + missed / 2 + invented / 2)
    segmentation = float(matched.mean()) if detected else 0.0
    details |= {"recognition_quality": recognition, "segmentation_quality": segmentation}
    return MetricValue(recognition * segmentation, details=details)


METRIC = Metric(
    name="panoptic_quality",
    title=gettext_noop("Panoptic quality"),
    summary=gettext_noop("Detection of instances (F1) times the mean overlap of the matched instances."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="instances",
    over="case",
    function=panoptic_quality,
    policy=Policy(
        both_empty=gettext_noop("No instance on either side: 1."),
        one_empty=gettext_noop("Instances on one side only: 0."),
        missing=gettext_noop("A missing label map counts as the worst value, 0."),
    ),
    source="Kirillov et al. 2019",
    parameters=(MetricParameter("min_iou", 0.5, gettext_noop("Instances match above this intersection over union.")),),
    also_called=("pq",),
)
