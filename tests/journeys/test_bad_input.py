"""Bad input: every reason at once, in words, with where and what to do, in French or English; what is good beside it goes on.

One contest in which everything goes wrong that can, with one good exam beside it all.
"""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from concours.client.http import SiteRefusedError
from demo.phantoms import flair, sarcopenia
from demo.phantoms.phantom import Phantom
from tests.journeys.house import House, living_house, question_file, zipped
from tests.journeys.test_from_upload_to_podium import cases_of, entry

pytestmark = pytest.mark.slow

QUESTION = "muscle"
WINDOW_OPENS = "2020-01-01T00:00:00+00:00"
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with living_house(tmp_path_factory.mktemp("bad"), "bad") as lives:
        lives.frame([question_file("muscle.yaml")], sign=("carla", "rita"))
        for name, title in {"paul": "Equipe Paul", "petra": "Equipe Petra"}.items():
            lives.team(name, title, [QUESTION])
        yield lives


def exam(seed: int, flaw: str = "") -> Phantom:
    return sarcopenia.make(seed, "carla", flaw=flaw)


def in_folder(folder: str, phantom: Phantom) -> dict[str, bytes]:
    return {f"{folder}/{name.rpartition('/')[2]}": content for name, content in phantom.files.items()}


def reasons(answer: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """`(reason, where, words)` of an exam's refusal."""
    return [(row["reason"], row["where"], row["message"]) for row in answer["progress"] if row["state"] == "refused"]


def faults(rows: Sequence[Mapping[str, str]]) -> list[tuple[str, str, str]]:
    return [(row["reason"], row["where"], row["message"]) for row in rows]


def both(house: House, name: str, path: str, result: Any) -> list[tuple[str, str, str]]:
    """What is said at this address, having checked that it is said in French too: the same reasons, every sentence another."""
    english, french = (result(house.speaking(name, language).get(path)) for language in ("en", "fr"))
    assert [row[:2] for row in english] == [row[:2] for row in french]
    same = [row[2] for row, other in zip(english, french, strict=True) if row[2] == other[2]]
    assert not same, "said in English only"
    return english  # type: ignore[no-any-return]


def decided_exams(house: House) -> list[tuple[str, str, str]]:
    """Carla's exams and how each was decided; the folder's name leaves with the originals, whenever the sweep comes."""
    return [(row["id"], row["state"], row["decided_at"]) for row in house["carla"].every("exams/")]


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} if folder.exists() else set()


def test_a_damaged_file_is_named_and_the_exam_beside_it_goes_on(house: House) -> None:
    headless = next(content for name, content in exam(23).files.items() if name.endswith(".dcm"))
    files = in_folder("good", exam(21)) | in_folder("cut", exam(22, "cut file"))
    files |= {"rest/IM0007.dcm": headless[:300], "rest/notes.txt": b"bring coffee"}
    upload = house.send("carla", QUESTION, files)
    verdict = house.verdict("carla", upload)
    response_text = both(house, "carla", f"uploads/{upload}", lambda answer: faults(answer["errors"]))
    assert {(reason, where) for reason, where, _ in response_text} == {("unreadable_file", "rest/IM0007.dcm")}
    assert [note["names"] for note in house["carla"].get(f"uploads/{upload}")["notes"]] == [["rest/notes.txt"]]
    assert all(where in words and "xport" in words for _, where, words in response_text)
    by_state = {item["state"]: item for item in verdict["exams"]}
    assert set(by_state) == {"accepted", "refused"}
    (reason,) = both(house, "carla", f"exams/{by_state['refused']['id']}/", reasons)
    assert reason[:2] == ("corrupt_pixels", "cut/IM0000.dcm"), "the centre finds the file by the path it sent"
    assert "IM0000.dcm" in reason[2] and "shorter than" in reason[2] and "resend" in reason[2]


def test_an_upload_of_nothing_usable_leaves_no_exam(house: House) -> None:
    before = decided_exams(house)
    upload = house.send("carla", QUESTION, {"a.txt": b"one", "b.html": b"<html>two</html>"})
    verdict = house.verdict("carla", upload)
    assert (verdict["state"], verdict["exams"]) == ("refused", [])
    response_text = both(house, "carla", f"uploads/{upload}", lambda answer: faults(answer["errors"]))
    assert [(reason, where) for reason, where, _ in response_text] == [("not_dicom", "upload")]
    assert [note["names"] for note in verdict["notes"]] == [["a.txt", "b.html"]]
    assert decided_exams(house) == before
    assert not [name for name in files_below(house.site.data / "staging") if upload.replace("-", "") in name]


