"""`kill -9` of the worker at random moments of intake, building and scoring changes nothing in what comes out.

The same contest is played twice under the same pseudonym key: once undisturbed, once with the worker killed again and again.
Exams, reasons, batches byte for byte, scores and board are then the same.
"""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest

from demo.phantoms import sarcopenia
from demo.phantoms.phantom import Phantom
from tests.journeys.house import House, living_house, question_file
from tests.journeys.test_from_upload_to_podium import cases_of, entry

pytestmark = pytest.mark.slow

EXAMS = (
    *(("carla", seed, "") for seed in range(61, 65)),
    *(("boris", seed, "") for seed in range(65, 68)),
    ("boris", 68, "cut file"),
    ("carla", 69, "hard kernel"),
)
ENTRIES = (("paul", 0.1, 4.0), ("petra", 0.3, 40.0), ("paul", 0.2, 9.0))
KILLS = {"intake": 5, "building": 2, "scoring": 3}
SEED = 20191013


class Disturbance:
    """Kills the worker so many times while a stage is at work; the supervisor starts it again each time."""

    def __init__(self, house: House, seed: int | None) -> None:
        self.house, self.chance = house, random.Random(seed)
        self.kills = {} if seed is None else KILLS
        self.done = 0
        self.hit = 0  # kills that found work under way or waiting

    def during(self, stage: str) -> None:
        for _ in range(self.kills.get(stage, 0)):
            self._await_worker()
            time.sleep(self.chance.uniform(0.0, 1.2))
            site = self.house.site
            self.hit += bool(self.house.due_work())
            victim = site.processes["worker-1"]
            site.kill_worker("worker-1")
            victim.wait(10)
            self.done += 1

    def _await_worker(self) -> None:
        """A new worker is up once it has taken something; at most a few seconds, for there may be nothing left."""
        end = time.monotonic() + 6
        while (
            time.monotonic() < end and not self.house["olga"].every("work/", state="running") and self.house.due_work()
        ):
            time.sleep(0.05)


def play(folder: Path, seed: int | None) -> tuple[dict[str, Any], Disturbance]:
    """What came out of the contest, told without ids, moments or the order of arrival."""
    with living_house(folder, "killed") as house:
        trouble = Disturbance(house, seed)
        house.frame([question_file("muscle.yaml").replace("{training: 2, test: 3}", "{training: 3, test: 4}")])
        for name, title in {"paul": "Equipe Paul", "petra": "Equipe Petra"}.items():
            house.team(name, title, ["muscle"])
        phantoms = {number: sarcopenia.make(number, name, flaw=flaw) for name, number, flaw in EXAMS}
        uploads = {number: (name, house.send(name, "muscle", phantoms[number].files)) for name, number, _ in EXAMS}
        trouble.during("intake")
        verdicts = {number: house.verdict(*sent)["exams"] for number, sent in uploads.items()}
        house.grade_all("B")
        house.split("muscle")
        trouble.during("building")
        house.release("muscle")
        cases = _cases(house, phantoms, folder)
        sent = [(name, house[name].upload(entry(cases, share, off), question="killed/muscle", kind="submission",
                                          filename="r.zip")) for name, share, off in ENTRIES]  # fmt: skip
        trouble.during("scoring")
        settled = _settled(house, sent)
        house.close("muscle")
        announced = house.announce("muscle")
        house.site.manage("sweep", "--once")
        house.site.manage("verify_audit")
        return {
            "exams": {number: [_told(exam) for exam in exams] for number, exams in verdicts.items()},
            "received": len(house["olga"].every("exams/", challenge="killed")),
            "batches": {name: (b["exams"], b["manifest_sha256"], b["archive_sha256"])
                        for name, b in house.batches("olga", "muscle").items()},
            "submissions": settled,
            "board": [(row["place"], row["team"], row["scores"], row["total"]) for row in house.board("muscle")["lines"]],
            "announced": (announced["winners"], announced["best_centre"], announced["centre_exams"]),
            "failed": house["olga"].every("work/", state="failed"),
        }, trouble  # fmt: skip


def _cases(house: House, phantoms: dict[int, Phantom], folder: Path) -> dict[str, Phantom]:
    path = house.fetch("paul", "muscle", folder)["evaluation"]
    by_pixels = {phantom.pixels: phantom for phantom in phantoms.values()}
    return {case: by_pixels[key] for case, key in cases_of(path).items()}


def _settled(house: House, sent: list[tuple[str, str]]) -> list[Any]:
    """The submissions in the order in which they were sent, made by the worker alone or by asking: it is the same row."""
    answer = []
    for name, upload in sent:
        row = house.settled(name, house[name].post("submissions/", {"upload": upload})["id"])
        answer.append((name, row["state"], row.get("scores"), row["errors"]))
    assert len(house["olga"].every("submissions/")) == len(sent)
    return answer


def _told(exam: dict[str, Any]) -> tuple[Any, ...]:
    return exam["state"], exam["reason"], tuple((row["stage"], row["state"], row["reason"]) for row in exam["progress"])


def test_killing_the_worker_changes_nothing(tmp_path: Path) -> None:
    undisturbed, _ = play(_folder(tmp_path, "undisturbed"), None)
    assert len(undisturbed["board"]) == 2 and undisturbed["failed"] == []
    disturbed, trouble = play(_folder(tmp_path, "disturbed"), SEED)
    assert trouble.done == sum(KILLS.values())
    assert trouble.hit >= trouble.done // 2, "the kills came when there was nothing to do"
    different = {
        name: (undisturbed[name], disturbed[name]) for name in undisturbed if undisturbed[name] != disturbed[name]
    }
    assert different == {}


def _folder(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    return folder
