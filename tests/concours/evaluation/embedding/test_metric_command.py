"""`manage.py metric`: two files in, one JSON document out, without a database."""

import io
import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from concours import metrics
from concours.metrics import Region


def run(names: str, truth: Path, prediction: Path, **params: Any) -> dict[str, Any]:
    out = io.StringIO()
    call_command("metric", names, truth=truth, prediction=prediction, params=json.dumps(params), stdout=out)
    return json.loads(out.getvalue())


def mask(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((9, 8, 5)) < 0.4


def nifti(path: Path, array: np.ndarray, spacing: tuple[float, ...] = (2.0, 1.0, 3.0)) -> Path:
    nibabel.save(nibabel.Nifti1Image(array.astype(np.uint8), np.diag([*spacing, 1.0])), path)
    return path


def npy(path: Path, array: np.ndarray) -> Path:
    np.save(path, array)
    return path


def text(path: Path, content: str) -> Path:
    path.write_text(content)
    return path


def run_lengths(array: np.ndarray, order: str, base: int) -> str:
    flat = array.ravel(order="C" if order == "row" else "F")
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flat.view(np.int8), [0]])))
    return " ".join(f"{start + base} {stop - start}" for start, stop in zip(edges[::2], edges[1::2], strict=True))


def test_masks_with_the_spacing_of_the_file(tmp_path: Path) -> None:
    truth, prediction = nifti(tmp_path / "t.nii.gz", mask(0)), nifti(tmp_path / "p.nii", mask(1))
    names = ["dice", "iou", "hd95", "assd", "nsd", "volume", "recist", "recist_error", "lesion_f1"]
    scores = run(",".join(names), truth, prediction, recist="d3_edge", tolerance_mm=2.0)["scores"]
    sides = [Region(mask(seed), (2.0, 1.0, 3.0)) for seed in (0, 1)]
    for name in names:
        own = {"recist": {"recist": "d3_edge"}, "recist_error": {"recist": "d3_edge"}, "nsd": {"tolerance_mm": 2.0}}
        assert scores[name] == pytest.approx(metrics.find(name)(*sides, **own.get(name, {})).value), name


@pytest.mark.parametrize("order", ["row", "column"])
@pytest.mark.parametrize("base", [0, 1])
def test_run_lengths_in_every_order_and_base(tmp_path: Path, order: str, base: int) -> None:
    truth = nifti(tmp_path / "t.nii.gz", mask(0))
    prediction = text(tmp_path / "p.csv", f"id,rle\na,{run_lengths(mask(1), order, base)}\n")
    expected = metrics.find("dice")(mask(0), mask(1)).value
    assert run("dice", truth, prediction, rle={"order": order, "base": base})["scores"]["dice"] == pytest.approx(
        expected
    )
    both = text(tmp_path / "t.csv", f"id,rle\na,{run_lengths(mask(0), order, base)}\n")
    settings = {"rle": {"order": order, "base": base, "shape": [9, 8, 5]}, "spacing": [2.0, 1.0, 3.0]}
    scores = run("dice,hd95", both, prediction, **settings)["scores"]
    assert scores["dice"] == pytest.approx(expected)
    sides = [Region(mask(seed), (2.0, 1.0, 3.0)) for seed in (0, 1)]
    assert scores["hd95"] == pytest.approx(metrics.find("hd95")(*sides).value)


def test_rows_of_run_lengths_are_averaged_and_an_empty_cell_is_an_empty_mask(tmp_path: Path) -> None:
    truth = text(tmp_path / "t.csv", "id,rle\na,1 2\nb,\n")
    prediction = text(tmp_path / "p.csv", "id,rle\nb,\na,2 2\n")
    scores = run("dice", truth, prediction, rle={"order": "row", "base": 1, "shape": [2, 4]})["scores"]
    assert scores["dice"] == pytest.approx((0.5 + 1.0) / 2)


def test_arrays_labels_and_folders(tmp_path: Path) -> None:
    labels, other = mask(0) + 2 * (mask(1) & ~mask(0)), mask(2) + 2 * (mask(3) & ~mask(2))
    truth, prediction = (
        npy(tmp_path / "t.npy", labels.astype(np.uint8)),
        npy(tmp_path / "p.npy", other.astype(np.uint8)),
    )
    expected = np.mean([metrics.find("dice")(labels == value, other == value).value for value in (1, 2)])
    assert run("dice", truth, prediction, labels=[1, 2])["scores"]["dice"] == pytest.approx(expected)
    assert run("panoptic_quality", truth, truth)["scores"]["panoptic_quality"] == 1.0
    for side, seeds in (("truth", (0, 1)), ("prediction", (2, 3))):
        (tmp_path / side).mkdir()
        for case, seed in zip("ab", seeds, strict=True):
            nifti(tmp_path / side / f"{case}.nii.gz", mask(seed))
    expected = np.mean([metrics.find("dice")(mask(left), mask(right)).value for left, right in ((0, 2), (1, 3))])
    assert run("dice", tmp_path / "truth", tmp_path / "prediction")["scores"]["dice"] == pytest.approx(expected)