def test_a_wrong_study_hears_every_reason_at_once(house: House) -> None:
    brain = flair.make(41, "carla", edss=2.0)
    files = dict(brain.files) | {"exam/mask.png": exam(21).files["exam/mask.png"]}
    verdict = house.verdict("carla", house.send("carla", QUESTION, files))
    (item,) = verdict["exams"]
    assert item["state"] == "refused"
    answer = both(house, "carla", f"exams/{item['id']}/", reasons)
    words = " ".join(sentence for _, _, sentence in answer)
    for expected in ("modality is MR; CT is required", "10 slices", "72 x 72"):
        assert expected in words
    assert "kernel" not in words and "Hounsfield" not in words, "MR has none: that is the modality's reason"


def test_a_mask_on_another_grid_is_said_with_both_grids(house: House) -> None:
    verdict = house.verdict("carla", house.send("carla", QUESTION, exam(24, "mask on another grid").files))
    (item,) = verdict["exams"]
    ((reason, where, words),) = both(house, "carla", f"exams/{item['id']}/", reasons)
    assert (reason, where) == ("wrong_shape", "mask")
    assert "80 x 80" in words and "160 x 160" in words


def test_a_mask_of_the_right_size_at_another_place_is_refused(house: House) -> None:
    phantom = exam(25)
    mask = phantom.masks["mask"].T[:, :, None].astype(np.uint8)
    moved = np.diag([-sarcopenia.SPACING, -sarcopenia.SPACING, 5.0, 1.0])
    moved[:3, 3] = [90.0, 90.0 - 40 * sarcopenia.SPACING, -300.0]
    files = {name: content for name, content in phantom.files.items() if name.endswith(".dcm")}
    files["exam/mask.nii"] = nib.Nifti1Image(mask, moved).to_bytes()
    verdict = house.verdict("carla", house.send("carla", QUESTION, files))
    (item,) = verdict["exams"]
    ((reason, where, words),) = both(house, "carla", f"exams/{item['id']}/", reasons)
    assert (reason, where) == ("geometry_mismatch", "mask")
    assert "mask" in words


def test_a_centre_that_has_not_signed_leaves_no_byte(house: House) -> None:
    staged = files_below(house.site.data / "staging")
    answer = {}
    for language in ("en", "fr"):
        client = house.speaking("boris", language)
        with pytest.raises(SiteRefusedError) as refusal:
            client.upload(
                zipped(exam(26).files), question="bad/muscle", kind="exam", letter_given="1", filename="e.zip"
            )
        assert (refusal.value.status, refusal.value.answer["reason"]) == (403, "charter_not_signed")
        answer[language] = refusal.value.answer["detail"]
    assert "sign it, then try again" in answer["en"] and "signez-la, puis réessayez" in answer["fr"]
    assert files_below(house.site.data / "staging") == staged
    assert house["boris"].every("exams/") == []


def test_a_question_file_with_errors_makes_nothing(house: House) -> None:
    broken = question_file("muscle.yaml").replace("slug: muscle", "slug: broken")
    for good, bad in (("kind: masks", "kind: maks"), ("metric: dice,", "metric: dise,"), ("readers: 1", "readers: none"),
                      ("ties: min", "ties: random"), ("closes: ", "closses: ")):  # fmt: skip
        broken = broken.replace(good, bad, 1)
    answers = {}
    for language in ("en", "fr"):
        with pytest.raises(SiteRefusedError) as refusal:
            house.speaking("olga", language).post("questions/", {"challenge": "bad", "text": broken})
        assert (refusal.value.status, refusal.value.answer["reason"]) == (400, "question_file")
        answers[language] = refusal.value.answer["errors"]
    places = {error["where"]: error for error in answers["en"]}
    assert {"kind", "metrics.dice.metric", "grading.readers", "ranking.ties"} <= set(places)
    lines = broken.splitlines()
    assert lines[places["kind"]["line"] - 1] == "kind: maks" and "did you mean masks" in places["kind"]["message"]
    assert "dise" in lines[places["metrics.dice.metric"]["line"] - 1]
    assert [error["line"] for error in answers["en"]] == [error["line"] for error in answers["fr"]]
    assert not {e["message"] for e in answers["en"]} & {e["message"] for e in answers["fr"]}
    with pytest.raises(SiteRefusedError) as refusal:
        house["olga"].get("questions/bad/broken/")
    assert refusal.value.status == 404
    house["olga"].post("questions/", {"challenge": "bad", "text": question_file("muscle.yaml")})  # a good one goes on


