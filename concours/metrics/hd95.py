"""95 % Hausdorff distance between the surfaces of two masks."""

import numpy as np

from concours.metrics.basis.contract import Metric, MetricParameter, gettext_noop
from concours.metrics.basis.region import Region
from concours.metrics.basis.surface_distance import POLICY, surface_distances


def hd95(truth: Region, prediction: Region, *, definition: str) -> float:
    """95th percentile of surface distances, mm; percentiles are interpolated linearly.

    `max`: the larger of the two directed percentiles (Metrics Reloaded 2024; MONAI with percentile=95).
    `pooled`: the percentile of both directions together (medpy). DeepMind's surface-distance weights by facet area and
    agrees with neither. Both empty 0, one empty the diagonal (MONAI: nan, which a nanmean drops).
    """
    distances = surface_distances(truth, prediction)
    if isinstance(distances, float):
        return distances
    if definition == "pooled":
        return float(np.percentile(np.concatenate([distances.from_truth, distances.from_prediction]), 95))
    return float(max(np.percentile(distances.from_truth, 95), np.percentile(distances.from_prediction, 95)))


METRIC = Metric(
    name="hd95",
    title=gettext_noop("95 % Hausdorff distance"),
    summary=gettext_noop("Distance within which 95 % of each mask's surface is from the other's."),
    direction="lower",
    unit="mm",
    range=(0.0, float("inf")),
    worst="diagonal",
    shape="mask",
    over="case",
    function=hd95,
    policy=POLICY,
    source="Maier-Hein et al. 2024 (Metrics Reloaded)",
    parameters=(
        MetricParameter(
            "definition",
            "max",
            gettext_noop("max: the larger of the two percentiles; pooled: the percentile of both together."),
            choices=("max", "pooled"),
        ),
    ),
    also_called=("hausdorff95",),
)
