"""Connected components of two masks, matched one to one: what lesion-wise scores are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from concours.metrics.basis.contract import MetricParameter, MetricValue, Policy, gettext_noop
from concours.metrics.basis.region import Region

MIN_IOU = MetricParameter(
    "min_iou", 0.1, gettext_noop("Smallest overlap (intersection over union) that counts as detected.")
)
CONNECTIVITY = MetricParameter(
    "connectivity",
    "corners",
    gettext_noop("Whether voxels are connected by faces only, or by edges and corners too."),
    choices=("faces", "corners"),
)
PARAMETERS = (MIN_IOU, CONNECTIVITY)
POLICY = Policy(
    both_empty=gettext_noop("No lesion on either side: 1."),
    one_empty=gettext_noop("Lesions on one side only: 0."),
    missing=gettext_noop("A missing mask counts as the worst value, 0."),
)


@dataclass(frozen=True)
class Detection:
    """Lesions found, missed, and invented."""

    detected: int
    missed: int
    invented: int

    @property
    def details(self) -> dict[str, int]:
        """The counts by name."""
        return {"found": self.detected, "missed": self.missed, "invented": self.invented}

    def share(self, wrong: float) -> MetricValue:
        """`found / (found + wrong)`; without a lesion on either side 1, on one 0."""
        if not self.detected:
            return MetricValue(0.0 if self.missed or self.invented else 1.0, details=self.details)
        return MetricValue(self.detected / (self.detected + wrong), details=self.details)


def detect(truth: Region, prediction: Region, *, min_iou: float, connectivity: str) -> Detection:
    """Match the components of the two masks one to one, as many as possible at `min_iou` or more (above 0 always)."""
    true_labels, true_count = _components(truth, connectivity)
    found_labels, found_count = _components(prediction, connectivity)
    if not true_count or not found_count:
        return Detection(0, true_count, found_count)
    joint = _joint(truth, prediction, true_labels, found_labels, true_count, found_count)
    true_sizes = np.bincount(true_labels.ravel(), minlength=true_count + 1)[1:]
    found_sizes = np.bincount(found_labels.ravel(), minlength=found_count + 1)[1:]
    iou = joint / (true_sizes[:, None] + found_sizes[None, :] - joint)
    allowed = (joint > 0) & (iou >= min_iou)
    # Each allowed pair counts 1 and its overlap decides between equally long matchings.
    from scipy.optimize import linear_sum_assignment  # it brings scipy.spatial, and pages never measure

    rows, columns = linear_sum_assignment(np.where(allowed, 1 + iou / (1 + min(iou.shape)), 0.0), maximize=True)
    detected = int(np.count_nonzero(allowed[rows, columns]))
    return Detection(detected, true_count - detected, found_count - detected)


def _components(region: Region, connectivity: str) -> tuple[np.ndarray, int]:
    """Labels inside the region's box, and how many."""
    crop = region.crop()
    reach = crop.ndim if connectivity == "corners" else 1
    if not crop.size:
        return crop.astype(np.int32), 0
    labels, count = ndimage.label(crop, ndimage.generate_binary_structure(crop.ndim, reach))
    return labels, int(count)


def _joint(
    truth: Region, prediction: Region, true_labels: np.ndarray, found_labels: np.ndarray, rows: int, columns: int
) -> np.ndarray:
    """Shared voxels of each pair of components, (rows, columns)."""
    mine, theirs = [], []
    for own, other in zip(truth.box or (), prediction.box or (), strict=True):
        start, stop = max(own.start, other.start), min(own.stop, other.stop)
        if start >= stop:
            return np.zeros((rows, columns))
        mine.append(slice(start - own.start, stop - own.start))
        theirs.append(slice(start - other.start, stop - other.start))
    left, right = true_labels[tuple(mine)], found_labels[tuple(theirs)]
    both = (left > 0) & (right > 0)
    pairs = (left[both].astype(np.int64) - 1) * columns + right[both] - 1
    return np.bincount(pairs, minlength=rows * columns).reshape(rows, columns).astype(float)
