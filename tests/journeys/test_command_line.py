"""A team takes part with the command line alone: log in, download, check, submit, read the board."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.factories.questions import catalogue_text
from tests.journeys.house import House, living_house

pytestmark = pytest.mark.slow

CHANGES = {"leaderboard": {"public_share": 0}, "split": {"sets": {"training": 0.4, "validation": 0.2, "test": 0.4}}}
QUESTION = "terminal/prognosis"
ROWS = 15


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with living_house(tmp_path_factory.mktemp("terminal"), "terminal") as lives:
        lives.frame([catalogue_text("prognosis", CHANGES)])
        lives.team("paul", "Equipe Paul", ["prognosis"])
        for name, start in (("carla", 20), ("boris", 60)):
            rows = [f"{n},{start + n},{'FM'[n % 2]},{70 + n},,{n % 2}" for n in range(ROWS)]
            table = "\n".join(["patient_id,age,sex,creatinine,albumin,death", *rows])
            lives.verdict(
                name, lives.send(name, "prognosis", {"clinical.csv": table.encode()}, filename="clinical.zip")
            )
        lives.quiet()
        lives.split("prognosis")
        lives.quiet()
        yield lives


class Terminal:
    """One person's shell: a folder, and a configuration of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CONCOURS_")},
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_STATE_HOME": str(folder / "state"),
        }

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "concours", *words]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, input=stdin, capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="module")
def terminal(house: House, tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    shell = Terminal(tmp_path_factory.mktemp("shell"))
    answer = shell.run("login", house.site.address, "--token-stdin", stdin=house.tokens["paul"])
    assert answer.returncode == 0, answer.stderr
    return shell


def table_of(archive: Path, name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(archive) as opened:
        return list(csv.DictReader(io.StringIO(opened.read(name).decode())))


def answers(probabilities: Mapping[str, float]) -> str:
    return "\n".join(["case_id,probability", *(f"{case},{value}" for case, value in probabilities.items())])


def test_a_wrong_token_is_not_stored(house: House, tmp_path: Path) -> None:
    shell = Terminal(tmp_path)
    answer = shell.run("login", house.site.address, "--token-stdin", stdin="wrong")
    assert answer.returncode == 5 and "does not accept the token" in answer.stderr
    assert shell.run("team").returncode == 2
    assert not (tmp_path / "config").exists()


def test_the_token_is_readable_by_its_owner_alone(terminal: Terminal) -> None:
    assert (terminal.folder / "config" / "concours" / "account.json").stat().st_mode & 0o777 == 0o600


def test_the_team_with_its_questions(terminal: Terminal) -> None:
    answer = terminal.run("team", "terminal")
    assert "Equipe Paul (terminal): approved" in answer.stdout and "prognosis" in answer.stdout


def test_from_the_data_to_the_score(terminal: Terminal) -> None:
    answer = terminal.run("data", QUESTION, "--unpack")
    assert answer.returncode == 0, answer.stderr
    folder = terminal.folder / QUESTION
    assert "training" in answer.stdout and (folder / "training" / "truth.csv").exists()
    assert "already in" in terminal.run("data", QUESTION).stdout

    cases = table_of(folder / "evaluation.zip", "cases.csv")
    good = {row["case_id"]: 0.1 + 0.8 * (int(float(row["age"])) % 2) for row in cases}
    (terminal.folder / "bad.csv").write_text(answers({**good, "nobody": 2.0}), encoding="utf-8")
    (terminal.folder / "good.csv").write_text(answers(good), encoding="utf-8")

    manifest = str(folder / "submission.json")
    verdicts = [
        terminal.run("check", name, "--kind", "csv", "--manifest", manifest) for name in ("good.csv", "bad.csv")
    ]
    assert ['"accept"' in verdict.stdout for verdict in verdicts] == [True, False], verdicts
    rejected = terminal.run("submit", QUESTION, "bad.csv")
    assert rejected.returncode == 3 and "nobody" in rejected.stdout
    scored = terminal.run("submit", QUESTION, "good.csv", "--description", "every second year")
    assert scored.returncode == 0, scored.stdout + scored.stderr


def test_the_starter_kit_leads_to_a_score(terminal: Terminal) -> None:
    """With the commands of the kit's README alone."""
    assert terminal.run("data", QUESTION, "--into", ".", "--unpack").returncode == 0
    cases = ("question.yaml", "--manifest", "submission.json")
    written = terminal.run("kit", *cases)
    assert written.returncode == 0 and {"README.md", "SHA256SUMS"} <= {
        Path(line).name for line in written.stdout.split()
    }
    sample = terminal.folder / "kit" / "sample" / "prognosis.csv"
    assert terminal.run("sample", *cases, "--out", "own.csv").stdout.strip() == "own.csv"
    assert (terminal.folder / "own.csv").read_bytes() == sample.read_bytes()
    assert terminal.run("submit", QUESTION, str(sample)).returncode == 0
    trained = terminal.run("baseline", *cases, "--training", "training", "--evaluation", "evaluation", "--out", "b.csv")
    assert trained.returncode == 0, trained.stderr
    checked = terminal.run("check", "b.csv", "--kind", "csv", "--manifest", "submission.json")
    assert '"accept"' in checked.stdout
    scored = terminal.run("submit", QUESTION, "b.csv", "--description", "baseline")
    assert scored.returncode == 0 and "scored" in scored.stdout, scored.stdout + scored.stderr
    assert terminal.run("baseline", "question.yaml", "--training", "training").returncode == 2
    sums = (terminal.folder / "training" / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    for line in sums:
        digest, name = line.split("  ")
        assert hashlib.sha256((terminal.folder / "training" / name).read_bytes()).hexdigest() == digest
    assert {"README.md", "dictionary.csv", "LICENCE.txt", "CITATION.txt", "truth.csv", "manifest.json"} <= {
        line.split("  ")[1] for line in sums
    }


def test_refusals_in_words(terminal: Terminal) -> None:
    (terminal.folder / "any.csv").write_text("case_id,probability\n", encoding="utf-8")
    unknown = terminal.run("submit", "terminal/nothing", "any.csv")
    assert unknown.returncode == 5 and unknown.stderr.strip()
    assert terminal.run("submit", QUESTION, "missing.csv").returncode == 2
    assert terminal.run("submit", "prognosis", "any.csv").returncode == 2


def test_the_board(house: House, terminal: Terminal) -> None:
    assert "No ranking" in terminal.run("board", QUESTION).stdout
    house.close("prognosis")
    house.announce("prognosis")
    board = terminal.run("board", QUESTION).stdout
    assert "Equipe Paul" in board and "1" in board.splitlines()[2]
