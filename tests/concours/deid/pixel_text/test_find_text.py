"""Writing burned into pixels is found, judged and blanked; anatomy and markers stay."""

import logging
import os
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from concours.deid.pixel_text.blanking import blank
from concours.deid.pixel_text.box import TextBox
from concours.deid.pixel_text.find import _fitted, find_text
from concours.deid.pixel_text.frames import examine_frames
from concours.deid.pixel_text.ink import fit_to_ink, with_hyphen
from concours.deid.pixel_text.small import small_rows
from concours.deid.pixel_text.wording import cut_short

SAMPLE = Path(os.environ.get("SAMPLE_DIR", "../shared/sample"))


def tissue(rows: int = 256, columns: int = 320, seed: int = 3) -> NDArray[np.uint8]:
    """Smooth noise that looks like a soft organ, grey levels 40 to 140."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(40, 140, (rows // 8, columns // 8), dtype=np.uint8))
    return np.asarray(coarse.resize((columns, rows), Image.Resampling.BICUBIC)).copy()


def write(picture: NDArray[np.uint8], text: str, at: tuple[int, int], height: int = 12, grey: int = 255) -> None:
    image = Image.fromarray(picture)
    ImageDraw.Draw(image).text(at, text, fill=grey, font=ImageFont.load_default(height * 1.35))
    picture[:] = np.asarray(image)


def test_a_name_is_identity_and_its_blanking_leaves_every_other_pixel() -> None:
    clean = tissue()
    burned = clean.copy()
    write(burned, "DUPONT^MARIE 12/03/1961", (12, 10))
    boxes = find_text(burned)
    assert [box.verdict for box in boxes] == ["identity"]
    edited = blank(burned, boxes)
    changed = edited != burned
    written = burned != clean
    assert not (written & (edited == burned) & (burned != edited.min())).any()
    rows, _ = np.nonzero(changed)
    assert rows.max() < 40
    assert find_text(edited) == []


@pytest.mark.parametrize("marker", ["L", "R", "PORTABLE", "3.5 cm", "120 kV", "LAT"])
def test_a_marker_stays(marker: str) -> None:
    picture = tissue()
    write(picture, marker, (40, 30), height=18)
    boxes = find_text(picture)
    assert all(box.verdict == "marker" for box in boxes)
    assert np.array_equal(blank(picture, boxes), picture)


@pytest.mark.parametrize("text", ["LEFÈVRE Zoé", "GARÇON Noël", "MÜLLER Jürgen", "ID 4471902", "né le 12 mars 1961"])
def test_accents_and_numbers_are_identity(text: str) -> None:
    picture = tissue()
    write(picture, text, (20, 100), height=14)
    assert [box.verdict for box in find_text(picture)] == ["identity"]


def test_tissue_without_writing_yields_nothing() -> None:
    for seed in range(4):
        assert [box for box in find_text(tissue(seed=seed)) if box.verdict != "marker"] == []


def test_sixteen_bits_and_inverted_greys_are_read() -> None:
    picture = tissue().astype(np.uint16) * 16
    drawn = np.zeros(picture.shape, dtype=np.uint8)
    write(drawn, "MARTIN PAUL", (20, 20), height=14)
    deep = np.where(drawn > 128, np.uint16(65535), picture)
    assert [b.verdict for b in find_text(deep)] == ["identity"]
    assert [b.verdict for b in find_text(65535 - deep, photometric="MONOCHROME1")] == ["identity"]


def test_a_large_radiograph_is_read_in_tiles() -> None:
    picture = tissue(2000, 2400)
    write(picture, "BERNARD LUCIE", (1900, 1900), height=22)
    boxes = [box for box in find_text(picture) if box.verdict == "identity"]
    assert boxes
    assert any(box.y0 > 1850 and box.x0 > 1800 for box in boxes)


def test_still_writing_is_followed_through_the_frames() -> None:
    frames = []
    for number in range(3):
        frame = tissue(seed=number)
        frame[:30] = 0
        write(frame, "ROUSSEL ANNE", (10, 6), height=14)
        frames.append((number, frame))
    result = examine_frames(frames)
    assert result.frames_examined == 3
    assert {box.frame for box in result.identity} == {0, 1, 2}


def test_known_identifiers_are_identity_even_when_they_look_like_a_marker() -> None:
    picture = tissue()
    write(picture, "PORTAL", (20, 20), height=16)
    assert [box.verdict for box in find_text(picture)] == ["marker"]
    assert [box.verdict for box in find_text(picture, identifiers=["Portal"])] == ["identity"]


def test_nothing_that_was_read_shows_in_repr_or_log(caplog: pytest.LogCaptureFixture) -> None:
    picture = tissue()
    write(picture, "DUPONT MARIE", (12, 10))
    with caplog.at_level(logging.DEBUG):
        boxes = find_text(picture)
    assert boxes
    assert "DUPONT" in boxes[0].text.upper()
    assert "DUPONT" not in repr(boxes).upper()
    assert "DUPONT" not in str([box.as_report() for box in boxes]).upper()
    assert "DUPONT" not in caplog.text.upper()


@pytest.mark.parametrize(("grey", "seed"), [(110, 1), (110, 4), (130, 2), (153, 3), (153, 5), (255, 6)])
def test_letters_on_unquiet_ground_go_whole_and_little_else(grey: int, seed: int) -> None:
    """The two lines stand close together, on noise whose greys come near that of the letters."""
    noise = np.random.default_rng(seed).normal(0, 6, (256, 320))
    ground = np.clip(0.6 * tissue(seed=seed) + noise, 0, 255).astype(np.uint8)
    burned, letters = ground.copy(), np.zeros(ground.shape, dtype=bool)
    for text, top in (("Clinique Imaginaire Sainte-", 20), ("1502951 05/06/1952", 38)):
        image = Image.new("L", (320, 256))
        ImageDraw.Draw(image).text((9, top), text, fill=255, font=ImageFont.load_default(14 * 1.35))
        letters |= np.asarray(image) > 127
    burned[letters] = grey
    edited = blank(burned, find_text(burned, identifiers=["1502951"]))
    assert (edited == burned)[letters].mean() < 0.02
    rows, columns = np.nonzero(letters)
    outside = np.ones(ground.shape, dtype=bool)
    outside[rows.min() - 4 : rows.max() + 5, columns.min() - 4 : columns.max() + 5] = False
    assert np.array_equal(edited[outside], burned[outside])


def test_a_known_word_that_breaks_off_is_cut_short() -> None:
    identifiers = ["Vandenbroucke", "Gwendoline", "1502951"]
    assert cut_short("Vandenbroucke Gwend", identifiers)
    assert cut_short("oline 12", identifiers) and cut_short("15029", identifiers)
    assert not cut_short("Vandenbroucke Gwendoline", identifiers)
    assert not cut_short("Vandenbroucke Gwendolin", identifiers)
    assert not cut_short("Clinique", identifiers) and not cut_short("", identifiers)


@pytest.mark.sample
@pytest.mark.skipif(not SAMPLE.is_dir(), reason="SAMPLE_DIR is absent")
def test_the_three_lines_of_the_sample_go() -> None:
    frame = pydicom.dcmread(SAMPLE / "deid" / "burned_in_text.dcm").pixel_array
    boxes = find_text(frame)
    assert len([box for box in boxes if box.verdict == "identity"]) == 3
    edited = blank(frame, boxes)
    assert np.array_equal(edited[60:], frame[60:])
    assert find_text(edited) == []


@pytest.mark.sample
@pytest.mark.skipif(not SAMPLE.is_dir(), reason="SAMPLE_DIR is absent")
def test_real_slices_without_writing_are_left_alone() -> None:
    slices = sorted((SAMPLE / "cases" / "ct_liver_dicom_seg" / "ct").glob("*.dcm"))
    slices += sorted((SAMPLE / "cases" / "mr_brain_tumour" / "dicom").glob("*.dcm"))[::5]
    assert slices
    for path in slices:
        boxes = find_text(pydicom.dcmread(path).pixel_array)
        assert [box for box in boxes if box.verdict != "marker"] == []


@pytest.mark.parametrize("height", [6, 7, 8])
@pytest.mark.parametrize("contrast", [20, 80])
@pytest.mark.parametrize("text", ["DUPONT^MARIE", "LEFÈVRE Zoé"])
def test_small_letters_are_blanked_or_go_to_a_person(text: str, contrast: int, height: int) -> None:
    """The detector misses a third of the faintest; what is drawn in one grey is found by that grey and read enlarged."""
    ground = (0.5 * tissue(seed=height)).astype(np.uint8)
    ground = np.clip(ground + np.random.default_rng(height).normal(0, 4, ground.shape), 0, 200).astype(np.uint8)
    image = Image.new("L", (320, 256))
    ImageDraw.Draw(image).text((30, 60), text, fill=255, font=ImageFont.load_default(height * 1.35))
    letters = np.asarray(image) > 127
    burned = ground.copy()
    burned[letters] = min(255, int(np.percentile(ground[letters], 98)) + contrast)
    covered = np.zeros(ground.shape, dtype=bool)
    for box in find_text(burned):
        if box.verdict != "marker":
            covered[max(0, box.y0 - 2) : box.y1 + 2, max(0, box.x0 - 2) : box.x1 + 2] = True
    assert covered[letters].mean() > 0.95


def test_rows_of_one_grey_are_letters_and_not_tissue() -> None:
    noise = np.random.default_rng(3).normal(0, 8, (256, 320))
    ground = np.clip(0.6 * tissue() + noise, 0, 255).astype(np.uint8)
    assert all(row.letters < 7 or row.level < 0.8 for row in small_rows(ground))
    image = Image.new("L", (320, 256))
    ImageDraw.Draw(image).text((30, 60), "8929806 30/03", fill=255, font=ImageFont.load_default(7 * 1.35))
    letters = np.asarray(image) > 127
    ground[letters] = 190
    rows, columns = np.nonzero(letters)
    longest = small_rows(ground)[0]
    assert abs(longest.y0 - rows.min()) <= 1 and longest.y1 == rows.max() + 1 and longest.level >= 0.8
    assert longest.x0 <= columns.min() + 2 and longest.x1 >= columns.max() - 2


def test_a_tall_box_is_drawn_in_to_its_ink() -> None:
    """A detector that sees a tilt adds more than a letter's height to the ends of a line; pixels there stay."""
    ground = np.full((80, 320), 12, np.uint8)
    ground[:, 1::2] = 13
    image = Image.new("L", (320, 80))
    ImageDraw.Draw(image).text((20, 30), "Imaginaire", fill=255, font=ImageFont.load_default(12 * 1.35))
    letters = np.asarray(image) > 127
    ground[letters] = 140
    rows, columns = np.nonzero(letters)
    box = TextBox(0, 8, 18, int(columns.max()) + 26, 58, "identity", 0.9)
    inked = fit_to_ink(box, ground)
    assert inked is not None and inked.box.x1 == columns.max() + 1 and inked.box.y1 == rows.max() + 1
    ground[34:40, columns.max() + 12 : columns.max() + 15] = 90  # a letter in another grey
    ground[34:40, columns.max() + 18 : columns.max() + 21] = 90
    remaining = fit_to_ink(box, ground)
    assert remaining is not None and remaining.box.x1 == box.x1


