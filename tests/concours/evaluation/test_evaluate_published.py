"""The published tables come out of files that teams might have sent, through `score` and then `rank`."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management import call_command

from tests.concours.evaluation.sets import CATALOGUE, csv_bytes, npy_bytes, write_folder, write_zip

AUCS = {
    "IBM-France-Cognitive": "0.899",
    "Aidence": "0.878",
    "LyPhTe": "0.838",
    "GAMC": "0.793",
    "Owkin": "0.768",
    "NAIS": "0.681",
    "ONCONEURAL": "0.644",
}
NODULES_ABSENT = ("Autonomous Radio", "LEVIATAN", "biSEPs", "Dapsi-AI", "EASYPICKY", "ILLUIN TECHNOLOGY")
MSES = {"Ghicl-Pixyl": "3.04", "icometrix": "3.80", "LyPhTe": "3.92", "Azmed": "4.61", "ALICEMEDICAL": "5.47"}
MS_ABSENT = ("Autonomous Radio", "Axone", "GAMC", "LEVIATAN", "NAIS", "ONCONEURAL", "Owkin")
RANK_SUMS = {
    "Owkin": 4,
    "Milvue": 6,
    "GAMC": 7,
    "LyPhTe": 7,
    "LEVIATAN": 10,
    "Autonomous Radio": 11,
    "Tripode-Rouen": 11,
    "Axone": 16,
}
EDSS = (0, *(half / 2 for half in range(2, 21)))


def run(*command: Any) -> dict[str, Any]:
    out = io.StringIO()
    call_command(*map(str, command), stdout=out)
    return json.loads(out.getvalue())


def score(question: Path, truth: Path, submission: Path) -> dict[str, float]:
    document = run("score", question, "--truth", truth, "--submission", submission)
    assert document["status"] == "scored"
    return document["scores"]


def board(
    question: Path, scores: Mapping[str, Mapping[str, float]], absent: tuple[str, ...], tmp_path: Path
) -> list[dict]:
    """Every team, those without a submission with empty cells, in an order that tells nothing."""
    names = list(next(iter(scores.values())))
    table = io.StringIO()
    writer = csv.DictWriter(table, ["team", *names])
    writer.writeheader()
    for team in sorted([*scores, *absent]):
        writer.writerow({"team": team, **scores.get(team, {})})
    path = tmp_path / "scores.csv"
    path.write_text(table.getvalue(), encoding="utf-8")
    return run("rank", question, path)["placings"]


def with_auc(labels: list[int], expected: float) -> list[float]:
    """Probabilities whose area is the nearest to `wanted` that so many exams allow: pairs are counted, not guessed."""
    positives, negatives = sum(labels), len(labels) - sum(labels)
    pairs = round(expected * positives * negatives)
    below = [pairs // positives + (index < pairs % positives) for index in range(positives)]
    ahead = iter(below)
    behind = iter(range(1, negatives + 1))
    return [(next(ahead) + 0.5 if label else next(behind)) / (negatives + 1) for label in labels]


def test_nodules_2019(tmp_path: Path) -> None:
    question = CATALOGUE / "nodules.yaml"
    generator = np.random.default_rng(2019)
    labels = (generator.random(344) < 0.5).astype(int).tolist()
    ids = [f"N{number:04d}" for number in generator.permutation(344)]
    truth = tmp_path / "truth.csv"
    truth.write_bytes(csv_bytes([{"id": case, "abnormal": label} for case, label in zip(ids, labels, strict=True)]))
    scores = {}
    for team, printed in AUCS.items():
        sent = tmp_path / f"{team}.csv"
        values = zip(ids, with_auc(labels, float(printed)), strict=True)
        sent.write_bytes(csv_bytes([{"case_id": case, "probability": f"{value:.6f}"} for case, value in values]))
        scores[team] = score(question, truth, sent)
    placings = board(question, scores, NODULES_ABSENT, tmp_path)
    ranked = [placing for placing in placings if placing["status"] == "ranked"]
    assert [(entry["team"], f"{entry['total']:.3f}") for entry in ranked] == list(AUCS.items())
    assert [entry["place"] for entry in ranked] == [1, 2, 3, 4, 5, 6, 7]
    assert {(placing["team"], placing["place"]) for placing in placings if placing["status"] == "N.S."} == {
        (team, None) for team in NODULES_ABSENT
    }


def test_multiple_sclerosis_2019(tmp_path: Path) -> None:
    question = CATALOGUE / "ms-edss.yaml"
    generator = np.random.default_rng(2019)
    true = [float(generator.choice(EDSS)) for _ in range(483)]
    truth = tmp_path / "truth.csv"
    truth.write_bytes(csv_bytes([{"id": f"M{number}", "edss": value} for number, value in enumerate(true)]))
    scores = {}
    for team, printed in MSES.items():
        errors = generator.normal(size=483)
        errors *= math.sqrt(float(printed) / np.mean(errors**2))
        sent = tmp_path / f"{team}.csv"
        rows = [{"case_id": f"M{number}", "edss": f"{value + errors[number]:.6f}"} for number, value in enumerate(true)]
        sent.write_bytes(csv_bytes(rows))
        scores[team] = score(question, truth, sent)
    placings = board(question, scores, MS_ABSENT, tmp_path)
    ranked = [placing for placing in placings if placing["status"] == "ranked"]
    assert [(entry["team"], f"{entry['total']:.2f}") for entry in ranked] == list(MSES.items())
    assert {placing["team"] for placing in placings if placing["status"] == "N.S."} == set(MS_ABSENT)


def assignment(sums: list[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Ranks in Dice and in surface, each of 1 to 8 once, that give the published sums, the better Dice first in a tie."""
    every = set(range(1, len(sums) + 1))
    result = [
        (dice, surface)
        for dice in itertools.permutations(sorted(every))
        if set(surface := tuple(total - rank for total, rank in zip(sums, dice, strict=True))) == every
    ]
    in_order = [entry for entry in result if entry[0][2] < entry[0][3] and entry[0][5] < entry[0][6]]
    # The table prints only the sums: which of the 28 assignments gave them is not known, so any of them may stand for it.
    assert len(result) == 28
    return in_order[0]