def test_tables_are_joined_by_id_in_any_order(tmp_path: Path) -> None:
    truth = text(tmp_path / "t.csv", "case_id,malignant\n001,1\nNA,0\nc,1\nd,0\n")
    prediction = text(tmp_path / "p.csv", "case_id;probability\nd;0,4\nc;0,35\nNA;0,1\n001;0,8\n")
    document = run("roc_auc,brier,recall", truth, prediction, threshold=0.5)
    assert document["scores"] == pytest.approx({"roc_auc": 0.75, "brier": 0.6325 / 4, "recall": 0.5})
    assert document["intervals"]["roc_auc"][1] == 1.0


def test_grades_as_text_with_all_labels(tmp_path: Path) -> None:
    truth = text(tmp_path / "t.csv", "id,grade\n1,A\n2,C\n3,D\n4,A\n")
    prediction = text(tmp_path / "p.csv", "id,grade\n1,A\n2,D\n3,D\n4,C\n")
    document = run("cohen_kappa", truth, prediction, labels=["A", "B", "C", "D"], weights="quadratic")
    expected = metrics.find("cohen_kappa")(
        ["A", "C", "D", "A"], ["A", "D", "D", "C"], labels=list("ABCD"), weights="quadratic"
    )
    assert document["scores"]["cohen_kappa"] == pytest.approx(expected.value)


def test_embeddings_and_shuffles_from_a_file(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    real, generated = generator.normal(size=(2, 30, 4))
    shuffles = np.stack([generator.permutation(30) for _ in range(3)])
    sides = npy(tmp_path / "t.npy", real), npy(tmp_path / "p.npy", generated)
    values = str(npy(tmp_path / "shuffles.npy", shuffles))
    scores = run("fid,diversity,memorisation", *sides, permutations=values, batches=3, batch_size=10)["scores"]
    assert scores["fid"] == pytest.approx(metrics.find("fid")(real, generated).value)
    expected = metrics.find("diversity")(real, generated, permutations=shuffles, batches=3, batch_size=10)
    assert scores["diversity"] == pytest.approx(expected.value)


def test_images_are_embedded_with_the_default_network(tmp_path: Path) -> None:
    images = np.random.default_rng(0).random((3, 3, 20, 20))
    document = run("fid", npy(tmp_path / "t.npy", images), npy(tmp_path / "p.npy", images))
    assert document["scores"]["fid"] == pytest.approx(0, abs=1e-6)


def test_undefined_is_null_with_a_reason(tmp_path: Path) -> None:
    truth = text(tmp_path / "t.csv", "id,y\na,1\nb,1\n")
    prediction = text(tmp_path / "p.csv", "id,p\na,0.2\nb,\n")
    document = run("roc_auc", truth, prediction)
    assert document["scores"] == {"roc_auc": None}
    assert document["reasons"] == {"roc_auc": "missing_value"}


@pytest.mark.parametrize(
    ("names", "params", "message"),
    [
        ("no_such", {}, "no metric"),
        ("dice", {"misspelt": 1}, "misspelt"),
        ("recist", {"recist": "d9"}, "one of"),
    ],
)
def test_a_wrong_call_ends_with_2_and_says_why(tmp_path: Path, names: str, params: dict, message: str) -> None:
    file = nifti(tmp_path / "t.nii", mask(0))
    with pytest.raises(CommandError, match=message) as caught:
        run(names, file, file, **params)
    assert caught.value.returncode == 2


def test_other_ids_are_never_dropped(tmp_path: Path) -> None:
    truth, prediction = text(tmp_path / "t.csv", "id,y\na,1\nb,2\n"), text(tmp_path / "p.csv", "id,y\na,1\n")
    with pytest.raises(CommandError, match="one side only: b"):
        run("mse", truth, prediction)


def test_an_unreadable_prediction_ends_with_3_and_an_unreadable_truth_with_4(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = nifti(tmp_path / "t.nii", mask(0)), text(tmp_path / "p.nii", "no image")
    with pytest.raises(SystemExit) as rejected:
        call_command("metric", "dice", truth=good, prediction=bad)
    assert rejected.value.code == 3
    assert json.loads(capsys.readouterr().out)["errors"][0]["reason"]
    with pytest.raises(CommandError) as fault:
        call_command("metric", "dice", truth=bad, prediction=good)
    assert fault.value.returncode == 4


def test_ids_of_files_in_a_folder_may_hold_dots(tmp_path: Path) -> None:
    pairs = {f"1.2.{n}": (mask(n), mask(n + 9)) for n in range(3)}
    for side in (0, 1):
        folder = tmp_path / "tp"[side]
        folder.mkdir()
        (folder / ".DS_Store").write_bytes(b"x")
        for case, both in pairs.items():
            nifti(folder / f"{case}.nii.gz", both[side])
    expected = np.mean([2 * (t & p).sum() / (t.sum() + p.sum()) for t, p in pairs.values()])
    assert run("dice", tmp_path / "t", tmp_path / "p")["scores"]["dice"] == pytest.approx(expected, abs=1e-12)
    npy(tmp_path / "p" / "1.2.0.npy", mask(0))
    with pytest.raises(CommandError, match="two files of one case"):
        run("dice", tmp_path / "t", tmp_path / "p")


def test_a_refused_prediction_is_told_as_score_tells_it(tmp_path: Path) -> None:
    out = io.StringIO()
    sent = text(tmp_path / "p.nii.gz", "x")
    with pytest.raises(SystemExit):
        call_command("metric", "dice", truth=nifti(tmp_path / "t.nii.gz", mask(1)), prediction=sent, stdout=out)
    (error,) = json.loads(out.getvalue())["errors"]
    assert set(error) == {"reason", "where", "message"}
