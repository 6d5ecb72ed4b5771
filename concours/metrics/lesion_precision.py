"""Lesion-wise precision: components of the two masks matched one to one."""

from concours.metrics.basis.contract import Metric, MetricValue, gettext_noop
from concours.metrics.basis.lesions import PARAMETERS, POLICY, detect
from concours.metrics.basis.region import Region


def lesion_precision(truth: Region, prediction: Region, *, min_iou: float, connectivity: str) -> MetricValue:
    """`TP / (TP + FP)`, 0 to 1, of components matched at `min_iou`; no lesion on either side 1, on one 0."""
    detection = detect(truth, prediction, min_iou=min_iou, connectivity=connectivity)
    return detection.share(detection.invented)


METRIC = Metric(
    name="lesion_precision",
    title=gettext_noop("Lesion-wise precision"),
    summary=gettext_noop("Share of submitted lesions that are real."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="mask",
    over="case",
    function=lesion_precision,
    policy=POLICY,
    source="Maier-Hein et al. 2024 (Metrics Reloaded), instance detection",
    parameters=PARAMETERS,
)
