"""Lying headers and decompression bombs: what the header claims is compared with what is there, before any decoding."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.uid import UID

from concours.formats.dicom import stream_shape

MOST_BYTES = 2_000_000_000  # decoded bytes of one file; a chest CT of 1200 slices of 512 x 512 at 16 bits is 0.63 GB
MOST_FRAME_BYTES = 400_000_000
MOST_SIDE = 32_768
MOST_FRAMES = 20_000


class PixelsError(Exception):
    """The pixels of one file cannot be used: a reason code and English words."""

    def __init__(self, reason: str, what: str) -> None:
        super().__init__(what)
        self.reason = reason
        self.what = what


@dataclass(frozen=True)
class PixelClaim:
    """What the header says about the pixels: sizes in voxels, `bits` allocated for each sample."""

    rows: int
    columns: int
    frames: int
    samples: int
    bits: int
    subsampled: bool = False

    @property
    def frame_bits(self) -> int:
        """Bits of one decoded frame."""
        samples = 2 if self.subsampled else self.samples
        return self.rows * self.columns * samples * self.bits

    @property
    def length(self) -> int:
        """Bytes of all frames as an uncompressed element holds them, without the padding byte (PS3.5 8.1.1)."""
        return (self.frame_bits * self.frames + 7) // 8


def claim_of(dataset: Dataset) -> PixelClaim:
    """Read the claim; PixelsError when an attribute is missing, no number or beyond every sensible size."""
    names = ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated")
    values = {}
    for name in (*names, "NumberOfFrames"):
        try:
            value = dataset.get(name)
            values[name] = int(value) if value not in (None, "") else (1 if name == "NumberOfFrames" else 0)
        except (TypeError, ValueError):
            raise PixelsError("corrupt_pixels", f"{name} is no number") from None
    if missing := [name for name in names if values[name] <= 0]:
        raise PixelsError("no_pixels", f"{missing[0]} is missing")
    subsampled = str(dataset.get("PhotometricInterpretation", "")) == "YBR_FULL_422"
    claim = PixelClaim(
        values["Rows"], values["Columns"], values["NumberOfFrames"], values["SamplesPerPixel"],
        values["BitsAllocated"], subsampled,
    )  # fmt: skip
    if claim.bits not in (1, 8, 16, 32, 64) or claim.samples not in (1, 3, 4) or claim.frames < 1:
        raise PixelsError("corrupt_pixels", "the header's pixel layout is not valid")
    too_large = max(claim.rows, claim.columns) > MOST_SIDE or claim.frames > MOST_FRAMES
    if too_large or claim.length > MOST_BYTES or claim.frame_bits // 8 > MOST_FRAME_BYTES:
        raise PixelsError("too_large", f"{claim.rows} x {claim.columns} x {claim.frames} voxels are too many")
    return claim


def check_length(claim: PixelClaim, length: int) -> None:
    """Raise PixelsError unless an uncompressed element of `length` bytes holds exactly what the header claims."""
    if length < claim.length:
        raise PixelsError("corrupt_pixels", f"{length} bytes of pixels where the header says {claim.length}")
    if length > claim.length + 1:
        raise PixelsError("corrupt_pixels", f"{length} bytes of pixels, more than the {claim.length} of the header")


def check_codestream(claim: PixelClaim, syntax: UID, frame: bytes) -> None:
    """Raise PixelsError when a compressed frame's own header has another size than the DICOM header claims."""
    size = stream_shape(frame)
    if size is not None and size != (claim.rows, claim.columns):
        raise PixelsError("corrupt_pixels", f"the compressed frame is {size[0]} x {size[1]}, the header says otherwise")
    if size is None and syntax.is_encapsulated and not syntax.is_compressed:
        raise PixelsError("unsupported_transfer_syntax", "the transfer syntax is not supported")
    if size is None and syntax.name.startswith(("JPEG", "High-Throughput")):
        raise PixelsError("corrupt_pixels", "the compressed frame has no readable header")
