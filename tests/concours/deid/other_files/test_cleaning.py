"""Files that are not DICOM come out with the same image, no text and a name that says nothing."""

import gzip
import io
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from concours.deid.other_files import clean_file, clean_nifti, clean_nrrd, clean_png, clean_report

KEY = b"k" * 32
NAME = "QUILLEVERE^Maelys"


def nifti_bytes(kind: type = nib.Nifti1Image) -> tuple[bytes, np.ndarray]:
    voxels = np.random.default_rng(1).integers(-100, 900, (5, 6, 7), dtype=np.int16)
    image = kind(voxels, np.diag([0.7, 0.8, 2.5, 1]))
    image.header["descrip"] = NAME.encode()
    image.header["aux_file"] = b"quillevere.txt"
    image.header["intent_name"] = b"MRN 4471902"
    if "db_name" in image.header:
        image.header["db_name"] = b"QUILLEVERE"
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", NAME.encode()))
    return image.to_bytes(), voxels


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("packed", [False, True])
def test_nifti_keeps_voxels_and_affine_and_loses_every_text(tmp_path: Path, kind: type, packed: bool) -> None:
    raw, voxels = nifti_bytes(kind)
    source = tmp_path / ("QUILLEVERE.nii.gz" if packed else "QUILLEVERE.nii")
    source.write_bytes(gzip.compress(raw) if packed else raw)
    cleaned = clean_file(source, tmp_path / "out", KEY)
    assert cleaned.refused == ""
    assert {"descrip", "aux_file", "intent_name", "extensions"} <= set(cleaned.actions)
    written = tmp_path / "out" / cleaned.name
    image = nib.load(written)
    assert np.array_equal(np.asanyarray(image.dataobj), voxels)
    assert np.array_equal(image.affine, kind.from_bytes(raw).affine)
    bare = gzip.decompress(written.read_bytes()) if packed else written.read_bytes()
    assert b"QUILLEVERE" not in bare.upper()
    assert b"4471902" not in bare
    assert "QUILLEVERE" not in cleaned.name.upper()


def test_gzip_carries_no_name_and_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    raw, _ = nifti_bytes()
    source = tmp_path / "a.nii.gz"
    with (
        source.open("wb") as raw_stream,
        gzip.GzipFile(filename="QUILLEVERE.nii", fileobj=raw_stream, mode="wb") as stream,
    ):
        stream.write(raw)
    first = clean_file(source, tmp_path / "one", KEY)
    second = clean_file(source, tmp_path / "two", KEY)
    assert first == second
    assert (tmp_path / "one" / first.name).read_bytes() == (tmp_path / "two" / second.name).read_bytes()
    assert b"QUILLEVERE" not in (tmp_path / "one" / first.name).read_bytes()


def test_bytes_after_the_nifti_image_go_and_a_cut_image_is_refused(tmp_path: Path) -> None:
    raw, _ = nifti_bytes()
    out = io.BytesIO()
    assert clean_nifti(io.BytesIO(raw + b"QUILLEVERE"), out)["bytes after the image"] == "removed"
    assert b"QUILLEVERE" not in out.getvalue()
    source = tmp_path / "cut.nii"
    source.write_bytes(raw[:-10])
    assert clean_file(source, tmp_path / "out", KEY).refused == "unreadable_file"
    assert list((tmp_path / "out").iterdir()) == []


def test_nrrd_loses_comments_pairs_and_free_text_but_keeps_the_grid() -> None:
    data = bytes(range(24))
    head = (
        b"NRRD0004\n# made for QUILLEVERE\ntype: unsigned char\ndimension: 3\nspace: left-posterior-superior\nsizes: 2 3 4\n"
        b"space directions: (0.5,0,0) (0,0.5,0) (0,0,2)\nkinds: domain domain domain\nencoding: raw\nspace origin: (1,2,3)\n"
        b"content: QUILLEVERE Maelys\nsample units: QUILLEVERE\nSegment0_Name:=QUILLEVERE\nDICOM.PatientName:=QUILLEVERE\n\n"
    )
    out = io.BytesIO()
    actions = clean_nrrd(io.BytesIO(head + data), out)
    assert actions == {"comments": "1 removed", "keys and values": "2 removed", "fields": "2 removed"}
    text = out.getvalue()
    assert b"QUILLEVERE" not in text
    assert text.endswith(b"\n\n" + data)
    for remaining in (
        b"sizes: 2 3 4",
        b"space directions: (0.5,0,0)",
        b"space origin: (1,2,3)",
        b"kinds: domain domain domain",
    ):
        assert remaining in text


def test_a_detached_nrrd_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "head.nhdr"
    source.write_bytes(b"NRRD0004\ntype: short\ndata file: /home/quillevere/image.raw\n\n")
    assert clean_file(source, tmp_path / "out", KEY).refused == "unreadable_file"


def test_png_loses_text_and_exif_and_keeps_every_pixel() -> None:
    pixels = np.random.default_rng(2).integers(0, 65535, (20, 30), dtype=np.uint16)
    answer = PngImagePlugin.PngInfo()
    answer.add_text("Title", NAME)
    answer.add_itxt("Comment", "née Quilleveré", zip=True)
    exif = Image.Exif()
    exif[0x010E] = NAME
    raw = io.BytesIO()
    Image.fromarray(pixels).save(raw, "PNG", pnginfo=answer, exif=exif)
    out = io.BytesIO()
    actions = clean_png(io.BytesIO(raw.getvalue() + b"QUILLEVERE"), out)
    assert {"tEXt", "iTXt", "eXIf", "bytes after the end"} <= set(actions)
    assert b"QUILLEVERE" not in out.getvalue()
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(out.getvalue()))), pixels)


def test_a_damaged_png_is_refused(tmp_path: Path) -> None:
    raw = io.BytesIO()
    Image.new("L", (4, 4)).save(raw, "PNG")
    broken = bytearray(raw.getvalue())
    broken[40] ^= 255
    source = tmp_path / "x.png"
    source.write_bytes(bytes(broken))
    assert clean_file(source, tmp_path / "out", KEY).refused == "unreadable_file"


def test_a_report_loses_known_identifiers_in_any_spelling_and_every_form() -> None:
    text = (
        "Compte rendu de QUILLEVERE maëlys (Quilleveré-Maelys), née le 12/03/1961, IPP 4471902.\n"
        "Tél 06 11 22 33 44, contact@courriel.example, 12 rue des Inventés.\n"
        "Adressée par le Dr Clémence Bouvier. Nodule de 8 mm du lobe supérieur droit, TE 12.5 ms.\n"
    )
    out = io.BytesIO()
    actions = clean_report(io.BytesIO(text.encode()), out, identifiers=["Quilleveré^Maëlys", "4471902"])
    cleaned = out.getvalue().decode()
    for gone in ("quillever", "maëlys", "maelys", "1961", "4471902", "06 11", "courriel", "inventés", "bouvier"):
        assert gone not in cleaned.lower()
    assert "Nodule de 8 mm du lobe supérieur droit, TE 12.5 ms." in cleaned
    assert set(actions) >= {"known identifier", "date", "telephone", "e-mail", "address", "title and name"}


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "thing.bin"
    source.write_bytes(b"\x00\x01\x02")
    cleaned = clean_file(source, tmp_path / "out", KEY)
    assert cleaned.refused == "wrong_format"
    assert not (tmp_path / "out").exists()
