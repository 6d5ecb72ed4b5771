"""One submission in any wrapping is read the same, and everything wrong with it is said at once."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from concours.formats.check import check_upload, validate_limited
from concours.formats.fault import FormatError
from concours.formats.manifest import Manifest, ManifestError
from concours.formats.submission import ParsedSubmission, images, validate_submission
from tests.concours.formats import builders as b

IDS = ["001", "002", "NA"]
GRID = {"shape": list(b.SHAPE), "affine": b.AFFINE.tolist()}
BOTH = Manifest.from_json(
    {
        "id_column": "case_id",
        "ids": IDS,
        "columns": {"surface": {"type": "number", "min": 0}},
        "table": "surfaces.csv",
        "grid": GRID,
        "mask_values": [0, 1],
        "files": "{id}",
    }
)
TABLE = b"case_id,surface\n001,1\nNA,3\n002,2\n"
MASKS = {case: np.roll(b.ball(), shift, 0) for shift, case in enumerate(IDS)}
FILES = {
    "surfaces.csv": TABLE,
    "001.nii.gz": b.nifti(MASKS["001"]),
    "002.npy": b.npy(MASKS["002"]),
    "NA.nii": b.nifti(MASKS["NA"], packed=False),
}


def _check(parsed_submission: ParsedSubmission) -> None:
    assert parsed_submission.values.by_id("surface") == {"001": 1.0, "002": 2.0, "NA": 3.0}
    assert set(parsed_submission.masks["mask"]) == set(IDS)
    for case, masks in parsed_submission.masks["mask"].items():
        assert (masks[1].dense() == MASKS[case]).all()
        assert masks[1].spacing == pytest.approx((0.7, 0.7, 2.0))


def _written(path: Path, members: dict[str, bytes]) -> Path:
    path.write_bytes(b.zipped(members))
    return path


def test_zip_folder_and_child_agree(tmp_path: Path) -> None:
    _check(validate_submission(_written(tmp_path / "a.zip", FILES), BOTH))
    _check(validate_limited(tmp_path / "a.zip", BOTH))
    below = {f"out/{name}": data for name, data in FILES.items()}
    _check(validate_submission(_written(tmp_path / "b.zip", below), BOTH))
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    _check(validate_submission(folder, BOTH))
    _check(validate_limited(folder, BOTH))


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    broken = {
        "surfaces.csv": b"case_id,surface\n001,x\n001,-1\n",
        "001.nii.gz": b.nifti(MASKS["001"] * np.uint8(7)),
        "001.npy": b.npy(MASKS["001"]),
        "002.nii.gz": b.nifti(MASKS["002"][:-1]),
        "readme.md": b"hello",
    }
    with pytest.raises(FormatError) as caught:
        validate_submission(_written(tmp_path / "a.zip", broken), BOTH)
    result = sorted(f.reason for f in caught.value.faults)
    of_files = ["duplicate_file", "extra_file", "missing_file", "non_binary_mask", "wrong_shape"]
    of_table = ["duplicate_id", "missing_id", "missing_id", "non_numeric", "out_of_range"]
    assert result == sorted(of_files + of_table)
    message = {f.reason: f.message for f in caught.value.faults}
    assert message["missing_file"] == "There is no file for the id 'NA'. Its name must be 'NA.nii'."


@pytest.mark.parametrize("name", ["more.zip", "more.bin", "a/more", "notes.csv.gz"])
@pytest.mark.parametrize("kind", ["zip", "gzip", "rar"])
def test_an_archive_in_the_archive_is_refused_as_one_whatever_its_name(tmp_path: Path, name: str, kind: str) -> None:
    inner = {"zip": b.zipped({"x.csv": b"1"}), "gzip": b.gzipped(b"1"), "rar": b"Rar!\x1a\x07\x00" + bytes(99)}[kind]
    path = tmp_path / "s.zip"
    path.write_bytes(b.zipped(FILES | {name: inner}))
    with pytest.raises(FormatError) as caught:
        validate_submission(path, BOTH)
    assert [(fault.reason, fault.where) for fault in caught.value.faults] == [("unsafe_archive", name)]
    path.write_bytes(b.zipped({"surfaces.csv": TABLE, name: inner}))
    with pytest.raises(FormatError) as caught:
        validate_submission(path, replace(BOTH, files=None))
    assert [(fault.reason, fault.where) for fault in caught.value.faults] == [("unsafe_archive", name)]


def test_a_manifest_that_names_no_table_needs_none_beside_its_files(tmp_path: Path) -> None:
    document = BOTH.to_json() | {"table": None}
    masks = {name: data for name, data in FILES.items() if name != "surfaces.csv"}
    manifest = Manifest.from_json(document)
    assert set(validate_submission(_written(tmp_path / "a.zip", masks), manifest).masks["mask"]) == set(IDS)
    _check(validate_submission(_written(tmp_path / "b.zip", FILES), manifest))


def test_a_missing_table_is_a_missing_file(tmp_path: Path) -> None:
    members = {name: data for name, data in FILES.items() if name != "surfaces.csv"}
    with pytest.raises(FormatError, match="missing_file"):
        validate_submission(_written(tmp_path / "a.zip", members), BOTH)


@pytest.mark.parametrize(("content", "code"), [(b"PK not a zip", "unreadable_file"), (b"id,x", "wrong_format")])
def test_a_zip_that_is_none_is_said_to_be_none(tmp_path: Path, content: bytes, code: str) -> None:
    """Not that a file of its name belongs to no case: the team never named one."""
    path = tmp_path / "submission.zip"
    path.write_bytes(content)
    with pytest.raises(FormatError) as answer:
        validate_submission(path, BOTH)
    assert [fault.reason for fault in answer.value.faults] == [code]


RUNS = Manifest.from_json(
    {
        "ids": IDS,
        "columns": {
            "rle": {"type": "rle", "order": "row", "base": 1},
            "recist": {"type": "ignored"},
            "data_shape": {"type": "shape"},
        },
        "grids": dict.fromkeys(IDS, GRID),
    }
)


def test_runs_become_masks_in_both_orders(tmp_path: Path) -> None:
    from concours.formats.mask import Mask
    from concours.formats.runs import format_runs

    for order, letter in (("row", "C"), ("column", "F")):
        for base in (0, 1):
            document = RUNS.to_json()
            document["columns"]["rle"] |= {"order": order, "base": base}
            rows = [
                f'{case},{format_runs(Mask.from_array(mask).runs_in(letter), base)},=ignored?,"(16, 12, 8)"'
                for case, mask in MASKS.items()
            ]
            text = "id,rle,recist,data_shape\n" + "\n".join(rows).replace("=ignored?", "9") + "\n"
            path = tmp_path / "runs.csv"
            path.write_text(text)
            validate_limited_result = validate_limited(path, Manifest.from_json(document))
            for case, masks in validate_limited_result.masks["rle"].items():
                assert (masks[1].dense() == MASKS[case]).all()
                assert masks[1].order == letter


def test_run_errors_of_all_rows_come_together(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text('id,rle,recist,data_shape\n001,1,0,"(16, 12, 8)"\n002,0 3,0,"(16, 12, 8)"\nNA,,0,16 x 12 x 8\n')
    with pytest.raises(FormatError) as caught:
        validate_submission(path, RUNS)
    assert [(f.reason, f.where) for f in caught.value.faults] == [
        ("rle_malformed", "id 001"),
        ("rle_out_of_bounds", "id 002"),
    ]


def test_generated_cases_have_ids_of_the_teams_choosing(tmp_path: Path) -> None:
    manifest = Manifest.from_json(
        {"files": "{id}.npy", "array": "image", "cases": [2, 3], "grid": {"shape": [3, 8, 8]}, "formats": ["npy"]}
    )
    rng = np.random.default_rng(0)
    good = {f"g{i}.npy": b.npy(rng.random((3, 8, 8), np.float32)) for i in range(3)}
    path = _written(tmp_path / "a.zip", good)
    assert validate_limited(path, manifest).images == ("g0", "g1", "g2")
    assert [(case, array.shape) for case, array in images(path, manifest)] == [(f"g{i}", (3, 8, 8)) for i in range(3)]
    bad = {"a.npy": b.npy(np.full((3, 8, 8), np.nan)), "b.npy": b.npy(rng.random((8, 8))), "c.txt": b"x"}
    with pytest.raises(FormatError) as caught:
        validate_submission(_written(tmp_path / "b.zip", bad), manifest)
    assert sorted(f.reason for f in caught.value.faults) == ["extra_file", "non_finite", "wrong_shape"]
    with pytest.raises(FormatError, match="missing_file"):
        validate_submission(_written(tmp_path / "c.zip", {"g0.npy": good["g0.npy"]}), manifest)


def test_the_manifest_survives_json_and_its_mistakes_are_the_organisers() -> None:
    for manifest in (BOTH, RUNS):
        assert Manifest.from_json(json.loads(json.dumps(manifest.to_json()))) == manifest
    wrong: list[dict[str, Any]] = [
        {"columns": {"a": {"type": "nonsense"}}},
        {"grid": {"shape": []}},
        {"grid": {"shape": [1, 2], "affine": [[1]]}},
        {"ids": ["a", "a"]},
        {"limits": {"bytes": 0}},
        {"columns": {"a": {"type": "rle", "base": 2}}},
        {"rows": "some"},
        {"mask_values": ["x"]},
    ]
    for document in wrong:
        with pytest.raises(ManifestError):
            Manifest.from_json(document)


def test_verdicts(tmp_path: Path) -> None:
    path = tmp_path / "f"

    def verdict(data: bytes, kind: str, manifest: Manifest | None = None) -> tuple[str, str]:
        path.write_bytes(data)
        result = check_upload(path, kind, manifest)
        return result.verdict, result.code

    assert verdict(b.zipped(FILES), "zip", BOTH) == ("accept", "")
    assert verdict(b.zipped(FILES | {"__MACOSX/._x": b"j"}), "zip", BOTH) == ("sanitise", "extra_file")
    assert verdict(b.zipped({"a.dcm": b.dicom(b.ball((8, 8)))}), "zip") == ("accept", "")
    capture = b.dicom(b.ball((64, 64)), sop_class="1.2.840.10008.5.1.4.1.1.7")
    assert verdict(b.zipped({"a.dcm": capture}), "zip") == ("quarantine", "burned_in_text")
    assert verdict(b.zipped({"a.exe": b"MZ123"}), "zip") == ("quarantine", "wrong_format")
    assert verdict(b.nifti(MASKS["001"]), "nifti", BOTH) == ("accept", "")
    assert verdict(b.nifti(MASKS["001"]), "nifti") == ("accept", "")
    assert verdict(b.npy(MASKS["001"]), "npy", BOTH) == ("accept", "")
    assert verdict(b.png(b.ball((8, 8))), "image") == ("accept", "")
    assert verdict(TABLE, "csv", BOTH) == ("accept", "")
    assert verdict(TABLE, "csv") == ("accept", "")
    assert verdict(b.xlsx([["case_id", "surface"], *[[c, 1.0] for c in IDS]]), "xlsx", BOTH) == ("accept", "")
    no_grid = Manifest.from_json({"ids": ["1"], "columns": {"rle": {"type": "rle"}}})
    assert verdict(b"id,rle\n1,1 2\n", "csv", no_grid) == ("reject", "organiser_error")


def test_check_upload_writes_nothing_outside_its_folder(tmp_path: Path) -> None:
    upload, work = tmp_path / "in", tmp_path / "work"
    upload.mkdir()
    work.mkdir()
    (upload / "a.zip").write_bytes(b.zipped(FILES))
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")}
    assert check_upload(upload / "a.zip", "zip", BOTH, work).verdict == "accept"
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")} == before


def test_a_kind_that_does_not_exist_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="kind of upload"):
        check_upload(tmp_path, "tar")


IGNORING = {"ids": ["a", "b"], "ignored_ids": ["x", "y"], "id_column": "id", "columns": {"p": {"min": 0, "max": 1}}}


def test_rows_of_ignored_ids_are_passed_over_whatever_they_hold(tmp_path: Path) -> None:
    table = tmp_path / "sent.csv"
    table.write_text("id,p\na,0.5\nx,none\nx,7\nb,1\n")
    sent = validate_submission(table, Manifest.from_json(IGNORING))
    assert (sent.values.ids, sent.values.columns, sent.ignored) == (["a", "b"], {"p": [0.5, 1.0]}, ("x",))
    assert ParsedSubmission.from_wire(sent.to_wire()).ignored == ("x",)


def test_a_formula_in_a_row_of_an_ignored_id_is_still_unsafe(tmp_path: Path) -> None:
    table = tmp_path / "sent.csv"
    table.write_text("id,p\na,0.5\nx,=1+1\nb,1\n")
    with pytest.raises(FormatError) as caught:
        validate_submission(table, Manifest.from_json(IGNORING))
    assert [fault.reason for fault in caught.value.faults] == ["unsafe_file"]


@pytest.mark.parametrize("folder", ["", "masks/"])
def test_files_of_ignored_ids_are_passed_over_unread(tmp_path: Path, folder: str) -> None:
    good = io.BytesIO()
    np.save(good, np.ones((4, 5), np.uint8))
    path = tmp_path / "sent.zip"
    path.write_bytes(b.zipped({f"{folder}a.npy": good.getvalue(), f"{folder}b.npy": good.getvalue(),
                             f"{folder}y.npy": b"no array"}))  # fmt: skip
    manifest = Manifest.from_json(
        {**IGNORING, "columns": {}, "files": "{id}.npy", "formats": ["npy"], "grid": {"shape": [4, 5]}}
    )
    sent = validate_submission(path, manifest)
    assert (set(sent.masks["mask"]), sent.ignored) == ({"a", "b"}, ("y",))


def test_an_id_is_not_both_asked_for_and_ignored() -> None:
    with pytest.raises(ManifestError):
        Manifest.from_json({**IGNORING, "ignored_ids": ["b"]})
    assert Manifest.from_json(Manifest.from_json(IGNORING).to_json()).ignored_ids == ("x", "y")


def test_faults_of_run_lengths_stand_beside_those_of_their_table(tmp_path: Path) -> None:
    manifest = Manifest.from_json(
        {"ids": IDS, "columns": {"rle": {"type": "rle"}, "p": {"type": "number"}}, "grid": GRID}
    )
    path = tmp_path / "runs.csv"
    path.write_text("id,rle,p\n001,1 5 3 2,1\nzz,1 2,1\nNA,a,x\n")
    with pytest.raises(FormatError) as refused:
        validate_submission(path, manifest)
    assert sorted(fault.reason for fault in refused.value.faults) == [
        "extra_id",
        "missing_id",
        "non_numeric",
        "rle_malformed",
        "rle_overlap",
    ]
    path.write_text("id,rle\n001,a\n")
    with pytest.raises(FormatError) as refused:
        validate_submission(path, manifest)
    assert [fault.reason for fault in refused.value.faults] == [
        "missing_column",
        "missing_id",
        "missing_id",
        "rle_malformed",
    ]