@pytest.fixture(scope="module")
def cases(house: House, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Phantom]:
    """Five good exams beside all that failed go on to the teams; the evaluation's cases."""
    phantoms = [exam(seed) for seed in (51, 52, 53, 54)]
    uploads = [house.send("carla", QUESTION, phantom.files) for phantom in phantoms]
    for upload in uploads:
        assert [item["state"] for item in house.verdict("carla", upload)["exams"]] == ["accepted"]
    house.grade_all("A")
    house.split(QUESTION)
    house.release(QUESTION)
    path = house.fetch("paul", QUESTION, tmp_path_factory.mktemp("fetched"))["evaluation"]
    by_pixels = {phantom.pixels: phantom for phantom in [*phantoms, exam(21)]}
    return {case: by_pixels[key] for case, key in cases_of(path).items()}


def test_a_table_with_three_faults_hears_all_three(house: House, cases: Mapping[str, Phantom]) -> None:
    good = entry(cases, 0.1, 5.0)
    first, second, third = sorted(cases)
    submit = house.submit("paul", QUESTION, with_table(good, [
        [first, "many"], [second, "-5"], [third, "120.5"], ["case-unknown", "1"],
    ]))  # fmt: skip
    assert submit["state"] == "rejected"
    response_text = both(house, "paul", f"submissions/{submit['id']}/", lambda answer: faults(answer["errors"]))
    result = {reason: (where, words) for reason, where, words in response_text}
    assert {"non_numeric", "out_of_range", "extra_id"} <= set(result)
    assert first in result["non_numeric"][0] + result["non_numeric"][1]
    assert second in result["out_of_range"][0] + result["out_of_range"][1]
    # It cost nothing and the next one counts.
    assert house.submit("paul", QUESTION, good)["state"] == "scored"


def with_table(archive: bytes, rows: list[list[str]]) -> bytes:
    """The submission with another table."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            if not name.endswith(".csv"):
                new.writestr(name, old.read(name))
        text = io.StringIO()
        csv.writer(text).writerows([["case_id", "surface"], *rows])
        new.writestr("surfaces.csv", text.getvalue())
    return target.getvalue()


def test_one_microsecond_late_is_late(house: House, cases: Mapping[str, Phantom]) -> None:
    """The window is set against the very moment at which the last byte was durable, while no worker looks."""
    olga, petra = house["olga"], house["petra"]
    (phase,) = (row for row in olga.every("phases/", challenge="bad", question=QUESTION) if row["decides"])
    worker = house.site.processes["worker-1"].pid
    os.killpg(worker, signal.SIGSTOP)
    try:
        uploads = [
            petra.upload(entry(cases, 0.2, 1.0), question="bad/muscle", kind="submission", filename="r.zip")
            for _ in range(2)
        ]
        late, early = (datetime.fromisoformat(petra.get(f"uploads/{upload}")["stored_at"]) for upload in uploads)

        def close_at(moment: datetime) -> None:
            body = {"opens": WINDOW_OPENS, "closes": moment.isoformat(), "reason": "the very microsecond"}
            olga.post(f"phases/{phase['id']}/reschedule/", body)

        close_at(late - MICROSECOND)
        before = petra.every("submissions/")
        with pytest.raises(SiteRefusedError) as refusal:
            petra.post("submissions/", {"upload": uploads[0]})
        assert refusal.value.answer["reason"] == "closed"
        words = refusal.value.answer["detail"]
        assert f"{late.microsecond:06d}" in words and f"{(late - MICROSECOND).microsecond:06d}" in words
        assert petra.every("submissions/") == before
        refused = both(house, "petra", f"uploads/{uploads[0]}", lambda answer: faults(answer["errors"]))
        assert [reason for reason, _, _ in refused] == ["late_submission"]
        close_at(early + MICROSECOND)
        in_time = petra.post("submissions/", {"upload": uploads[1]})
    finally:
        os.killpg(worker, signal.SIGCONT)
    assert house.settled("petra", in_time["id"])["state"] == "scored"


def test_nothing_half_created_stays(house: House, cases: Mapping[str, Phantom]) -> None:
    """Refused exams hold no data that go on, staging is empty, no work is stuck, and the good exams are all there."""
    del cases
    house.quiet()
    exams = house["olga"].every("exams/", challenge="bad")
    assert sum(item["state"] == "accepted" for item in exams) == 5
    assert all(item["reason"] for item in exams if item["state"] == "refused")
    assert {item["state"] for item in exams} == {"accepted", "refused"}
    assert files_below(house.site.data / "staging") == set()
    assert house.due_work() + house["olga"].every("work/", state="failed") == []
    assert json.dumps([item["reason"] for item in exams if item["state"] == "accepted"]) == json.dumps([""] * 5)
