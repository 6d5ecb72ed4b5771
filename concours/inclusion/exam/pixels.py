"""Numbers measured on one slice: range, saturation, noise, ghosting and how it fits its neighbours."""

from __future__ import annotations

import numpy as np

from concours.inclusion.exam.facts import PixelFacts

# What the 3 x 3 difference of Laplacians does to independent noise of standard deviation 1.
LAPLACIAN_GAIN = 6.0
TO_SIGMA = 1 / 0.6745  # median of |x| of a normal distribution to its standard deviation
SOFT_TISSUE = (-150.0, 250.0)  # HU


def measure(
    stored: np.ndarray, slope: float, intercept: float, padding: float | None, kind: str, closely: bool
) -> PixelFacts:
    """Return the facts of one slice of stored values (rows, columns).

    `padding` is the stored value outside the field of view (None without one), `kind` "CT", "MR" or another modality;
    noise and ghosting are measured only when asked `closely`, because they cost more than all the rest.
    """
    low, high = stored.min(), stored.max()
    top = int(np.count_nonzero(stored == high)) if high != low else stored.size
    if padding is not None and low == padding != high:
        inside = stored[stored != padding]
        low, high = inside.min(), inside.max()
    ends = sorted((float(low) * slope + intercept, float(high) * slope + intercept))
    noise = signal = ghosting = None
    if closely and min(stored.shape) >= 16 and low != high:
        values = stored.astype(np.float32) * np.float32(slope) + np.float32(intercept)
        noise, signal = noise_of(values, kind)
        ghosting = ghosting_of(values) if kind == "MR" else None
    return PixelFacts(
        low=ends[0], high=ends[1], saturated=top / stored.size, noise=noise, signal=signal, ghosting=ghosting
    )  # fmt: skip


def foreground(values: np.ndarray, kind: str) -> np.ndarray:
    """Return where the patient is: soft tissue in HU for CT, brighter than the slice's mean for everything else."""
    is_patient: np.ndarray = (
        (values > SOFT_TISSUE[0]) & (values < SOFT_TISSUE[1]) if kind == "CT" else values > values.mean()
    )
    return is_patient


def noise_of(values: np.ndarray, kind: str) -> tuple[float | None, float | None]:
    """Return (noise standard deviation, mean signal) in the unit of `values`, (None, None) with too little foreground.

    Immerkaer (1996, Computer Vision and Image Understanding 64:300) with the median in place of the mean, so that
    edges, which are few, do not count as noise. Texture of trabecular bone or lung does: an index, not a measurement.
    """
    mask = foreground(values, kind)[1:-1, 1:-1]
    if int(mask.sum()) < 200:
        return None, None
    rows = values[:-2] - 2 * values[1:-1] + values[2:]
    laplacian = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    sigma = float(np.median(np.abs(laplacian[mask]))) * TO_SIGMA / LAPLACIAN_GAIN
    return sigma, float(values[1:-1, 1:-1][mask].mean())


def ghosting_of(values: np.ndarray) -> float | None:
    """Return the ghost-to-signal ratio, 0 without ghosts, None where the patient reaches an edge.

    American College of Radiology, large phantom test guidance, percent signal ghosting: |(top + bottom) - (left +
    right)| / (2 x signal), with strips at the image's edges. Ghosts lie along one axis (phase encoding) only.
    """
    rows, columns = values.shape
    deep, wide = max(2, rows // 16), max(2, columns // 16)
    middle_rows, middle_columns = slice(rows // 4, -(rows // 4)), slice(columns // 4, -(columns // 4))
    strips = [
        values[:deep, middle_columns], values[-deep:, middle_columns],
        values[middle_rows, :wide], values[middle_rows, -wide:],
    ]  # fmt: skip
    means = [float(strip.mean()) for strip in strips]
    signal = float(values[foreground(values, "MR")].mean())
    if signal <= 0 or max(float(np.percentile(strip, 98)) for strip in strips) > 0.5 * signal:
        return None  # the patient reaches the edge, so there is no background to look for ghosts in
    return min(1.0, abs(means[0] + means[1] - means[2] - means[3]) / (2 * signal))


def jump_of(before: np.ndarray, own: np.ndarray, after: np.ndarray) -> float | None:
    """Return how much a thumbnail stands out from its two neighbours (0 to 2), None when one of them is flat.

    Anatomy that changes quickly makes a slice unlike the one before it, but then its neighbours are less alike still;
    a foreign, moved or misplaced slice is unlike both neighbours while these are like each other.
    """
    distances = [_unlike(before, own), _unlike(own, after), _unlike(before, after)]
    to_before, to_after, across = distances
    if to_before is None or to_after is None or across is None:
        return None
    return max(0.0, min(to_before, to_after) - across)


def _unlike(pixels: np.ndarray, other: np.ndarray) -> float | None:
    first, second = pixels - pixels.mean(), other - other.mean()
    scale = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return None if scale == 0 else 1 - float((first * second).sum()) / scale
