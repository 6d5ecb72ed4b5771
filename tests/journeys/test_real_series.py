"""Real series go through the whole flow to a team's download: pixels and masks exact, no planted identity anywhere."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from tests.journeys.geometry import (
    Volume,
    from_nifti,
    from_nrrd,
    from_seg,
    plane_of,
    position_of,
    same_mask,
    slice_affine,
)
from tests.journeys.house import House, living_house, question_file
from tests.journeys.identities import find_planted, needles_of, planted_words

pytestmark = [pytest.mark.sample, pytest.mark.slow]


@dataclass(frozen=True)
class Case:
    """A folder of the sample, the mask that goes with it, and in which form teams get it."""

    slug: str
    series: str
    mask: str
    modality: str
    form: str


CASES = (
    Case("lung-dicom", "ct_lung_nodule/dicom", "ct_lung_nodule/mask.nii.gz", "CT", "dicom"),
    Case("lung-nifti", "ct_lung_nodule/dicom", "ct_lung_nodule/mask.nii.gz", "CT", "nifti"),
    Case("brain-dicom", "mr_brain_tumour/dicom", "mr_brain_tumour/mask.nii.gz", "MR", "dicom"),
    Case("brain-nifti", "mr_brain_tumour/dicom", "mr_brain_tumour/mask.nii.gz", "MR", "nifti"),
    Case("liver-dicom", "ct_liver_dicom_seg/ct", "ct_liver_dicom_seg/liver_seg.dcm", "CT", "dicom"),
    Case("liver-nifti", "ct_liver_dicom_seg/ct", "ct_liver_dicom_seg/liver_seg.nrrd", "CT", "nifti"),
)
WRITTEN = (slice(8, 57), slice(8, 261))  # rows and columns of the identity in burned_in_text.dcm
MUST_KEEP = ("Modality", "Rows", "Columns", "PixelSpacing", "SliceThickness", "SpacingBetweenSlices", "ImagePositionPatient",
             "ImageOrientationPatient", "RescaleIntercept", "RescaleSlope", "BitsStored", "PixelRepresentation",
             "PhotometricInterpretation", "KVP", "EchoTime", "RepetitionTime", "InstanceNumber", "SamplesPerPixel")  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with living_house(tmp_path_factory.mktemp("real"), "real") as lives:
        yield lives


def real_question(case: Case) -> str:
    text = question_file("real-series.yaml")
    return text.replace("SLUG", case.slug).replace("MODALITY", case.modality).replace("FORMAT", case.form)


def picture_question() -> str:
    """Takes any single picture: nothing but the engine itself stands between writing in the pixels and the teams."""
    text = question_file("real-series.yaml").replace("SLUG", "picture").replace("MODALITY", "[OT, CT]")
    text = text.replace("allowed: [[OT, CT]]", "allowed: [OT, CT]").replace("FORMAT", "dicom")
    text = text.replace("dimensions: 3", "dimensions: 2").replace("{value: 3}", "{value: 2}")
    for line in ("  slice_count: {min: 3}\n", "  slice_spacing: {}\n", "  mask: {field: region}\n"):
        text = text.replace(line, "")
    return text.replace("values: [0, 1], title", "values: [0, 1], required: false, title")


@pytest.fixture(scope="module")
def verdicts(house: House, sample: Path) -> dict[str, Any]:
    """Everything goes up; question -> the upload with its exam, once it is decided."""
    house.frame([*(real_question(case) for case in CASES), picture_question()])
    house.team("paul", "Equipe Paul", [*(case.slug for case in CASES), "picture"])
    uploads = {}
    for case in CASES:
        files = {f"exam/{p.name}": p.read_bytes() for p in sorted((sample / "cases" / case.series).glob("*.dcm"))}
        files[f"exam/{Path(case.mask).name}"] = (sample / "cases" / case.mask).read_bytes()
        uploads[case.slug] = house.send("carla", case.slug, files)
    burned = {"exam/capture.dcm": (sample / "deid" / "burned_in_text.dcm").read_bytes()}
    uploads["picture"] = house.send("carla", "picture", burned)
    return {slug: house.verdict("carla", upload) for slug, upload in uploads.items()}


@pytest.fixture(scope="module")
def archives(house: House, verdicts: Mapping[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Question -> what the team downloaded of it, through grading, split and release."""
    house.grade_all("A")
    folder, result = tmp_path_factory.mktemp("downloads"), {}
    ready = [slug for slug, answer in verdicts.items() if answer["exams"][0]["state"] == "accepted"]
    for slug in ready:
        house.split(slug)
    for slug in ready:
        house.release(slug)
        result[slug] = house.fetch("paul", slug, folder)["training"]
    return result


