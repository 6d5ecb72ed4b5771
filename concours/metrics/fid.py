"""Fréchet distance between two sets of embeddings (FID when these are Inception's)."""

import numpy as np
from scipy.linalg import qr, svdvals

from concours.metrics.basis.contract import Metric, MetricValue, Policy, gettext_noop

# About 1e-14 is seen on copies, of 1280 dimensions too; two generators that anybody could tell apart differ by 1e-6 or more.
ROUNDING = 1e-11


def fid(truth: np.ndarray, prediction: np.ndarray) -> MetricValue:
    """`‖μr-μg‖² + Tr(Σr + Σg - 2(ΣrΣg)^½)` of embeddings (n, d) and (m, d), 0 or more (Heusel 2017); ddof 1.

    `Tr (ΣrΣg)^½` is the sum of the singular values of `Xr Xgᵀ / √((n-1)(m-1))` with centred X: no d x d square root, and
    no complex values when n < d (scipy's sqrtm). Undefined (`too_few`) with fewer than two embeddings on a side.

    A distance below `ROUNDING` of the two spreads and squared means together is rounding and counts as 0, so that the same
    embeddings on both sides, in any order, are at distance 0 exactly.
    """
    if len(truth) < 2 or len(prediction) < 2:
        return MetricValue.undefined("too_few", real=len(truth), generated=len(prediction))
    real, generated = _scaled(truth), _scaled(prediction)
    means = truth.mean(axis=0), prediction.mean(axis=0)
    shift = float(np.square(means[0] - means[1]).sum())
    spread = float(np.square(real).sum() + np.square(generated).sum())
    cross = float(svdvals(_small(real) @ _small(generated).T, overwrite_a=True, check_finite=False).sum())
    details = {"real": len(truth), "generated": len(prediction), "dimensions": truth.shape[1], "mean_term": shift}
    distance = shift + spread - 2 * cross
    magnitude = spread + float(np.square(means).sum())
    return MetricValue(distance if distance > ROUNDING * magnitude else 0.0, details=details)


def _scaled(embeddings: np.ndarray) -> np.ndarray:
    """Centred rows, scaled so that XᵀX is the covariance."""
    scaled: np.ndarray = (embeddings - embeddings.mean(axis=0)) / np.sqrt(len(embeddings) - 1)
    return scaled


def _small(rows: np.ndarray) -> np.ndarray:
    """A matrix with the same XᵀX and at most d rows: singular values of products stay the same."""
    if len(rows) <= rows.shape[1]:
        return rows
    triangle: np.ndarray = qr(rows, mode="r", check_finite=False)[0][: rows.shape[1]]
    return triangle


METRIC = Metric(
    name="fid",
    title=gettext_noop("Fréchet distance of embeddings"),
    summary=gettext_noop(
        "Distance between the normal distributions fitted to the embeddings of the real and the "
        "generated cases. It depends on the embedding, whose name is given beside the score."
    ),
    direction="lower",
    unit="",
    range=(0.0, float("inf")),
    worst=None,
    shape="embeddings",
    over="set",
    function=fid,
    not_resampled=gettext_noop("It compares two whole sets of cases, which are not drawn again."),
    policy=Policy(undefined=gettext_noop("Fewer than two cases on a side: undefined (null).")),
    source="Heusel et al. 2017",
)
