"""Real images where the folder of samples is there, and the real files that pydicom and nibabel ship."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from pydicom import dcmread
from pydicom.data import get_testdata_file

from demo.phantoms.phantom import Phantom, digest

ROOT = Path(__file__).resolve().parents[2]
CENTRES = {"lung-tumour": "Institut A", "sarcopenia": "Nîmes", "ms-edss": "OFSEP"}


def sample_dir() -> Path | None:
    """The folder of sample images, or None."""
    folder = Path(os.environ.get("SAMPLE_DIR", ROOT / ".." / "shared" / "sample")).resolve()
    return folder if (folder / "cases").is_dir() else None


def real_exams(question: str, centre: str) -> list[Phantom]:
    """What this centre adds to what was generated."""
    if CENTRES.get(question) != centre:
        return []
    phantoms = []
    if question == "lung-tumour" and (folder := sample_dir()) is not None:
        phantoms.append(_chest(folder / "cases" / "ct_lung_nodule"))
    shipped = {"sarcopenia": "CT_small.dcm", "ms-edss": "MR_small.dcm"}
    if question in shipped:
        phantoms.append(_shipped(shipped[question]))
    return phantoms


def _chest(folder: Path) -> Phantom:
    """A real chest CT with its mask: the header's identities are invented, the voxels are not."""
    files = {f"exam/{path.name}": path.read_bytes() for path in sorted((folder / "dicom").glob("*.dcm"))}
    slices = []
    for path in sorted((folder / "dicom").glob("*.dcm")):
        dataset = dcmread(path)
        hu = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
        slices.append(np.ascontiguousarray(np.rint(hu).astype(np.int16).T).tobytes())
    files["exam/tumour.nii.gz"] = (folder / "mask.nii.gz").read_bytes()
    drawn: Any = nib.load(folder / "mask.nii.gz")
    turn = nib.orientations.ornt_transform(
        nib.io_orientation(drawn.affine), nib.orientations.axcodes2ornt(("L", "P", "S"))
    )
    mask = nib.orientations.apply_orientation(np.asanyarray(drawn.dataobj), turn) > 0  # columns, rows, slices upwards
    return Phantom(
        name="real chest CT", files=files, pixels=digest(slices), values={"stage": "I"}, masks={"tumour": mask}
    )


def _shipped(name: str) -> Phantom:
    """A real file of a library's own tests, without the annotation that the question asks for."""
    path = get_testdata_file(name)
    return Phantom(name=f"pydicom {name}", files={f"exam/{name}": Path(str(path)).read_bytes()}, flaw="no annotation")