def test_a_letter_before_the_box_belongs_to_it_though_the_first_reading_made_up_a_sign() -> None:
    picture = tissue()
    write(picture, "LEFEVRE Zoe", (30, 60), height=24)
    columns = np.flatnonzero((picture == 255).any(axis=0))
    gaps = columns[1:][np.diff(columns) > 1]
    cut = TextBox(0, int(gaps[0]), 58, int(columns[-1]) + 4, 92, "identity", 0.9, text="EFEVRE Zoeee")
    assert int(columns[0]) < cut.x0
    assert _fitted(cut, picture).x0 <= int(columns[0])


@pytest.mark.parametrize(
    ("row", "longer"),
    [(9, True), (12, True), (22, False), (0, False)],
    ids=["middle", "lower", "next line", "line above"],
)
def test_a_stroke_at_the_edge_of_a_box_is_no_hyphen(row: int, longer: bool) -> None:
    """Boxes of two close lines overlap: the tops of the next line's letters are no hyphen of this one."""
    grey = np.full((40, 80), 20, np.uint8)
    box = TextBox(0, 10, 5, 40, 29, "identity", 0.9)
    grey[box.y0 + row : box.y0 + row + 2, 44:48] = 217
    assert with_hyphen(box, grey, 217).x1 == (48 if longer else 40)