def disc(side: int, cut: int) -> np.ndarray:
    """A square of 20 x 20 voxels less `cut` of them."""
    mask = np.zeros((side, side), np.uint8)
    mask[5:25, 5:25] = 1
    flat = np.flatnonzero(mask)
    mask.ravel()[flat[:cut]] = 0
    return mask


def test_sarcopenia_2019(tmp_path: Path) -> None:
    question = CATALOGUE / "sarcopenia.yaml"
    cases = [f"S{number:02d}" for number in range(10)]
    rows = [{"id": case, "surface": 300 + 10 * index} for index, case in enumerate(cases)]
    masks = {f"mask/{case}.npy": npy_bytes(disc(32, 0)) for case in cases}
    truth = write_folder(tmp_path / "truth", {"truth.csv": csv_bytes(rows), **masks})
    dice, surface = assignment(list(RANK_SUMS.values()))
    scores = {}
    for team, by_dice, by_surface in zip(RANK_SUMS, dice, surface, strict=True):
        table = [{"case_id": row["id"], "surface": row["surface"] + by_surface} for row in rows]
        sent = {f"{case}.npy": npy_bytes(disc(32, 10 * by_dice + index)) for index, case in enumerate(cases)}
        zipped = write_zip(tmp_path / "sent" / f"{team}.zip", {"surfaces.csv": csv_bytes(table), **sent})
        scores[team] = score(question, truth, zipped)
    placings = board(question, scores, (), tmp_path)
    assert {placing["team"]: placing["total"] for placing in placings} == RANK_SUMS
    assert [placing["team"] for placing in placings] == list(RANK_SUMS)
    assert [placing["place"] for placing in placings] == list(range(1, 9))
    swapped = dict(scores, Owkin=scores["Axone"], Axone=scores["Owkin"])
    assert board(question, swapped, (), tmp_path)[0]["team"] == "Axone"


def cases_of(generator: np.random.Generator, count: int, noise: float) -> list[np.ndarray]:
    """Three images with a lesion each; the noisier, the less like the real ones."""
    rows, columns = np.mgrid[:48, :48]
    result = []
    for _ in range(count):
        centre, radius = generator.uniform(16, 32, 2), generator.uniform(5, 10)
        lesion = (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 < radius**2
        planes = [np.hypot(rows - 24, columns - 24) < 21, lesion, lesion * 0.5]
        stack = np.stack([planes[0] + weight * planes[1] for weight in (0.3, -0.3, 0.8)])
        result.append((stack + generator.normal(0, noise, stack.shape)).astype(np.float32))
    return result


def test_mtm_hcc_2021(tmp_path: Path) -> None:
    """Six teams: one sends nothing, one a tenth; the winner's final score prints as 0.64 once the jury has marked."""
    text = (CATALOGUE / "mtm-hcc.yaml").read_text(encoding="utf-8")
    small = text.replace("cases: 1000", "cases: 40").replace("minimum: 100", "minimum: 4")
    question = tmp_path / "small.yaml"
    question.write_text(small.replace("batches: 10, batch_size: 100", "batches: 2, batch_size: 15"), encoding="utf-8")
    generator = np.random.default_rng(2021)
    real = {f"images/R{number}.npy": npy_bytes(case) for number, case in enumerate(cases_of(generator, 30, 0.05))}
    rows = csv_bytes([{"id": f"R{number}"} for number in range(30)])
    truth = write_folder(tmp_path / "truth", {"truth.csv": rows, **real})
    scores = {}
    for team, count, noise in (("A", 40, 0.06), ("B", 40, 0.3), ("C", 40, 0.6), ("D", 40, 1.2), ("E", 4, 0.1)):
        sent = {f"g{number}.npy": npy_bytes(case) for number, case in enumerate(cases_of(generator, count, noise))}
        scores[team] = score(question, truth, write_zip(tmp_path / f"{team}.zip", sent))
    worst = max(entry["fid"] for entry in scores.values())
    assert scores["A"]["fid"] == min(entry["fid"] for entry in scores.values() if entry is not scores["E"])
    quantitative = {team: (entry["diversity"] + 1 - entry["fid"] / worst) / 2 for team, entry in scores.items()}
    # The jury's marks are whole numbers: 3 radiologists x 10 cases x 5 criteria of 0 to 4 make steps of 1/30.
    expected = 20 * (2 * 0.64 - quantitative["A"])
    marks = round(expected * 30) / 30
    assert 0 <= marks <= 20
    for team, item in scores.items():
        item["jury"] = marks if team == "A" else 2.0
    placings = board(question, scores, ("F",), tmp_path)
    first, last = placings[0], placings[-1]
    assert (first["team"], f"{first['total']:.2f}") == ("A", "0.64")
    assert (last["team"], last["status"], last["place"]) == ("F", "N.S.", None)
