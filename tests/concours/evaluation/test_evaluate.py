"""The engine on small sets: scores by hand, parts, hashes, and truths that are at fault themselves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from concours.evaluation.evaluate import public_manifest, rejected, score, validate
from concours.evaluation.truth import load_truth
from concours.evaluation.truth_table import TruthError
from concours.formats.fault import FormatError
from concours.known_names import known_names
from concours.questions.schema import load_spec
from tests.concours.evaluation.sets import CATALOGUE, csv_bytes, npy_bytes, question, scored, write_folder, write_zip


def square(side: int, grid: int = 8) -> np.ndarray:
    mask = np.zeros((grid, grid), np.uint8)
    mask[:side, :side] = 1
    return mask


@pytest.fixture
def sarcopenia(tmp_path: Path) -> Path:
    """Two cases of 4 and 9 voxels of 0.5 x 2 mm."""
    rows = [
        {"id": "001", "surface": 4, "spacing_row": 0.5, "spacing_col": 2},
        {"id": "NA", "surface": 9, "spacing_row": 0.5, "spacing_col": 2},
    ]
    return write_folder(
        tmp_path / "truth",
        {"truth.csv": csv_bytes(rows), "mask/001.npy": npy_bytes(square(2)), "mask/NA.npy": npy_bytes(square(3))},
    )


def sent(path: Path, first: np.ndarray, second: np.ndarray, surfaces: tuple[float, float]) -> Path:
    table = csv_bytes([{"case_id": "NA", "surface": surfaces[1]}, {"case_id": "001", "surface": surfaces[0]}])
    return write_zip(path, {"surfaces.csv": table, "001.npy": npy_bytes(first * 255), "NA.npy": npy_bytes(second)})


def test_masks_and_their_table_are_scored_case_by_case_and_over_the_set(sarcopenia: Path, tmp_path: Path) -> None:
    zipped = sent(tmp_path / "team.zip", square(2), square(2), (5.0, 7.0))
    result = scored("sarcopenia", sarcopenia, zipped)
    assert result.cases == {"001": {"dice": 1.0}, "NA": {"dice": pytest.approx(8 / 13)}}
    assert result.scores == {"dice": pytest.approx((1 + 8 / 13) / 2), "surface_mse": pytest.approx((1 + 4) / 2)}
    assert result.to_json()["cases"] == 2
    assert set(result.to_json(per_case=True)["cases"]) == {"001", "NA"}


def test_a_surface_that_the_truth_does_not_name_is_measured_on_its_mask(sarcopenia: Path, tmp_path: Path) -> None:
    rows = [{"id": case, "spacing_row": 0.5, "spacing_col": 2} for case in ("001", "NA")]
    (sarcopenia / "truth.csv").write_bytes(csv_bytes(rows))
    zipped = sent(tmp_path / "team.zip", square(2), square(3), (4.0, 9.0))
    assert scored("sarcopenia", sarcopenia, zipped).scores == {"dice": 1.0, "surface_mse": 0.0}


def test_a_run_is_reproducible_and_says_from_what_it_was_made(sarcopenia: Path, tmp_path: Path) -> None:
    zipped = sent(tmp_path / "team.zip", square(2), square(2), (5.0, 7.0))
    first, second = scored("sarcopenia", sarcopenia, zipped), scored("sarcopenia", sarcopenia, zipped)
    assert json.dumps(first.to_json(True)) == json.dumps(second.to_json(True))
    assert first.submission_sha256 != first.truth_sha256
    (sarcopenia / "mask/001.npy").write_bytes(npy_bytes(square(3)))
    assert scored("sarcopenia", sarcopenia, zipped).truth_sha256 != first.truth_sha256
    assert first.versions["numpy"] == np.__version__


def test_an_empty_mask_is_a_score_and_not_a_gap(sarcopenia: Path, tmp_path: Path) -> None:
    zipped = sent(tmp_path / "team.zip", square(0), square(3), (4.0, 9.0))
    assert scored("sarcopenia", sarcopenia, zipped).scores["dice"] == 0.5


def probabilities(path: Path, values: dict[str, float]) -> Path:
    path.write_bytes(csv_bytes([{"case_id": case, "probability": value} for case, value in values.items()]))
    return path


def test_parts_are_scored_apart(tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    labels = {"a": 1, "b": 0, "c": 1, "d": 0}
    part = {"a": "public", "b": "public", "c": "private", "d": "private"}
    truth.write_bytes(csv_bytes([{"id": c, "abnormal": labels[c], "part": part[c]} for c in labels]))
    result = scored("nodules", truth, probabilities(tmp_path / "p.csv", {"a": 0.9, "b": 0.1, "c": 0.1, "d": 0.9}))
    assert {part: scores["auc"].value for part, scores in result.parts.items()} == {"public": 1.0, "private": 0.0}
    assert result.scores["auc"] == pytest.approx(0.5)
    assert "intervals" in result.to_json()


def test_a_part_of_one_class_is_null_while_the_whole_is_scored(tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    rows = [{"id": "a", "abnormal": 1, "part": "public"}, {"id": "b", "abnormal": 0, "part": "private"}]
    truth.write_bytes(csv_bytes(rows))
    result = scored("nodules", truth, probabilities(tmp_path / "p.csv", {"a": 0.9, "b": 0.1}))
    assert (result.scores["auc"], result.parts["public"]["auc"].value) == (1.0, None)


def test_one_class_is_the_organisers_fault(tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_bytes(csv_bytes([{"id": "a", "abnormal": 1}, {"id": "b", "abnormal": 1}]))
    with pytest.raises(TruthError) as caught:
        scored("nodules", truth, probabilities(tmp_path / "p.csv", {"a": 0.9, "b": 0.1}))
    assert rejected(caught.value)["errors"][0]["reason"] == "one_class"


@pytest.mark.parametrize(
    "rows",
    [
        [{"id": "a", "other": 1}],
        [{"id": "a", "abnormal": 1}, {"id": "a", "abnormal": 0}],
        [{"id": "a", "abnormal": "maybe"}],
        [{"id": "a", "abnormal": ""}],
        [{"name": "a", "abnormal": 1}],
        [{"id": "a", "abnormal": 1, "part": "secret"}],
    ],
)
def test_a_truth_with_a_fault_says_so_as_the_organisers(tmp_path: Path, rows: list[dict[str, object]]) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_bytes(csv_bytes(rows))
    with pytest.raises(TruthError) as caught:
        load_truth(question("nodules"), truth)
    assert {fault.reason for fault in caught.value.faults} == {"organiser_error"}


def test_an_edss_that_does_not_exist_is_no_truth_but_any_number_is_a_prediction(tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_bytes(csv_bytes([{"id": "a", "edss": 1.5}, {"id": "b", "edss": 2}]))
    sent_table = tmp_path / "edss.csv"
    sent_table.write_bytes(csv_bytes([{"case_id": "a", "edss": 1.7}, {"case_id": "b", "edss": -3}]))
    assert scored("ms-edss", truth, sent_table).scores["mse"] == pytest.approx((0.2**2 + 25) / 2)
    truth.write_bytes(csv_bytes([{"id": "a", "edss": 0.5}]))
    with pytest.raises(TruthError):
        load_truth(question("ms-edss"), truth)


def test_a_table_of_nodules_says_which_exam_is_abnormal(tmp_path: Path) -> None:
    """Above 100 mm3 or above 6 mm; at the threshold only where the question says so."""
    header = {"x": 0, "y": 0, "z": 0}
    truth = write_folder(
        tmp_path / "truth",
        {
            "truth.csv": csv_bytes([{"id": case} for case in ("small", "wide", "large", "edge")]),
            "nodules/small.csv": csv_bytes([header | {"diameter": 4, "volume": 40}]),
            "nodules/wide.csv": csv_bytes([header | {"diameter": 7, "volume": 60}]),
            "nodules/large.csv": csv_bytes(
                [header | {"diameter": 5, "volume": 30}, header | {"diameter": 6, "volume": 101}]
            ),
            "nodules/edge.csv": csv_bytes([header | {"diameter": 6, "volume": 100}]),
        },
    )
    result = load_truth(question("nodules"), truth).values["abnormal"]
    assert result == {"small": 0.0, "wide": 1.0, "large": 1.0, "edge": 0.0}
    text = (CATALOGUE / "nodules.yaml").read_text(encoding="utf-8").replace("inclusive: false", "inclusive: true")
    assert load_truth(load_spec(text, known_names()), truth).values["abnormal"]["edge"] == 1.0


def test_a_probability_of_the_other_class_is_turned_round(tmp_path: Path) -> None:
    text = (CATALOGUE / "nodules.yaml").read_text(encoding="utf-8")
    spec = load_spec(
        text.replace("column: probability, over: set", "column: probability, over: set, opposite: true"), known_names()
    )
    truth = tmp_path / "truth.csv"
    truth.write_bytes(csv_bytes([{"id": "a", "abnormal": 1}, {"id": "b", "abnormal": 0}]))
    read = load_truth(spec, truth)
    table = probabilities(tmp_path / "p.csv", {"a": 0.1, "b": 0.9})
    assert score(spec, read, validate(spec, public_manifest(spec, read), table, isolated=False)).scores["auc"] == 1.0


def test_all_errors_of_a_submission_come_at_once(sarcopenia: Path, tmp_path: Path) -> None:
    table = csv_bytes([{"case_id": "001", "surface": "many"}, {"case_id": "002", "surface": 3}])
    bad = write_zip(tmp_path / "bad.zip", {"s.csv": table, "001.npy": npy_bytes(square(2, 9)), "x.bin": b"?"})
    with pytest.raises(FormatError) as caught:
        scored("sarcopenia", sarcopenia, bad)
    reasons = {fault.reason for fault in caught.value.faults}
    assert {"non_numeric", "extra_id", "missing_id", "wrong_shape", "missing_file", "extra_file"} <= reasons
    assert not isinstance(caught.value, TruthError)
