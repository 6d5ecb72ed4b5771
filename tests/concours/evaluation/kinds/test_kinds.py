"""Every kind and every question of the catalogue: the file is sound, and its manifest says what the file says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from concours.evaluation import kinds
from concours.evaluation.evaluate import public_manifest, score, validate
from concours.evaluation.ranking_rule import RankingRule
from concours.evaluation.truth import load_truth
from concours.evaluation.truth_table import TruthError
from concours.formats.fault import FormatError
from concours.formats.manifest import Grid, Manifest
from concours.known_names import known_names
from concours.questions.schema import SpecError, load_spec
from tests.concours.evaluation.sets import CATALOGUE, csv_bytes, npy_bytes, question, scored, write_folder, write_zip

SLUGS = sorted(path.stem for path in CATALOGUE.glob("*.yaml"))


@pytest.mark.parametrize("slug", SLUGS)
def test_every_question_of_the_catalogue_is_sound(slug: str) -> None:
    spec = question(slug)
    assert spec.slug == slug
    assert RankingRule.from_spec(spec).inputs
    manifest = kinds.find(spec.kind).manifest(spec, ["a", "b"], {"a": Grid((4, 4)), "b": Grid((4, 4))})
    assert Manifest.from_json(manifest.to_json()) == manifest
    assert spec.deciding_phase is not None


def test_the_questions_of_the_editions_are_all_there() -> None:
    published = {"sarcopenia", "nodules", "ms-edss", "mtm-hcc", "lung-tumour"}
    published |= {"meniscus", "thyroid-cartilage", "breast-mr", "liver-us", "kidney-cortex"}
    assert published <= set(SLUGS)
    assert question("sarcopenia").split.sets == {"training": 513, "validation": 512, "test": 500}
    assert question("nodules").split.sets == {"training": 343, "validation": 344, "test": 344}
    assert question("ms-edss").split.sets == {"training": 480, "validation": 498, "test": 483}
    assert list(question("mtm-hcc").split.sets.values()) == [30, 30, 32]


def test_the_other_way_to_rank_the_lung_tumours_is_a_comment_away(tmp_path: Path) -> None:
    text = (CATALOGUE / "lung-tumour.yaml").read_text(encoding="utf-8")
    head, _, rest = text.partition("ranking:\n  rule: rank_sum\n")
    _, _, rest = rest.partition("# ranking:\n")
    comment, _, tail = rest.partition("\n\n")
    other = "\n".join(line.removeprefix("# ") for line in comment.splitlines())
    spec = load_spec(f"{head}ranking:\n{other}\n\n{tail}", known_names())
    assert spec.ranking.rule == "mean_of"
    rule = RankingRule.from_spec(spec)
    assert (rule.lower_total_wins, set(rule.inputs)) == (True, {"dice", "recist", "volume"})


def test_a_kind_without_its_section_is_an_error_with_a_line() -> None:
    text = (CATALOGUE / "kidney-cortex.yaml").read_text(encoding="utf-8").replace("kind: masks", "kind: runs")
    with pytest.raises(SpecError, match="requires the section runs"):
        load_spec(text, known_names())


def test_a_criterion_that_names_no_field_of_the_question_is_an_error_with_a_line() -> None:
    text = (CATALOGUE / "nodules.yaml").read_text(encoding="utf-8")
    broken = text.replace("nodules: {field: nodules,", "nodules: {field: nodule,")
    with pytest.raises(SpecError, match="nodule is not a field of this question") as caught:
        load_spec(broken, known_names())
    line = next(number for number, words in enumerate(broken.splitlines(), 1) if "field: nodule," in words)
    assert [mistake.line for mistake in caught.value.mistakes] == [line]


def test_grids_are_said_once_where_most_cases_share_one() -> None:
    grids = {case: Grid((8, 8)) for case in "abc"} | {"d": Grid((9, 9))}
    manifest = kinds.find("masks").manifest(question("kidney-cortex"), list("abcd"), grids)
    assert (manifest.grid, manifest.grids) == (Grid((8, 8)), {"d": Grid((9, 9))})


def test_an_unknown_kind_is_named_with_those_that_exist() -> None:
    with pytest.raises(kinds.UnknownKindError, match="masks"):
        kinds.find("maks")


def test_detections_are_lesions_and_exams(tmp_path: Path) -> None:
    """Two lesions in exam a, one found; a false alarm in b; c is clean and said to be so by a row of blanks."""
    lesion = {"y": 10, "radius": 2}
    truth = write_folder(
        tmp_path / "truth",
        {
            "truth.csv": csv_bytes([{"id": case} for case in "abc"]),
            "fractures/a.csv": csv_bytes([lesion | {"x": 10}, lesion | {"x": 40}]),
        },
    )
    rows = [
        {"case_id": "a", "x": 11, "y": 10, "probability": 0.9},
        {"case_id": "b", "x": 1, "y": 1, "probability": 0.6},
        {"case_id": "c", "x": "", "y": "", "probability": 0.1},
    ]
    sent = tmp_path / "f.csv"
    sent.write_bytes(csv_bytes(rows))
    result = scored("trauma", truth, sent)
    assert result.scores["lesion_sensitivity"] == 0.5
    assert (result.scores["auc"], result.scores["specificity"]) == (1.0, 0.5)
    assert (result.scores["ppv"], result.scores["npv"]) == (0.5, 1.0)


def test_an_indeterminate_band_counts_as_it_is_declared(tmp_path: Path) -> None:
    truth, sent = tmp_path / "t.csv", tmp_path / "p.csv"
    truth.write_bytes(
        csv_bytes([{"id": case, "covid": label} for case, label in zip("abcd", (1, 1, 0, 0), strict=True)])
    )
    values = zip("abcd", (0.9, 0.5, 0.1, 0.2), strict=True)
    sent.write_bytes(csv_bytes([{"case_id": case, "probability": value} for case, value in values]))
    result = scored("covid", truth, sent)
    assert result.scores["specificity"] == 1.0
    assert result.details["sensitivity"]["indeterminate"] == 1


def test_a_score_about_some_cases_looks_at_those_alone(tmp_path: Path) -> None:
    truth, sent = tmp_path / "t.csv", tmp_path / "p.csv"
    rows = [("a", "low", "fbp", 10), ("b", "high", "deep", 20), ("c", "low", "deep", 30)]
    truth.write_bytes(
        csv_bytes([dict(zip(("id", "dose", "reconstruction", "density"), row, strict=True)) for row in rows])
    )
    sent.write_bytes(csv_bytes([{"case_id": c, "density": d} for c, d in (("a", 11), ("b", 20), ("c", 33))]))
    scores = scored("ct-phantom", truth, sent).scores
    assert scores["rmse_low"] == pytest.approx(5**0.5)
    assert scores["rmse_deep"] == pytest.approx(4.5**0.5)


def test_grades_count_every_label_and_thirty_classes_are_text(tmp_path: Path) -> None:
    truth, sent = tmp_path / "t.csv", tmp_path / "p.csv"
    columns = ("inspiration", "rotation", "exposure", "coverage")
    truth.write_bytes(csv_bytes([{"id": n} | {c: (n + k) % 2 for k, c in enumerate(columns)} for n in range(6)]))
    sent.write_bytes(csv_bytes([{"case_id": n} | {c: (n + k) % 2 for k, c in enumerate(columns)} for n in range(6)]))
    assert set(scored("chest-quality", truth, sent).scores.values()) == {1.0}
    regions = question("radiographs-30").data.fields["region"].allowed
    assert len(regions) == 30
    truth.write_bytes(csv_bytes([{"id": region, "region": region} for region in regions]))
    predicted = [
        {"case_id": region, "region": "hip-lateral" if region == "hip-frontal" else region} for region in regions
    ]
    sent.write_bytes(csv_bytes(predicted))
    result = scored("radiographs-30", truth, sent)
    assert result.scores == {"accuracy": pytest.approx(29 / 30), "f1": pytest.approx((28 + 0 + 2 / 3) / 30)}
    sent.write_bytes(csv_bytes([*predicted[:-1], predicted[-1] | {"region": "hipp"}]))
    with pytest.raises(FormatError) as caught:
        scored("radiographs-30", truth, sent)
    assert [fault.reason for fault in caught.value.faults] == ["out_of_range"]


def test_a_task_that_does_not_apply_has_no_truth(tmp_path: Path) -> None:
    """Exams without a tear have neither location nor direction: those tasks pass over them."""
    truth, sent = tmp_path / "t.csv", tmp_path / "p.csv"
    rows = [("a", 1, 1, 0), ("b", 1, 0, 1), ("c", 0, "", "")]
    truth.write_bytes(csv_bytes([dict(zip(("id", "tear", "posterior", "vertical"), row, strict=True)) for row in rows]))
    predicted = [("a", 0.9, 0.8, 0.9), ("b", 0.8, 0.1, 0.2), ("c", 0.1, 0.5, 0.5)]
    sent.write_bytes(
        csv_bytes([dict(zip(("case_id", "tear", "posterior", "vertical"), row, strict=True)) for row in predicted])
    )
    assert scored("meniscus", truth, sent).scores["weighted_auc"] == pytest.approx(0.4 + 0.3)


def test_a_mask_and_a_class_are_scored_together(tmp_path: Path) -> None:
    cube = np.zeros((6, 6, 4), np.uint8)
    cube[1:4, 1:4, 1:3] = 1
    rows = [{"id": "a", "malignant": 1}, {"id": "b", "malignant": 0}]
    masks = {f"tumour/{case}.npy": npy_bytes(cube) for case in "ab"}
    truth = write_folder(tmp_path / "truth", {"truth.csv": csv_bytes(rows), **masks})
    table = csv_bytes([{"case_id": "a", "malignant": 0.8}, {"case_id": "b", "malignant": 0.7}])
    empty = npy_bytes(np.zeros_like(cube))
    sent = write_zip(tmp_path / "s.zip", {"classes.csv": table, "a.npy": npy_bytes(cube), "b.npy": empty})
    scores = scored("salivary-glands", truth, sent).scores
    assert (scores["dice"], scores["recall"], scores["specificity"], scores["accuracy"]) == (0.5, 1.0, 0.0, 0.5)
    # One mask is empty: the distance is the diagonal of the volume, not a gap.
    assert scores["hd95"] == pytest.approx((6**2 + 6**2 + 4**2) ** 0.5 / 2)


def test_a_mask_with_labels_is_compared_label_by_label(tmp_path: Path) -> None:
    text = (CATALOGUE / "kidney-cortex.yaml").read_text(encoding="utf-8").replace("values: [0, 1]", "values: [0, 1, 2]")
    text = text.replace("field: cortex, over: cases, aggregate: mean", "field: cortex, over: cases, label: 2")
    spec = load_spec(text, known_names())
    mask = np.array([[0, 1, 1], [2, 2, 0]], np.uint8)
    other = np.array([[0, 1, 1], [2, 0, 0]], np.uint8)
    truth = write_folder(tmp_path / "truth", {"truth.csv": csv_bytes([{"id": "k"}]), "cortex/k.npy": npy_bytes(mask)})
    sent = write_zip(tmp_path / "s.zip", {"k.npy": npy_bytes(other)})
    read = load_truth(spec, truth)
    prediction = validate(spec, public_manifest(spec, read), sent, isolated=False)
    assert score(spec, read, prediction).scores["dice"] == pytest.approx(2 / 3)
    with pytest.raises(SpecError, match="no label 7"):
        load_spec(text.replace("label: 2", "label: 7"), known_names())


def test_generated_cases_of_the_wrong_number_or_shape_are_refused(tmp_path: Path) -> None:
    text = (CATALOGUE / "mtm-hcc.yaml").read_text(encoding="utf-8")
    spec = load_spec(text.replace("cases: 1000", "cases: 4").replace("minimum: 100", "minimum: 2"), known_names())
    generator = np.random.default_rng(1)
    files = {f"images/r{n}.npy": npy_bytes(generator.random((3, 16, 16))) for n in range(3)}
    truth = write_folder(tmp_path / "truth", {"truth.csv": csv_bytes([{"id": f"r{n}"} for n in range(3)]), **files})
    read = load_truth(spec, truth)
    manifest = public_manifest(spec, read)
    assert manifest.ids == ()
    case = npy_bytes(generator.random((3, 16, 16)))
    for count, reason in ((1, "missing_file"), (5, "extra_file")):
        sent = write_zip(tmp_path / f"{count}.zip", {f"g{n}.npy": case for n in range(count)})
        with pytest.raises(FormatError) as caught:
            validate(spec, manifest, sent, isolated=False)
        assert [fault.reason for fault in caught.value.faults] == [reason]
    flat = write_zip(tmp_path / "flat.zip", {f"g{n}.npy": npy_bytes(generator.random((16, 16))) for n in range(2)})
    with pytest.raises(FormatError) as caught:
        score(spec, read, validate(spec, manifest, flat, isolated=False))
    assert not isinstance(caught.value, TruthError)
    assert caught.value.faults[0].reason == "wrong_shape"


def test_a_question_scored_elsewhere_is_not_scored_here(tmp_path: Path) -> None:
    text = (CATALOGUE / "nodules.yaml").read_text(encoding="utf-8")
    text = text.replace(
        "{metric: roc_auc, field: abnormal, column: probability, over: set}", "{metric: external, direction: higher}"
    )
    spec = load_spec(text, known_names())
    assert RankingRule.from_spec(spec).directions["auc"] == "higher"
    truth, sent = tmp_path / "t.csv", tmp_path / "p.csv"
    truth.write_bytes(csv_bytes([{"id": "a"}]))
    sent.write_bytes(csv_bytes([{"case_id": "a", "probability": 1}]))
    read = load_truth(spec, truth)
    with pytest.raises(TruthError):
        score(spec, read, validate(spec, public_manifest(spec, read), sent, isolated=False))
