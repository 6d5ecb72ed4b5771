"""Bodies of ellipses with noise: enough anatomy for geometry, density and difference between people."""

from __future__ import annotations

import io

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Generator = np.random.Generator


def grid(size: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows and columns from -1 to 1."""
    steps = np.linspace(-1, 1, size)
    rows, columns = np.meshgrid(steps, steps, indexing="ij")
    return rows, columns


def ellipse(size: int, row: float, column: float, height: float, width: float) -> NDArray[np.bool_]:
    rows, columns = grid(size)
    inside: NDArray[np.bool_] = ((rows - row) / height) ** 2 + ((columns - column) / width) ** 2 < 1
    return inside


def texture(rng: Generator, shape: tuple[int, ...], coarse: float) -> NDArray[np.float64]:
    """Smooth noise of unit variance: what makes one body differ from the next."""
    smooth = ndimage.gaussian_filter(rng.normal(size=shape), coarse)
    return np.asarray(smooth / (smooth.std() or 1.0))


def png(mask: NDArray[np.bool_]) -> bytes:
    target = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8)).save(target, format="PNG")
    return target.getvalue()


def nifti(mask: NDArray[np.bool_], spacing: tuple[float, float, float], origin: tuple[float, float, float]) -> bytes:
    """A mask (slices, rows, columns) as NIfTI on the DICOM grid: i, j, k with an affine to RAS."""
    row, column, deep = spacing
    affine = np.diag([-column, -row, deep, 1.0])
    affine[:3, 3] = (-origin[0], -origin[1], origin[2])
    image = nib.Nifti1Image(np.ascontiguousarray(mask.transpose(2, 1, 0)).astype(np.uint8), affine)
    content: bytes = image.to_bytes()
    return content
