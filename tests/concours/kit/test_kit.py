"""The starter kit: complete, the same twice, with checksums that hold and a notebook that runs."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from pathlib import Path

import pytest

from concours.evaluation.evaluate import public_manifest, validate
from concours.evaluation.sample import example_manifest
from concours.evaluation.truth import load_truth
from concours.formats.manifest import Manifest
from concours.kit.description import citation, description_files, licence
from concours.kit.kit import kit_files
from concours.known_names import known_names
from concours.questions.schema import load_spec
from tests.concours.evaluation.sets import CATALOGUE, question
from tests.concours.kit.test_baseline import batch

SLUGS = sorted(path.stem for path in CATALOGUE.glob("*.yaml"))


@pytest.mark.parametrize("slug", sorted(set(SLUGS) - {"mtm-hcc"}))
def test_the_kit_is_complete_and_the_same_twice(slug: str) -> None:
    spec = question(slug)
    manifest = example_manifest(spec)
    kit = kit_files(spec, manifest)
    assert kit == kit_files(spec, manifest)
    listed = dict(line.split("  ")[::-1] for line in kit["SHA256SUMS"].decode().splitlines())
    assert listed == {name: hashlib.sha256(body).hexdigest() for name, body in kit.items() if name != "SHA256SUMS"}
    assert Manifest.from_json(json.loads(kit["submission.json"])) == manifest
    assert load_spec(kit["question.yaml"].decode(), known_names()) == spec
    for name in ("baseline.py", "LICENCE.txt", "CITATION.txt"):
        assert kit[name]
        assert name in kit["README.md"].decode()


@pytest.mark.parametrize("slug", SLUGS)
def test_the_dictionary_names_every_field_column_and_image(slug: str) -> None:
    spec = question(slug)
    files = description_files(spec, "training", is_evaluation=False)
    rows = list(csv.DictReader(io.StringIO(files["dictionary.csv"])))
    table = spec.submission.table
    named = {(row["part"], row["name"]) for row in rows}
    expected = {("image", name) for name in spec.data.images} | {("field", name) for name in spec.data.fields}
    expected |= {("column", f"{field.name}.{name}") for field in spec.data.fields.values() for name in field.columns}
    assert named == expected | {("answer", name) for name in (table.columns if table else {})}


def test_licence_and_citation_of_the_question_file() -> None:
    text = question("prognosis").text.replace(
        "data:\n", "data:\n  licence: CC BY-NC 4.0.\n  citation: Doe J. A cohort. 2026.\n", 1
    )
    spec = load_spec(text, known_names())
    assert licence(spec).startswith("CC BY-NC 4.0.\n") and "charter" in licence(spec)
    assert citation(spec) == "Doe J. A cohort. 2026.\n"
    assert "SFR" in citation(question("sarcopenia"))


def test_the_notebook_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = question("kidney-cortex")
    batch(spec, tmp_path / "training", [f"t{number}" for number in range(6)])
    truth = load_truth(spec, batch(spec, tmp_path / "evaluation", [f"e{number}" for number in range(4)]))
    manifest = public_manifest(spec, truth)
    for name, content in kit_files(spec, manifest).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    cells = json.loads((tmp_path / "baseline.ipynb").read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    exec(compile(code, "baseline.ipynb", "exec"), {"__name__": "notebook"})
    assert cells[0]["cell_type"] == "markdown" and os.path.exists("baseline.zip")
    validate(spec, manifest, Path("baseline.zip"), isolated=False)
