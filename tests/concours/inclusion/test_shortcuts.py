"""What is worked out on a shorter way is the same number, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from scipy import ndimage

from concours.formats.mask import Mask
from concours.inclusion.exam.annotation import _components
from concours.inclusion.exam.header import header_of
from concours.inclusion.exam.perceptual import thumbnail


@pytest.mark.parametrize("dtype", ["<u2", ">u2", "<i2", "u1", "i1"])
@pytest.mark.parametrize("shape", [(512, 512), (500, 431), (33, 64), (7, 40)])
def test_a_thumbnail_of_whole_numbers_is_that_of_the_same_reals(dtype: str, shape: tuple[int, int]) -> None:
    limits = np.iinfo(dtype)
    image = np.random.default_rng(1).integers(limits.min, limits.max, shape, endpoint=True).astype(dtype)
    image[:, ::3] = limits.max
    assert np.array_equal(thumbnail(image), thumbnail(image.astype(np.float64)))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("share", [0.001, 0.05, 0.4])
def test_pieces_in_the_box_are_the_pieces_of_the_whole(order: str, share: float) -> None:
    labels = np.random.default_rng(2).choice(3, size=(20, 17, 9), p=[1 - 2 * share, share, share])
    labels[:5], labels[:, -4:] = 0, 0
    masks = [Mask.from_array(np.asarray(labels == label, order=order)) for label in (1, 2)]
    expected = ndimage.label(labels > 0, structure=np.ones((3, 3, 3)))[1]
    assert _components([mask for mask in masks if mask.count]) == expected
    assert _components([]) == 0


def test_slices_that_share_what_they_say_read_as_if_alone() -> None:
    """The same bytes under another character set, another VR or another byte order say something else."""
    read = []
    for characters, name in (("ISO_IR 100", "Crâne"), ("ISO_IR 192", "Crâne"), ("ISO_IR 144", "Голова"), ("", "Head")):
        for little in (True, False):
            entry = Dataset()
            entry.SpecificCharacterSet, entry.SeriesDescription, entry.ProtocolName = characters, name, name
            entry.InstanceNumber, entry.Rows, entry.KVP, entry.ImageType = 7, 513, "120", ["ORIGINAL", "AXIAL"]
            target = DicomBytesIO()
            target.is_little_endian, target.is_implicit_VR = little, False
            write_dataset(target, entry)
            read.append((target.getvalue(), little))
    remembered: dict[object, tuple[str, object]] = {}
    for content, little in [*read, *read]:
        together, alone = (read_dataset(DicomBytesIO(content), False, little) for _ in range(2))
        assert header_of(together, remembered) == header_of(alone)
    assert remembered
