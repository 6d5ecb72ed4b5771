"""The ten steps in order, over HTTP, with a web server and a worker as processes of their own."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread

from concours.client.http import SiteRefusedError
from demo.phantoms import sarcopenia
from demo.phantoms.phantom import Phantom, digest
from demo.predictions import masks_zip, rng_of, worn
from tests.journeys.house import House, living_house, question_file

pytestmark = pytest.mark.slow

EXAMS = {"carla": (11, 12, 13), "boris": (14, 15)}
FLAWED = {16: "hard kernel", 17: "no letter"}
TEAMS = {"paul": "Equipe Paul", "petra": "Equipe Petra"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with living_house(tmp_path_factory.mktemp("podium"), "podium") as lives:
        yield lives


@pytest.fixture(scope="module")
def phantoms() -> dict[int, Phantom]:
    """Seed -> exam, as its centre has it."""
    seeds = {seed: name for name, all_of in EXAMS.items() for seed in all_of}
    created = {seed: sarcopenia.make(seed, name) for seed, name in seeds.items()}
    return created | {seed: sarcopenia.make(seed, "carla", flaw=flaw) for seed, flaw in FLAWED.items()}


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    """What one step leaves for the next."""
    return {}


def test_0_frame(house: House) -> None:
    house.frame([question_file("muscle.yaml")])
    answer = house.visitor.get("questions/podium/muscle/")
    assert {phase["name"] for phase in answer["phases"]} == {"inclusion", "final"}
    for name, title in TEAMS.items():
        house.team(name, title, ["muscle"])
    with pytest.raises(SiteRefusedError) as refusal:
        house["sam"].post("centres/", {"challenge": "podium", "name": "Centre of a stranger"})
    assert refusal.value.status == 403


def test_1_receive(house: House, phantoms: Mapping[int, Phantom], seen: dict[str, Any]) -> None:
    uploads = {}
    for name, seeds in EXAMS.items():
        for seed in seeds:
            uploads[seed] = (name, house.send(name, "muscle", phantoms[seed].files))
    for seed in FLAWED:
        letter = "1" if phantoms[seed].letter else "0"
        uploads[seed] = ("carla", house.send("carla", "muscle", phantoms[seed].files, letter_given=letter))
    again = house.send("carla", "muscle", phantoms[11].files)
    seen["verdicts"] = {seed: house.verdict(name, upload) for seed, (name, upload) in uploads.items()}
    seen["again"] = house.verdict("carla", again)
    assert all(verdict["state"] == "received" and len(verdict["exams"]) == 1 for verdict in seen["verdicts"].values())
    assert [exam["reason"] for exam in seen["again"]["exams"]] == ["duplicate_exam"]
    with pytest.raises(SiteRefusedError) as refusal:
        house["sam"].get(f"uploads/{uploads[11][1]}")
    assert refusal.value.status == 404


def test_2_and_3_deidentify_and_control_quality(house: House, seen: dict[str, Any]) -> None:
    exams = {seed: answer["exams"][0] for seed, answer in seen["verdicts"].items()}
    states = {seed: exam["state"] for seed, exam in exams.items()}
    assert states == {11: "accepted", 12: "accepted", 13: "accepted", 14: "accepted", 15: "accepted",
                      16: "refused", 17: "refused"}  # fmt: skip
    assert exams[16]["reason"] == "criterion_not_met" and exams[17]["reason"] == "consent_missing"
    for seed in EXAMS["carla"]:
        steps = [row["state"] for row in exams[seed]["progress"]]
        assert steps == ["received", "deidentified", "accepted"]
    assert {exam["centre"] for exam in house["boris"].every("exams/")} == {"clinique-du-port"}


def test_4_grade(house: House) -> None:
    assert house.grade_all("B") == 5
    assert not house["sam"].every("readings/")
    # A centre learns that the exam is in, never its grade or set.
    assert {exam["state"] for exam in house["carla"].every("exams/")} == {"accepted", "refused"}


def test_5_split(house: House) -> None:
    draft = house.split("muscle")
    assert {name: sum(strata.values()) for name, strata in draft["balance"].items()} == {"training": 2, "test": 3}
    with pytest.raises(SiteRefusedError) as refusal:
        house["olga"].post("splits/", {"question": "podium/muscle"})
    assert refusal.value.answer["reason"] == "split_frozen"


def test_6_release(house: House, phantoms: Mapping[int, Phantom], tmp_path: Path, seen: dict[str, Any]) -> None:
    house.quiet()
    assert house.batches("paul", "muscle") == {}, "a batch is there before its minute"
    house.release("muscle")
    archives = house.fetch("paul", "muscle", tmp_path)
    assert set(archives) == {"training", "evaluation"}
    by_pixels = {phantom.pixels: seed for seed, phantom in phantoms.items()}
    result = {name: cases_of(path) for name, path in archives.items()}
    assert sorted(by_pixels[key] for key in [*result["training"].values(), *result["evaluation"].values()]) == [
        11, 12, 13, 14, 15,
    ]  # fmt: skip
    with zipfile.ZipFile(archives["evaluation"]) as archive:
        assert not [name for name in archive.namelist() if name.startswith("mask/")]
    seen["cases"] = {case: by_pixels[key] for case, key in result["evaluation"].items()}
    with pytest.raises(SiteRefusedError) as refusal:
        house["sam"].download(house.batches("paul", "muscle")["training"]["download"], tmp_path / "no", "")
    assert refusal.value.status == 404


def test_7_submit_and_8_score(house: House, phantoms: Mapping[int, Phantom], seen: dict[str, Any]) -> None:
    truth = {case: phantoms[seed] for case, seed in seen["cases"].items()}
    good = house.submit("paul", "muscle", entry(truth, 0.1, 10.0))
    seen["poor"] = house.submit("petra", "muscle", entry(truth, 0.4, 200.0))
    assert good["state"] == seen["poor"]["state"] == "scored"
    assert good["errors"] == []
    house.close("muscle")
    with pytest.raises(SiteRefusedError) as refusal:
        house.submit("petra", "muscle", entry(truth, 0.0, 0.0))
    assert refusal.value.answer["reason"] == "closed"


def test_9_rank_and_10_announce(house: House) -> None:
    announced = house.announce("muscle")
    assert announced["winners"] == ["Equipe Paul"]
    assert announced["best_centre"] == "Hôpital Nord"
    rows = house.board("muscle")["lines"]
    assert [(row["place"], row["team"]) for row in rows] == [(1, "Equipe Paul"), (2, "Equipe Petra")]
    scores = {row["team"]: row["scores"] for row in rows}
    # 10 % of a mask gone: Dice is 2 (1 - 0.1) / (2 - 0.1); every surface is off by 10 mm2.
    assert scores["Equipe Paul"]["dice"] == pytest.approx(2 * 0.9 / 1.9, abs=1e-3)
    assert scores["Equipe Paul"]["surface_mse"] == pytest.approx(100.0, abs=0.01)


def cases_of(path: Path) -> dict[str, str]:
    """Public id -> hash of the case's pixel data."""
    keys: dict[str, list[bytes]] = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(".dcm"):
                keys.setdefault(name.split("/")[1], []).append(dcmread(io.BytesIO(archive.read(name))).PixelData)
    return {case: digest(pieces) for case, pieces in keys.items()}


def entry(truth: Mapping[str, Phantom], share: float, off: float) -> bytes:
    """A submission with `share` of every mask missing and every surface `off` by as many mm2."""
    masks: dict[str, NDArray[np.bool_]] = {}
    surfaces = {}
    for case, phantom in truth.items():
        masks[case] = worn(phantom.masks["mask"], share, rng_of(case))
        surfaces[case] = phantom.truth["surface"] + off
    return masks_zip(masks, surfaces)
