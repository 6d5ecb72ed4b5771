"""A centre sends from its own machine: the table before anything leaves, nothing identifying on the wire, resumed after a cut."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from demo.phantoms import sarcopenia
from demo.phantoms.dicom import person
from tests.factories.questions import catalogue_text
from tests.journeys.house import House, living_house, zipped
from tests.journeys.recording_proxy import recording_proxy
from tests.journeys.test_command_line import Terminal

pytestmark = pytest.mark.slow
QUESTION = "upload/sarcopenia"
GOOD, BAD = (1, 2, 3), 4


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    changes = {"data": {"fields": {"scanned": {"type": "date", "required": False}}}}
    with living_house(tmp_path_factory.mktemp("upload"), "upload") as lives:
        lives.frame([catalogue_text("sarcopenia", changes)])
        yield lives


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders named after patients, one of them a zip; the fourth has a hard kernel."""
    folder = tmp_path_factory.mktemp("cd") / "EXPORT"
    for seed in (*GOOD, BAD):
        files = sarcopenia.make(seed, "nord", "hard kernel" if seed == BAD else "").files
        name = f"{person(seed, 'nord').family} {seed}"
        if seed == 2:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}.zip").write_bytes(zipped({f"{name}/{path}": data for path, data in files.items()}))
            continue
        for path, data in files.items():
            target = folder / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    return folder


def planted(drop: Path) -> set[bytes]:
    """Names, numbers, dates, addresses, folders and original UIDs of everybody in the drop."""
    words: set[str] = {"EXPORT", "2019-05-06", drop.parent.name}
    contents = [path.read_bytes() for path in drop.rglob("*.dcm")]
    with zipfile.ZipFile(next(drop.glob("*.zip"))) as archive:
        contents += [archive.read(name) for name in archive.namelist() if name.endswith(".dcm")]
    for content in contents:
        dataset = dcmread(io.BytesIO(content), stop_before_pixels=True)
        words |= {str(part) for part in str(dataset.PatientName).split("^")}
        words |= {str(dataset.get(name)) for name in ("PatientID", "PatientBirthDate", "StudyDate", "AccessionNumber")}
        words |= {str(dataset.get(name)) for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")}
        words |= {str(dataset.InstitutionName), str(dataset.PatientAddress), "Imaginaire", "SN-4242-77"}
    assert len(contents) == len(GOOD) + 1
    return {form for word in words if word for form in (word.encode(), word.encode("latin-1", "ignore"))}


def test_from_a_folder_to_verdicts_with_nothing_identifying_on_the_wire(
    house: House, drop: Path, tmp_path: Path
) -> None:
    shell = Terminal(tmp_path)
    values = tmp_path / "values.csv"
    rows = [f"{person(seed, 'nord').number};2019-05-06" for seed in (*GOOD, BAD)]
    values.write_text("\n".join(["patient;scanned", *rows, "nobody;2019-05-06"]), encoding="utf-8")
    keys = tmp_path / "keys.csv"
    token = ["--question", QUESTION, "--centre-token", house.tokens["carla"], "--values", str(values), str(drop)]
    with recording_proxy(house.site.address) as wire:
        call = ["upload", "--site", wire.address, *token]
        dry = shell.run(*call, "--dry-run", "--json")
        assert dry.returncode == 3, dry.stderr
        assert not any(line.startswith(("POST /api/v1/uploads", "PATCH")) for line, _head, _body in wire.requests)
        plan = json.loads(dry.stdout)
        verdicts = {exam["patient"]: (exam["verdict"], exam["sent"]) for exam in plan["exams"]}
        expected = {person(seed, "nord").number: ("accept", True) for seed in GOOD}
        assert verdicts == {**expected, person(BAD, "nord").number: ("refuse", False)}
        refused = next(exam for exam in plan["exams"] if exam["verdict"] == "refuse")
        assert [reason["reason"] for reason in refused["reasons"]] == ["criterion_not_met"] and plan["unused_rows"] == [
            6
        ]
        assert all(exam["series"] and exam["removed"] for exam in plan["exams"])
        table = shell.run(*call, "--dry-run").stdout
        assert "4 exams, 3 to be sent" in table and refused["reasons"][0]["message"] in table

        unconfirmed = shell.run(*call, "--yes")
        assert unconfirmed.returncode == 2 and "--informed" in unconfirmed.stderr
        sent = shell.run(*call, "--yes", "--informed", "--keys", str(keys))
        assert sent.returncode == 3 and "3 sent: 3 accepted. 1 not sent." in sent.stdout, sent.stdout + sent.stderr
        again = shell.run(*call, "--yes", "--informed", "--keys", str(keys))
        assert "3 sent: 3 refused" in again.stdout and "already been sent" in again.stdout
        everything = wire.everything()
    assert len(everything) > 3 * 50_000 and b"upload-metadata" in everything.lower()
    result = sorted(word for word in planted(drop) if word.lower() in everything.lower())
    assert not result
    listed = list(csv.DictReader(keys.read_text(encoding="utf-8").splitlines()))
    exams = {row["exam"]: row["patient"] for row in listed}
    mine = [exam for exam in house["carla"].every("exams/") if exam["state"] == "accepted"]
    assert {exam["id"] for exam in mine} <= set(exams) and keys.stat().st_mode & 0o777 == 0o600
    assert {exams[exam["id"]] for exam in mine} == {person(seed, "nord").number for seed in GOOD}
    scanned = {exam["folder"] for exam in mine}
    assert scanned == {""}


def test_a_cut_network_and_a_new_process_go_on_where_they_stopped(house: House, drop: Path, tmp_path: Path) -> None:
    """The first process gives up; the second one sends what is missing and nothing twice."""
    exam = tmp_path / "cut"
    for path, data in sarcopenia.make(11, "nord").files.items():
        target = exam / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    shell = Terminal(tmp_path)
    with recording_proxy(house.site.address) as wire:
        call = ["upload", str(exam), "--site", wire.address, "--question", QUESTION, "--informed", "--yes"]
        call += ["--centre-token", house.tokens["boris"], "--patience", "1"]
        wire.cut_after = 1
        first = shell.run(*call)
        assert first.returncode == 6 and "does not answer" in first.stderr, first.stdout + first.stderr
        assert list((tmp_path / "state" / "concours" / "uploads").glob("*.json"))
        wire.cut_after = None
        second = shell.run(*call)
        assert second.returncode == 0 and "1 accepted" in second.stdout, second.stdout + second.stderr
        created = [line for line, _head, _body in wire.requests if line.startswith("POST /api/v1/uploads")]
    assert len(created) == 1
    assert not list((tmp_path / "state" / "concours" / "uploads").glob("*.json"))


def test_wrong_calls_and_refusals_have_their_exit_codes(house: House, drop: Path, tmp_path: Path) -> None:
    shell = Terminal(tmp_path)
    site = ["--site", house.site.address, "--question", QUESTION]
    assert shell.run("upload", str(drop), *site).returncode == 2
    assert shell.run("upload", str(drop / "nowhere"), *site, "--centre-token", "x").returncode == 2
    assert shell.run("upload", str(drop), *site, "--centre-token", "x").returncode == 5
    stranger = shell.run("upload", str(drop), *site, "--centre-token", house.tokens["sam"])
    assert stranger.returncode == 2 and "no such centre" in stranger.stderr
    nowhere = ["--site", "http://127.0.0.1:9", "--question", QUESTION, "--centre-token", "x"]
    assert shell.run("upload", str(drop), *nowhere).returncode == 6
