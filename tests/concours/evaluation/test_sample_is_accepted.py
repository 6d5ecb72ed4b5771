"""The sample submission of every question of the catalogue is accepted and scored, as any team may send it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from concours.evaluation.evaluate import public_manifest, score, validate
from concours.evaluation.invented import invented_truth
from concours.evaluation.sample import (
    EXAMPLE_IDS,
    SampleTooLargeError,
    example_manifest,
    sample_submission,
)
from concours.evaluation.truth import load_truth
from concours.formats.fault import FormatError
from concours.formats.manifest import Grid, Manifest
from tests.concours.evaluation.sets import CATALOGUE, question

SLUGS = sorted(path.stem for path in CATALOGUE.glob("*.yaml"))
IDS = [f"case-{number}" for number in range(30)]
FORMATS = ("npy", "nifti", "nrrd", "png", "dicom")


def saved(folder: Path, sample: tuple[str, bytes]) -> Path:
    path = folder / sample[0]
    path.write_bytes(sample[1])
    return path


@pytest.mark.parametrize("slug", SLUGS)
def test_the_sample_is_accepted_and_scored(slug: str, tmp_path: Path) -> None:
    spec = question(slug)
    truth = load_truth(spec, invented_truth(spec, tmp_path / "truth", IDS))
    manifest = Manifest.from_json(json.loads(json.dumps(public_manifest(spec, truth).to_json())))
    sample = saved(tmp_path, sample_submission(spec, manifest))
    prediction = validate(spec, manifest, sample, isolated=False)
    assert set(score(spec, truth, prediction).scores) == set(spec.metrics)
    if spec.submission.generated is None:
        other = replace(manifest, ids=(*manifest.ids, "case-that-is-missing"))
        with pytest.raises(FormatError):
            validate(spec, other, sample, isolated=False)


@pytest.mark.parametrize("slug", SLUGS)
def test_the_sample_of_invented_cases_fits_its_own_manifest(slug: str, tmp_path: Path) -> None:
    spec = question(slug)
    sample = sample_submission(spec)
    assert sample == sample_submission(spec)
    validate(spec, example_manifest(spec), saved(tmp_path, sample), isolated=False)
    if sample[0].endswith(".csv"):
        lines = sample[1].decode().splitlines()
        assert lines[0].split(",")[0] == spec.submission.id_column and len(lines) == 1 + len(EXAMPLE_IDS)


@pytest.mark.parametrize(
    ("form", "flat"), [*((form, True) for form in FORMATS), *((form, False) for form in FORMATS if form != "png")]
)
def test_masks_are_written_in_whichever_format_a_question_takes(form: str, flat: bool, tmp_path: Path) -> None:
    spec = question("kidney-cortex")
    truth = load_truth(spec, invented_truth(spec, tmp_path / "truth", IDS[:4], slices=flat))
    manifest = replace(public_manifest(spec, truth), formats=(form,))
    sample = saved(tmp_path, sample_submission(spec, manifest))
    scores = score(spec, truth, validate(spec, manifest, sample, isolated=False)).scores
    assert scores["dice"] is not None


def test_masks_too_large_for_a_page_are_not_made() -> None:
    spec = question("kidney-cortex")
    manifest = replace(example_manifest(spec), grid=Grid((1024, 1024, 500)), grids={})
    with pytest.raises(SampleTooLargeError):
        sample_submission(spec, manifest)
