"""Fréchet distance between two sets of embeddings (FID when these are Inception's)."""

import numpy as np
from scipy.linalg import qr, svdvals

from metrics.basis.contract import Metric, Policy, Score, gettext_noop


def fid(truth: np.ndarray, prediction: np.ndarray) -> Score:
    """`‖μr-μg‖² + Tr(Σr + Σg - 2(ΣrΣg)^½)` of embeddings (n, d) and (m, d), 0 or more (Heusel 2017); ddof 1.

    `Tr (ΣrΣg)^½` is the sum of the singular values of `Xr Xgᵀ / √((n-1)(m-1))` with centred X: no d x d square root, and
    no complex values when n < d (scipy's sqrtm). Undefined (`too_few`) with fewer than two embeddings on a side.
    """
    if len(truth) < 2 or len(prediction) < 2:
        return Score.undefined("too_few", real=len(truth), generated=len(prediction))
    real, generated = _scaled(truth), _scaled(prediction)
    shift = float(np.square(truth.mean(axis=0) - prediction.mean(axis=0)).sum())
    spread = float(np.square(real).sum() + np.square(generated).sum())
    cross = float(svdvals(_small(real) @ _small(generated).T, overwrite_a=True, check_finite=False).sum())
    details = {"real": len(truth), "generated": len(prediction), "dimensions": truth.shape[1], "mean_term": shift}
    return Score(max(0.0, shift + spread - 2 * cross), details=details)


def _scaled(embeddings: np.ndarray) -> np.ndarray:
    """Centred rows, scaled so that XᵀX is the covariance."""
    return (embeddings - embeddings.mean(axis=0)) / np.sqrt(len(embeddings) - 1)


def _small(rows: np.ndarray) -> np.ndarray:
    """A matrix with the same XᵀX and at most d rows: singular values of products stay the same."""
    if len(rows) <= rows.shape[1]:
        return rows
    return qr(rows, mode="r", check_finite=False)[0][: rows.shape[1]]


METRIC = Metric(
    name="fid",
    title=gettext_noop("Fréchet distance of embeddings"),
    summary=gettext_noop(
        "Distance between the normal distributions fitted to the embeddings of the real and of the generated cases. It "
        "depends on the embedding, whose name stands beside the score."
    ),
    direction="lower",
    unit="",
    range=(0.0, float("inf")),
    worst=None,
    shape="embeddings",
    over="set",
    function=fid,
    policy=Policy(undefined=gettext_noop("Fewer than two cases on a side: undefined (null).")),
    source="Heusel et al. 2017",
)