@pytest.fixture(scope="module")
def needles(sample: Path) -> set[bytes]:
    return needles_of(planted_words(sample / "deid" / "phi_answer_key.csv"))


def sent(sample: Path, case: Case) -> list[Dataset]:
    return [dcmread(path) for path in sorted((sample / "cases" / case.series).glob("*.dcm"))]


def got(archive: Path, ending: str, folder: str) -> list[bytes]:
    with zipfile.ZipFile(archive) as opened:
        names = [name for name in opened.namelist() if name.endswith(ending) and name.startswith(f"{folder}/")]
        return [opened.read(name) for name in names]


def true_mask(sample: Path, case: Case) -> Volume:
    path = sample / "cases" / case.mask
    if path.suffix == ".dcm":
        return from_seg(dcmread(path))
    return from_nrrd(path.read_bytes()) if path.suffix == ".nrrd" else from_nifti(path.read_bytes())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.slug)
def test_a_real_series_is_accepted(case: Case, verdicts: Mapping[str, Any]) -> None:
    answer = verdicts[case.slug]
    assert answer["errors"] == []
    assert [exam["state"] for exam in answer["exams"]] == ["accepted"], answer["exams"][0]["progress"]


@pytest.mark.parametrize("case", [c for c in CASES if c.form == "dicom"], ids=lambda case: case.slug)
def test_pixels_and_science_of_dicom_are_untouched(case: Case, archives: Mapping[str, Path], sample: Path) -> None:
    before = {position_of(entry): entry for entry in sent(sample, case)}
    after = {
        position_of(entry): entry for entry in map(dcmread, map(io.BytesIO, got(archives[case.slug], ".dcm", "image")))
    }
    assert set(before) == set(after) and len(after) == len(sent(sample, case))
    for place, item in after.items():
        assert np.array_equal(item.pixel_array, before[place].pixel_array)
        assert item.PixelData == before[place].PixelData
        for keyword in MUST_KEEP:
            assert item.get(keyword) == before[place].get(keyword), keyword


@pytest.mark.parametrize("case", [c for c in CASES if c.form == "nifti"], ids=lambda case: case.slug)
def test_voxels_of_nifti_stand_where_they_stood(case: Case, archives: Mapping[str, Path], sample: Path) -> None:
    (content,) = got(archives[case.slug], ".nii.gz", "image")
    volume = from_nifti(content)
    slices = sent(sample, case)
    assert volume.values.size == sum(entry.Rows * entry.Columns for entry in slices)
    for item in slices:
        expected = item.pixel_array * float(item.get("RescaleSlope", 1)) + float(item.get("RescaleIntercept", 0))
        assert np.array_equal(plane_of(volume, item), expected)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.slug)
def test_masks_are_voxel_exact_on_the_images_grid(case: Case, archives: Mapping[str, Path], sample: Path) -> None:
    (content,) = got(archives[case.slug], ".nii.gz", "region")
    mask = from_nifti(content)
    assert same_mask(true_mask(sample, case), mask)
    if case.form == "nifti":
        image = from_nifti(got(archives[case.slug], ".nii.gz", "image")[0])
        assert mask.values.shape == image.values.shape and np.allclose(mask.affine, image.affine, atol=1e-4)
    else:
        corners = {tuple(np.round(slice_affine(entry)[:3, 3], 2)) for entry in sent(sample, case)}
        here = {tuple(np.round((mask.affine @ [0, 0, k, 1])[:3], 2)) for k in range(mask.values.shape[2])}
        assert here == corners


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.slug)
def test_no_planted_identity_in_what_a_team_downloads(
    case: Case, archives: Mapping[str, Path], needles: set[bytes]
) -> None:
    assert find_planted(needles, case.slug, archives[case.slug].read_bytes()) == []


