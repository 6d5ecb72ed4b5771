"""Versions of what computes scores, written down with every one of them."""

from __future__ import annotations

import importlib.metadata
import platform
from functools import cache

LIBRARIES = ("numpy", "scipy", "scikit-learn", "onnxruntime", "opencv-python-headless", "nibabel", "pydicom")


@cache
def versions() -> dict[str, str]:
    """Python and the libraries by name."""
    by_package = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            by_package[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            by_package[name] = "absent"
    return by_package
