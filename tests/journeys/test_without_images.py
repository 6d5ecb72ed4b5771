"""Questions without images, from a table and from texts to the board, over HTTP; nothing planted reaches a team."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from concours.client.http import SiteRefusedError
from tests.factories.questions import catalogue_text
from tests.journeys.house import House, living_house
from tests.journeys.identities import find_planted, needles_of

pytestmark = pytest.mark.slow

CHANGES = {"leaderboard": {"public_share": 0}, "split": {"sets": {"training": 0.4, "validation": 0.2, "test": 0.4}}}
PLANTED = ("Quilleveré", "Maëlys", "1953-04-17", "0612345678", "Zorglub", "Kerbrat", "447190", "rue des Lilas")
ROWS = 15
SENTENCES = (
    "Nodule de {n} mm du lobe supérieur droit. Adressé par le Dr Zorglub, tél. 0612345678.",
    "Mme QUILLEVERE Maëlys, née le 17/04/1953, dossier 447190{n}. Pas de lésion focale hépatique de {n} mm.",
    "Fracture de {n} mm. La patiente habite 12 rue des Lilas. Contrôle avec Kerbrat.",
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with living_house(tmp_path_factory.mktemp("imageless"), "imageless") as lives:
        lives.frame([catalogue_text("prognosis", CHANGES), catalogue_text("reports", CHANGES)])
        lives.team("paul", "Equipe Paul", ["prognosis", "reports"])
        lives.team("petra", "Equipe Petra", ["prognosis", "reports"])
        yield lives


def messages_of(house: House, upload: str, name: str) -> list[dict[str, Any]]:
    return list(house.verdict(name, upload)["exams"])


def planted_in(files: Mapping[str, Path]) -> list[str]:
    needles = needles_of(PLANTED)
    return [place for name, path in files.items() for place in find_planted(needles, name, path.read_bytes())]


def rows_of(path: Path, table: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(path) as archive:
        return list(csv.DictReader(io.StringIO(archive.read(table).decode())))


def answers(column: str, cases: Mapping[str, object]) -> bytes:
    return "\n".join([f"case_id,{column}", *(f"{case},{value}" for case, value in cases.items())]).encode()


def test_a_table_of_patients_from_upload_to_board(house: House, tmp_path: Path) -> None:
    head = "patient_id,nom,prénom,naissance,téléphone,age,sex,creatinine,albumin,death\n"
    exams = []
    for name, start in (("carla", 20), ("boris", 60)):
        rows = (
            f"447190{n},Quilleveré,Maëlys,1953-04-17,0612345678,{start + n},{'FM'[n % 2]},{70 + n},,{n % 2}\n"
            for n in range(ROWS)
        )
        upload = house.send(
            name, "prognosis", {"clinical.csv": (head + "".join(rows)).encode()}, filename="clinical.zip"
        )
        exams += messages_of(house, upload, name)
    assert [exam["state"] for exam in exams] == ["accepted"] * 2 * ROWS
    house.quiet()
    house.split("prognosis")
    house.quiet()  # the batches are due: they are out as soon as they are built
    archives = house.fetch("paul", "prognosis", tmp_path)
    assert planted_in(archives) == []
    training, evaluation = rows_of(archives["training"], "truth.csv"), rows_of(archives["evaluation"], "cases.csv")
    assert (
        set(training[0]) == {"case_id", "age", "sex", "creatinine", "albumin", "death"} and "death" not in evaluation[0]
    )
    truth = {row["case_id"]: int(float(row["age"])) % 2 for row in evaluation}
    good = house.submit("paul", "prognosis", answers("probability", {case: 0.1 + 0.8 * dead for case, dead in truth.items()}),
                        "prognosis.csv")  # fmt: skip
    poor = house.submit("petra", "prognosis", answers("probability", dict.fromkeys(truth, 0.5)), "prognosis.csv")
    assert (good["state"], poor["state"]) == ("scored", "scored")
    house.close("prognosis")
    assert house.announce("prognosis")["winners"] == ["Equipe Paul"]
    assert house.board("prognosis")["lines"][0]["scores"]["auc"] == 1


def test_reports_from_texts_to_board(house: House, tmp_path: Path) -> None:
    carla, olga = house["carla"], house["olga"]
    texts = {n: SENTENCES[n % 3].format(n=n) for n in range(ROWS)}
    files = {f"447190{n}.txt": text.encode() for n, text in texts.items()}
    labels = ["patient_id,nom,follow_up", *(f"447190{n},Quilleveré,{n % 2}" for n in texts)]
    upload = house.send("carla", "reports", {**files, "labels.csv": "\n".join(labels).encode()}, filename="textes.zip")
    exams = messages_of(house, upload, "carla")
    assert [exam["state"] for exam in exams] == ["accepted"] * ROWS
    shown = "".join(str(carla.get(f"exams/{exam['id']}/")) for exam in exams)
    assert "Zorglub" not in shown and "Kerbrat" not in shown
    house.quiet()
    draft = olga.post("splits/", {"question": "imageless/reports"})
    with pytest.raises(SiteRefusedError) as refusal:
        olga.post(f"splits/{draft['id']}/freeze/")
    assert refusal.value.answer["reason"] == "texts_not_ready"

    words = [row["word"] for row in olga.get("words/", question="imageless/reports")["results"]]
    assert "Kerbrat" in words
    olga.post("words/", {"question": "imageless/reports", "remove": words})
    house.quiet()
    for text in house["rita"].every("texts/", challenge="imageless", question="reports"):
        house["rita"].post(f"texts/{text['id']}/mark/", {"places": []})
    olga.post(f"splits/{draft['id']}/freeze/")
    house.quiet()
    archives = house.fetch("petra", "reports", tmp_path)
    assert planted_in(archives) == []
    with zipfile.ZipFile(archives["evaluation"]) as archive:
        reports = {
            Path(name).stem: archive.read(name).decode() for name in archive.namelist() if name.startswith("report/")
        }
    number_of = {text: n for n, text in texts.items()}
    truth = {case: next(n for n in number_of.values() if f" {n} mm" in text) % 2 for case, text in reports.items()}
    house.submit("petra", "reports", answers("follow_up", truth), "follow-up.csv")
    house.submit(
        "paul", "reports", answers("follow_up", {case: 1 - value for case, value in truth.items()}), "follow-up.csv"
    )
    house.close("reports")
    assert house.announce("reports")["winners"] == ["Equipe Petra"]
