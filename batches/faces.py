"""Blanks faces in the slices of one case on their way into a batch. Plain: it runs in the limited child that writes the case.

The region comes from `concours.deid.face`; here slices are put together by position, changed where the region lies and bit
for bit left alone elsewhere, and compressed ones encoded again without loss. The grid stays, so masks lie where they lay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import ExplicitVRLittleEndian

from concours.deid.decode import REENCODED, PixelLayout, encode_frames
from concours.deid.face import STEP, Face, find_face
from concours.deid.heads import MODALITIES, is_elsewhere
from concours.formats import dicom
from concours.formats.dicom_image import geometry
from concours.formats.fault import FormatError
from concours.formats.json import Json
from concours.formats.mask import Affine
from concours.formats.nifti import Volume
from concours.imaging import read_frames
from concours.imaging.load import rescaled

FEWEST_SLICES, SHORTEST = 8, 40.0  # slices, mm: from less no face can be rendered
AIR = -1000.0  # HU
METHOD = ("113102", "DCM", "Clean Recognizable Visual Features Option")
WORDS = ("BodyPartExamined", "SeriesDescription", "StudyDescription", "ProtocolName")
BLANKED, NOT_FOUND, IMPOSSIBLE = "blanked", "not found", "impossible"


@dataclass(frozen=True)
class Cut:
    """What to take from the slices of one volume: the region, and the value (rescaled) that stands there instead."""

    face: Face
    air: float


@dataclass(frozen=True)
class Faces:
    """Slices (by path) whose face is to be blanked, and in a word how it went: "blanked", "not found" in a volume that may show
    one, "impossible" for a volume that cannot be cut (frames in one file, PET), "" where there is nothing to render."""

    cuts: Mapping[str, Cut]
    word: str


def find_faces(paths: Sequence[str]) -> Faces:
    """The faces in one image of a case."""
    groups: dict[tuple[Json, ...], list[tuple[str, Affine]]] = defaultdict(list)
    words, cuts = set(), {}
    for path in sorted(paths):
        content = Path(path).read_bytes()
        try:
            dataset = dicom.load(content, Path(path).name)
            count, rows, columns, samples = dicom.layout(dataset, Path(path).name)
        except FormatError:
            continue  # what is no image has no face; the writer of the case says what is wrong with it
        if not _may_show(dataset):
            continue
        affine = dicom.plane(*geometry(dataset))
        if count >= FEWEST_SLICES:
            words.add(IMPOSSIBLE)
        elif count == samples == 1 and affine is not None:
            key = (str(dataset.get("SeriesInstanceUID", "")), rows, columns, str(dataset.Modality))
            groups[(*key, *affine[:3, :2].round(3).ravel())].append((path, affine))
    for (_, _, _, modality, *_), slices in groups.items():
        if not _is_volume([affine for _, affine in slices]):
            continue
        cut = _cut(slices, modality) if modality != "PT" else None
        words.add(IMPOSSIBLE if modality == "PT" else NOT_FOUND if cut is None else BLANKED)
        cuts.update({path: cut for path, _ in slices if cut is not None})
    return Faces(cuts, next((word for word in (IMPOSSIBLE, BLANKED, NOT_FOUND) if word in words), ""))


def _may_show(dataset: Dataset) -> bool:
    """Not a slice whose words name another part of the body, nor one whose face is gone already: twice is once."""
    if str(dataset.get("Modality", "")) not in MODALITIES:
        return False
    codes = {str(item.get("CodeValue", "")) for item in dataset.get("DeidentificationMethodCodeSequence") or []}
    return METHOD[0] not in codes and not is_elsewhere(str(dataset.get(keyword, "")) for keyword in WORDS)


def _is_volume(affines: Sequence[Affine]) -> bool:
    normal = np.cross(affines[0][:3, 0], affines[0][:3, 1])
    depths = {round(float(affine[:3, 3] @ normal / np.linalg.norm(normal)), 1) for affine in affines}
    return len(depths) >= FEWEST_SLICES and max(depths) - min(depths) >= SHORTEST


def _cut(slices: Sequence[tuple[str, Affine]], modality: str) -> Cut | None:
    """The face of slices that lie parallel; they are thinned out to the grid it is looked for on."""
    thinned, affines, lowest = [], [], np.inf
    for path, affine in slices:
        values = _values(path)
        lowest = min(lowest, float(values.min()))
        steps = [max(1, int(STEP / np.linalg.norm(affine[:3, axis]))) for axis in (0, 1)]
        thinned.append(values[:: steps[0], :: steps[1]].copy())
        affines.append(affine @ np.diag([*map(float, steps), 1.0, 1.0]))
    face = find_face(thinned, affines, modality)
    return None if face is None else Cut(face, max(AIR, lowest) if modality == "CT" else lowest)


def _values(path: str) -> NDArray[np.float32]:
    dataset = dicom.load(Path(path).read_bytes(), Path(path).name)
    (frame,) = read_frames(dataset, Path(path).name)
    return rescaled(next(dicom.frames(dataset, Path(path).name)), frame.slope, frame.intercept)


def blank_slice(dataset: FileDataset, cut: Cut, name: str) -> None:
    """Blanks the face in one slice in place, and says so in its header (PS3.15 E.3.2).

    Raises FormatError where the slice cannot be decoded, ValueError where it cannot be encoded again without loss.
    """
    affine = dicom.plane(*geometry(dataset))
    assert affine is not None  # it had one when its volume was put together
    region = cut.face.covers(affine, (int(dataset.Rows), int(dataset.Columns)))
    if region.any():
        slope, intercept = (float(dataset.get(k, d)) for k, d in (("RescaleSlope", 1), ("RescaleIntercept", 0)))
        bits, signed = int(dataset.BitsStored), int(dataset.PixelRepresentation) == 1
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
        _put(dataset, region, int(np.clip(np.rint((cut.air - intercept) / slope), low, high)), name)
    dataset.RecognizableVisualFeatures = "NO"
    method = Dataset()
    method.CodeValue, method.CodingSchemeDesignator, method.CodeMeaning = METHOD
    dataset.DeidentificationMethodCodeSequence = Items(
        [*(dataset.get("DeidentificationMethodCodeSequence") or []), method]
    )


def _put(dataset: FileDataset, region: NDArray[np.bool_], value: int, name: str) -> None:
    syntax = dataset.file_meta.TransferSyntaxUID
    allocated = int(dataset.BitsAllocated)
    if not syntax.is_encapsulated:  # the bytes themselves, so that nothing else moves
        stored = np.frombuffer(
            bytearray(dataset.PixelData), f"<{'i' if dataset.PixelRepresentation else 'u'}{allocated // 8}"
        )
        stored[: region.size][region.ravel()] = value
        dataset.PixelData = stored.tobytes()
        return
    frame = next(dicom.frames(dataset, name)).copy()
    frame[region] = value
    if syntax in REENCODED:
        dataset.PixelData = encode_frames(dataset.PixelData, syntax, _layout(dataset).to_json(), {"0": frame})[:-8]
        return
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    pixels = frame.tobytes()
    dataset.PixelData = pixels + bytes(len(pixels) % 2)
    dataset["PixelData"].VR = "OW" if allocated > 8 else "OB"
    dataset["PixelData"].is_undefined_length = False


def _layout(dataset: FileDataset) -> PixelLayout:
    return PixelLayout(
        rows=int(dataset.Rows),
        columns=int(dataset.Columns),
        samples_per_pixel=1,
        bits_allocated=int(dataset.BitsAllocated),
        bits_stored=int(dataset.BitsStored),
        pixel_representation=int(dataset.PixelRepresentation),
        number_of_frames=1,
        photometric_interpretation=str(dataset.PhotometricInterpretation),
        planar_configuration=0,
    )


def blank_volume(volume: Volume, cut: Cut) -> None:
    """Blanks the face in a volume (i, j, k) = (column, row, slice) in place."""
    affine = volume.affine[:, [1, 0, 2, 3]].copy()
    columns, rows, count = volume.array.shape
    for k in range(count):
        affine[:3, 3] = volume.affine[:3, 3] + k * volume.affine[:3, 2]
        volume.array[:, :, k][cut.face.covers(affine, (rows, columns)).T] = cut.air
