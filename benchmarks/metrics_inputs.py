"""The inputs that our metrics and their peers are measured on, made from seeds so that both sides hold the same."""

import numpy as np

SHAPE = (512, 512, 300)
SPACING = (0.7, 0.7, 1.25)


def ellipsoid(centre: tuple[float, ...], radii: tuple[float, ...], shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """A bool array with one ellipsoid, in voxels, its surface made uneven."""
    axes = [(np.arange(side) - at) / radius for side, at, radius in zip(shape, centre, radii, strict=True)]
    distance = axes[0][:, None, None] ** 2 + axes[1][None, :, None] ** 2 + axes[2][None, None, :] ** 2
    waves = np.sin(9 * axes[0])[:, None, None] * np.cos(7 * axes[1])[None, :, None] * np.sin(5 * axes[2])[None, None, :]
    return distance + 0.08 * waves <= 1


def lungs() -> tuple[np.ndarray, np.ndarray]:
    """Two lungs of about five million voxels, and a prediction a few voxels off."""
    truth = ellipsoid((256, 150, 150), (110, 70, 120)) | ellipsoid((256, 360, 150), (105, 75, 115))
    prediction = ellipsoid((258, 151, 150), (109, 71, 118)) | ellipsoid((255, 362, 151), (106, 73, 116))
    return truth, prediction


def tumour() -> tuple[np.ndarray, np.ndarray]:
    """A tumour of about 3 cm, and a prediction a few voxels off."""
    return ellipsoid((200, 170, 140), (24, 21, 13)), ellipsoid((202, 169, 141), (22, 22, 12))


def mass() -> np.ndarray:
    """A mass of about 8 cm."""
    return ellipsoid((200, 170, 140), (58, 54, 30))


def muscle() -> np.ndarray:
    """A ring of muscle on one axial slice, 512 x 512, of about 25,000 voxels."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    angle = np.arctan2(rows - 256, columns - 256)
    distance = np.hypot((rows - 256) * 1.4, columns - 256) + 5 * np.cos(5 * angle)
    return (distance > 130) & (distance < 170)
