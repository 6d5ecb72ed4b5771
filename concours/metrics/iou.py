"""Intersection over union (Jaccard index) of two masks."""

from concours.metrics.basis.contract import Metric, Policy, gettext_noop
from concours.metrics.basis.region import Region, overlap


def iou(truth: Region, prediction: Region) -> float:
    """`|A∩B| / |A∪B|` in voxels, 0 to 1 (Jaccard 1901); both empty 1, one empty 0."""
    shared = overlap(truth, prediction)
    union = truth.count + prediction.count - shared
    return shared / union if union else 1.0


METRIC = Metric(
    name="iou",
    title=gettext_noop("Intersection over union"),
    summary=gettext_noop("Shared voxels over the voxels of either mask."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="mask",
    over="case",
    function=iou,
    policy=Policy(
        both_empty=gettext_noop("Both masks empty: 1."),
        one_empty=gettext_noop("One mask empty: 0."),
        missing=gettext_noop("A missing mask counts as the worst value, 0."),
    ),
    source="Jaccard 1901",
    also_called=("jaccard",),
)
