"""An Orthanc, configured as docs/orthanc.md says, pushes a study into a question and pulls the exam; so does dicomweb-client."""

from __future__ import annotations

import io
import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from dicomweb_client.api import DICOMwebClient
from pydicom import dcmread
from pydicom.dataset import Dataset
from requests import Session

from demo.site import free_port
from tests.anonymization.test_series_choice import CHANGES, series
from tests.factories.questions import catalogue_text
from tests.journeys.house import House, living_house
from tests.presence import ROOT, orthanc

QUESTION = "pacs/covid"
IMAGES_ALONE = {
    "data": {**CHANGES["data"], "fields": {"covid": {"required": False}}},
    "inclusion": {**CHANGES["inclusion"], "clinical": None},
}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("pacs")
    with living_house(folder, "pacs", CONCOURS_STOW_QUIET_SECONDS="2") as lives:
        lives.frame([catalogue_text("covid", IMAGES_ALONE)])
        yield lives


def slices(number: int) -> list[bytes]:
    """A CT of five slices; its PatientID is P-1."""
    return list(series(number, study=f"1.2.9.{number}").values())


def decided(house: House, name: str, count: int) -> list[dict[str, Any]]:
    """The person's exams once there are so many and each is decided."""

    def all_decided() -> list[dict[str, Any]] | None:
        exams = house[name].every("exams/")
        return (
            exams
            if len(exams) == count and all(exam["state"] not in ("received", "deidentified") for exam in exams)
            else None
        )

    return house[name].await_until(all_decided, seconds=240)  # type: ignore[no-any-return]


@contextmanager
def running_orthanc(house: House, folder: Path) -> Iterator[httpx.Client]:
    """The configuration of the documentation with this site's address and Carla's token."""
    program, plugin = orthanc()
    text = re.findall(r"```json\n(.*?)```", (ROOT / "docs" / "orthanc.md").read_text(encoding="utf-8"), re.DOTALL)[0]
    port = free_port()
    for before, after in (
        ("https://challenge.example.org", house.site.address),
        ("CHALLENGE/QUESTION", QUESTION),
        ("TOKEN", house.tokens["carla"]),
        ("STORAGE", str(folder / "storage")),
        ("8042", str(port)),
        ("/usr/share/orthanc/plugins/libOrthancDicomWeb.so", plugin),
    ):
        assert before in text
        text = text.replace(before, after)
    path = folder / "orthanc.json"
    path.write_text(text, encoding="utf-8")
    with (folder / "log").open("wb") as log, subprocess.Popen([program, str(path)], stdout=log, stderr=log) as process:
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120)
        try:
            for _ in range(200):
                try:
                    client.get("/system")
                    break
                except httpx.TransportError:
                    time.sleep(0.2)
            yield client
        finally:
            client.close()
            process.terminate()


@pytest.mark.orthanc
def test_an_orthanc_pushes_a_study_and_pulls_the_exam(house: House, tmp_path: Path) -> None:
    with running_orthanc(house, tmp_path) as pacs:
        stored = [pacs.post("/instances", content=content).json() for content in slices(1)]
        server = "/dicom-web/servers/challenge"
        pushed = pacs.post(f"{server}/stow", json={"Resources": [stored[0]["ParentStudy"]], "Synchronous": True})
        assert pushed.status_code == 200, (pushed.text, (tmp_path / "log").read_text()[-2000:])
        (exam,) = decided(house, "carla", 1)
        assert exam["state"] == "accepted", house["carla"].get(f"exams/{exam['id']}/")["progress"]
        (study,) = pacs.post(f"{server}/qido", json={"Uri": "/studies"}).json()
        assert "0020000D" in study, study
        uid = study["0020000D"]["Value"]
        pulled = pacs.post(f"{server}/retrieve", json={"Resources": [{"Study": uid}], "Synchronous": True})
        assert pulled.status_code == 200, (pulled.text, (tmp_path / "log").read_text()[-2000:])
        studies = [pacs.get(f"/studies/{entry}").json() for entry in pacs.get("/studies").json()]
        assert {study["MainDicomTags"]["StudyInstanceUID"] for study in studies} > {uid} and len(studies) == 2
        back = next(study for study in studies if study["MainDicomTags"]["StudyInstanceUID"] == uid)
        assert back["PatientMainDicomTags"]["PatientID"] != "P-1"
        assert "P-1" not in json.dumps(back)


def client_of(house: House, name: str) -> DICOMwebClient:
    session = Session()
    session.headers.update({"Authorization": f"Bearer {house.tokens[name]}", "X-Information-Letter": "given"})
    return DICOMwebClient(url=f"{house.site.address}/dicomweb/{QUESTION}", session=session)


def test_dicomweb_client_stores_searches_and_retrieves(house: House) -> None:
    boris = client_of(house, "boris")
    sent = [dcmread(io.BytesIO(content)) for content in slices(2)]
    answer = boris.store_instances(sent)
    stored = {item.ReferencedSOPInstanceUID for item in answer.ReferencedSOPSequence}
    assert stored == {dataset.SOPInstanceUID for dataset in sent}
    (exam,) = decided(house, "boris", 1)
    assert exam["state"] == "accepted", house["boris"].get(f"exams/{exam['id']}/")["progress"]
    (study,) = [Dataset.from_json(entry) for entry in boris.search_for_studies()]
    (found_series,) = [Dataset.from_json(entry) for entry in boris.search_for_series(study.StudyInstanceUID)]
    instances = [Dataset.from_json(entry) for entry in boris.search_for_instances(study.StudyInstanceUID)]
    instance = instances[0]
    place = (study.StudyInstanceUID, found_series.SeriesInstanceUID, instance.SOPInstanceUID)
    retrieved = {dataset.SOPInstanceUID: dataset for dataset in boris.retrieve_study(study.StudyInstanceUID)}
    assert len(instances) == len(retrieved) == len(sent)
    back = retrieved[instance.SOPInstanceUID]
    assert back.PatientID == study.PatientID != "P-1" and back.Rows == sent[0].Rows
    assert boris.retrieve_instance(*place).SOPInstanceUID == instance.SOPInstanceUID
    metadata = boris.retrieve_study_metadata(study.StudyInstanceUID)
    assert {Dataset.from_json(entry).SOPInstanceUID for entry in metadata} == set(retrieved)
    assert boris.retrieve_instance_frames(*place, frame_numbers=[1])[0] == back.PixelData
    assert boris.retrieve_instance_rendered(*place)[:2] == b"\xff\xd8"
    assert client_of(house, "carla").search_for_studies(search_filters={"StudyInstanceUID": place[0]}) == []
