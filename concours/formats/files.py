"""Which reader a file goes to: told by its content, with its name only as a tie-break."""

from importlib import import_module

from concours.formats import npy
from concours.formats.fault import gettext_noop, refuse
from concours.formats.labels import Masks
from concours.formats.manifest import Grid, SubmissionLimits
from concours.formats.nifti import Buffer
from concours.formats.tables import Table, read_csv
from concours.formats.xlsx import read_xlsx

# The module of each format's `read_mask`, imported when the first such file comes: pydicom and Pillow cost half a second.
READERS = {"nifti": "nifti", "dicom": "dicom_image", "png": "png", "npy": "npy", "nrrd": "nrrd"}
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
ENDINGS = {
    "nifti": (".nii", ".nii.gz"),
    "dicom": (".dcm", ".dicom", ""),
    "png": (".png",),
    "npy": (".npy",),
    "nrrd": (".nrrd", ".seg.nrrd"),
}
TABLE_ENDINGS = (".csv", ".tsv", ".txt", ".xlsx")


def case_of(name: str) -> str:
    """The id that a file's name holds: the name without the ending of its format; an id may hold dots itself."""
    endings = sorted((ending for some in ENDINGS.values() for ending in some), key=len, reverse=True)
    own = next((ending for ending in (*endings, *TABLE_ENDINGS) if ending and name.lower().endswith(ending)), "")
    return name[: len(name) - len(own)]


def kind_of(source: Buffer) -> str | None:
    """`nifti`, `dicom`, `png`, `npy`, `nrrd`, or None when the first bytes are none of these."""
    head = bytes(memoryview(source)[:540])
    if head.startswith(npy.MAGIC):
        return "npy"
    if head.startswith(PNG_SIGNATURE):
        return "png"
    if head.startswith(b"NRRD"):
        return "nrrd"
    if head[128:132] == b"DICM":
        return "dicom"
    if head.startswith(b"\x1f\x8b") or head[344:347] in (b"n+1", b"ni1") or head[4:7] in (b"n+2", b"ni2"):
        return "nifti"
    return None


def read_mask(
    source: Buffer,
    grid: Grid | None = None,
    values: tuple[int, ...] | None = None,
    name: str = "file",
    allowed: tuple[str, ...] = tuple(READERS),
) -> Masks:
    """The masks of a file of any `allowed` format. Raises `wrong_format` when it is none of them."""
    kind = kind_of(source)
    if kind not in allowed:
        template = gettext_noop("%(name)s is not in a format that this question accepts: %(allowed)s.")
        reason = "wrong_format" if len(source) else "unreadable_file"
        raise refuse(reason, name, template, name=name, allowed=", ".join(allowed))
    masks: Masks = import_module(f"concours.formats.{READERS[kind]}").read_mask(source, grid, values, name)
    return masks


def read_table(
    source: Buffer,
    name: str = "table",
    limits: SubmissionLimits | None = None,
    expected: tuple[str, ...] = (),
    ragged: bool = False,
) -> Table:
    """A CSV or an XLSX, told apart by content. With `ragged`, rows of another length are kept apart, not refused."""
    if bytes(memoryview(source)[:4]) == b"PK\x03\x04":
        return read_xlsx(source, name, limits, ragged)
    return read_csv(source, name, limits, expected, ragged)
