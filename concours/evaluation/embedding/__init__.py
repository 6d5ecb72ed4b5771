"""Image embeddings for FID and diversity: an ONNX network, the published preparation of images, and the network's name.

`embed(images)` gives float64 (n, d) with the name and weights hash that stand beside every score. The default is
EfficientNet-Lite0, which ships with the project and is **not comparable with published FIDs**; the published network is
imported once from the organiser's own file (`manage.py import_inception`).
"""

from concours.evaluation.embedding.images import SIDE, UnusableImageError, prepare
from concours.evaluation.embedding.network import DEFAULT, Embedded, Network, WeightsChangedError, embed, find, imported

__all__ = [
    "DEFAULT",
    "SIDE",
    "Embedded",
    "Network",
    "UnusableImageError",
    "WeightsChangedError",
    "embed",
    "find",
    "imported",
    "prepare",
]