def test_the_search_finds_what_is_planted(sample: Path, needles: set[bytes]) -> None:
    """The search itself is sharp: every original is full of findings, also packed and in another alphabet."""
    for folder in ("ct_lung_nodule", "mr_brain_tumour"):
        for path in sorted((sample / "cases" / folder / "dicom").glob("*.dcm")):
            assert len(find_planted(needles, "original", path.read_bytes())) > 10
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("note.txt", "vu avec TAROU ce jour")
        archive.writestr("utf16.txt", "山田".encode("utf-16-le"))
    assert len({line.split(":")[0] for line in find_planted(needles, "made", packed.getvalue())}) == 2


def test_no_planted_identity_in_any_answer_a_team_can_fetch(
    house: House, archives: Mapping[str, Path], needles: set[bytes]
) -> None:
    """Every GET of the schema, with every id that Paul can learn, and his pages."""
    paul = house["paul"]
    answers: dict[str, bytes] = {}
    schema = paul.http.get("/api/v1/schema/", params={"format": "json"})
    answers["schema"] = schema.content
    paths = [path for path, methods in schema.json()["paths"].items() if "get" in methods]
    rows: dict[str, list[str]] = {}
    for path in (path for path in paths if "{" not in path):
        response = paul.http.get(path, params={"question": "real/lung-dicom"})
        answers[path] = response.content
        if response.status_code == 200 and response.headers["content-type"] == "application/json":
            json = response.json()
            listed = json.get("results", []) if isinstance(json, dict) else []
            rows[path] = [str(row["id"]) for row in listed if isinstance(row, dict) and "id" in row]
    for path in (path for path in paths if path.count("{id}") == 1 and path.count("{") == 1):
        for number in rows.get(path.split("{id}")[0], []):
            address = path.replace("{id}", number)
            answers[address] = paul.http.get(address).content
    for case in CASES:
        for address in (f"/api/v1/questions/real/{case.slug}/", f"/c/real/{case.slug}/", f"/c/real/{case.slug}/data/"):
            answers[address] = paul.http.get(address).content
    batches = [address for address in answers if "/batches/" in address]
    assert len([address for address in batches if address.endswith("/manifest/")]) == len(archives)
    assert b"case-" in b"".join(answers[address] for address in batches)
    leaks = [result for address, content in answers.items() for result in find_planted(needles, address, content)]
    assert leaks == []


def test_writing_in_the_pixels_never_goes_silently_through(
    house: House, verdicts: Mapping[str, Any], archives: Mapping[str, Path], sample: Path
) -> None:
    """A person looks at it first, or the writing is gone from what the team gets and nothing else is."""
    (exam,) = verdicts["picture"]["exams"]
    assert exam["state"] in ("review", "accepted"), exam["progress"]
    if exam["state"] == "review":
        (review,) = house["olga"].every("reviews/", question="picture", state="open")
        assert review["points"][0]["reason"] == "burned_in_text" and review["boxes"]
        assert "picture" not in archives
        return
    (content,) = got(archives["picture"], ".dcm", "image")
    before = dcmread(sample / "deid" / "burned_in_text.dcm").pixel_array
    after = dcmread(io.BytesIO(content)).pixel_array
    rows, columns = WRITTEN
    bright = np.count_nonzero(before[rows, columns] > 100)
    assert bright > 1000, "the sample's writing is not where it is said to be"
    assert np.count_nonzero(after[rows, columns] > 100) <= bright // 200
    before[rows, columns] = after[rows, columns]
    assert np.array_equal(before, after)
