"""Hausdorff distance between the surfaces of two masks."""

from concours.metrics.basis.contract import Metric, gettext_noop
from concours.metrics.basis.region import Region
from concours.metrics.basis.surface_distance import POLICY, surface_distances


def hd(truth: Region, prediction: Region) -> float:
    """Largest distance from a surface voxel of either mask to the nearest of the other, mm (Huttenlocher 1993).

    Equal to the maximum over all voxels when neither mask holds holes that the other fills. Both empty 0, one empty
    the diagonal.
    """
    distances = surface_distances(truth, prediction)
    if isinstance(distances, float):
        return distances
    return float(max(distances.from_truth.max(), distances.from_prediction.max()))


METRIC = Metric(
    name="hd",
    title=gettext_noop("Hausdorff distance"),
    summary=gettext_noop("Largest distance from the surface of one mask to the surface of the other."),
    direction="lower",
    unit="mm",
    range=(0.0, float("inf")),
    worst="diagonal",
    shape="mask",
    over="case",
    function=hd,
    policy=POLICY,
    source="Huttenlocher et al. 1993; surface voxels as MONAI compute_hausdorff_distance",
    also_called=("hausdorff",),
)
