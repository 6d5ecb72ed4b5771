"""Refuses images of patients in a commit: DICOM by its bytes, NIfTI by its name. Called by pre-commit with file names."""

from __future__ import annotations

import sys
from pathlib import Path


def is_exam(path: Path) -> bool:
    """Whether the file is an image that may show a person. Tests make theirs; none is kept."""
    if path.name.lower().endswith((".dcm", ".nii", ".nii.gz", ".mha", ".nrrd")):
        return True
    with path.open("rb") as stream:
        stream.seek(128)
        return stream.read(4) == b"DICM"


def main(names: list[str]) -> int:
    exams = [name for name in names if Path(name).is_file() and is_exam(Path(name))]
    for name in exams:
        print(f"{name} is a medical image. Make images in the test that needs them; none is kept in the repository.")
    return 1 if exams else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
