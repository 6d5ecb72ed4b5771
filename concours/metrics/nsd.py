"""Normalised surface Dice at a tolerance."""

import numpy as np

from concours.metrics.basis.contract import Metric, MetricParameter, Policy, gettext_noop
from concours.metrics.basis.region import Region
from concours.metrics.basis.surface_distance import surface_distances


def nsd(truth: Region, prediction: Region, *, tolerance_mm: float) -> float:
    """Share of the surface voxels of both masks that lie within `tolerance_mm` (inclusive) of the other's, 0 to 1.

    Voxels are counted, as in MONAI's SurfaceDiceMetric; Nikolov 2021 weights them by facet area, so values differ a
    little on anisotropic grids. Both empty 1, one empty 0. Raises ValueError for a negative tolerance.
    """
    if not tolerance_mm >= 0:
        raise ValueError(f"The tolerance is 0 mm or more, not {tolerance_mm}.")
    distances = surface_distances(truth, prediction)
    if isinstance(distances, float):
        return 1.0 if truth.count == prediction.count else 0.0
    there, back = distances.from_truth, distances.from_prediction
    # Distances are sums of squares of spacings: a voxel exactly at the tolerance must not fall to the last bit.
    within = tolerance_mm * (1 + 1e-12)
    return float(np.count_nonzero(there <= within) + np.count_nonzero(back <= within)) / (len(there) + len(back))


METRIC = Metric(
    name="nsd",
    title=gettext_noop("Normalised surface Dice"),
    summary=gettext_noop("Share of both surfaces that is within the tolerance of the other."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="mask",
    over="case",
    function=nsd,
    policy=Policy(
        both_empty=gettext_noop("Both masks empty: 1."),
        one_empty=gettext_noop("One mask empty: 0."),
        missing=gettext_noop("A missing mask counts as the worst value, 0."),
    ),
    source="Nikolov et al. 2021; voxel counts as MONAI SurfaceDiceMetric",
    parameters=(
        MetricParameter("tolerance_mm", 1.0, gettext_noop("Largest distance that counts as agreement."), unit="mm"),
    ),
    also_called=("surface_dice",),
)
