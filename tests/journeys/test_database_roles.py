"""A site whose processes have database roles and stores of their own: a journey works, and the web role finds no label."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from psycopg import sql

from concours.client.http import Client
from config.database_access import ROLES
from tests.databases import fresh_postgres, fresh_roles
from tests.factories.questions import catalogue_text
from tests.journeys.house import House, zipped
from tests.processes import PYTHON, environment, free_port, manage, process, server

REDIS_DATABASE = 7
CANARY = 731_846_000  # a label of exam n is this number plus n: nothing else on a site looks like it
ROWS = 8
CHANGES = {
    "leaderboard": {"public_share": 0},
    "data": {
        "fields": {"marker": {"type": "integer", "title": {"en": "Marker", "fr": "Marqueur"}}},
        "deliver": {"training": ["age", "sex", "marker", "death"], "evaluation": ["age", "sex"]},
    },
    "split": {"sets": {"training": 0.4, "validation": 0.2, "test": 0.4}},
}


@dataclass
class RoledSite:
    """What `House` needs of a site, and where its parts are."""

    address: str
    intake: str
    folder: Path
    owner: dict[str, str]
    addresses: dict[str, str]
    responses: list[tuple[str, str]] = field(default_factory=list)  # person, body

    def manage(self, *words: str, stdin: str | None = None) -> str:
        return manage(self.owner, *words, text=stdin)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[RoledSite]:
    folder = tmp_path_factory.mktemp("roles")
    with django_db_blocker.unblock(), fresh_postgres() as url, ExitStack() as stack:
        owner = environment(folder, url)
        roles = stack.enter_context(fresh_roles(url))
        manage({**owner, "CONCOURS_ROLE_PASSWORDS": roles.passwords}, "database_roles")
        addresses = dict(roles.addresses)
        broker = f"redis://127.0.0.1:6379/{REDIS_DATABASE}"
        redis.Redis.from_url(broker).flushdb()

        def env(role: str, **more: str) -> dict[str, str]:
            closed = {"CONCOURS_SEALED": "none", "CONCOURS_STAGES": "other", "CONCOURS_LOG_LEVEL": "INFO"}
            return {**owner, **closed, "CONCOURS_DATABASE": addresses[role], **more}

        truth = {"CONCOURS_SEALED": str(folder.parent / f"{folder.name}-truth"), "CONCOURS_STAGES": "truth"}
        truth["CONCOURS_TEMPORARY"] = str(folder.parent / f"{folder.name}-scorer")
        manage({**owner, **truth}, "make_stores")
        port = free_port()
        web = env("web", CONCOURS_REDIS=broker, CONCOURS_ORIGIN=f"http://127.0.0.1:{port}")
        address, _ = stack.enter_context(server(web, folder / "web.log", port))
        intake, _ = stack.enter_context(server(env("intake"), folder / "intake.log"))
        work = [PYTHON, "manage.py", "work", "--sweep-every", "1e9"]
        stack.enter_context(process(work, env("worker"), folder / "worker.log"))
        stack.enter_context(process(work, env("scorer", **truth), folder / "scorer.log"))
        sweep = [PYTHON, "manage.py", "sweep", "--every", "1"]
        sealed = {"CONCOURS_SEALED": truth["CONCOURS_SEALED"]}
        stack.enter_context(process(sweep, env("sweeper", **sealed), folder / "sweeper.log"))
        yield RoledSite(address, intake, folder, owner, addresses)


def rows_that_the_role_reads(address: str) -> Iterator[tuple[str, str]]:
    """Every row of every table and of the planner's samples as text, as far as the database lets the role."""
    with psycopg.connect(address, autocommit=True) as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        for (table,) in [*tables, ("pg_stats",)]:
            try:
                rows = connection.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table))).fetchall()
            except psycopg.errors.InsufficientPrivilege:
                continue
            yield from ((table, row[0]) for row in rows)


def canaries(text: str, labels: set[str]) -> set[str]:
    return {label for label in labels if label in text} if str(CANARY)[:6] in text else set()


def listen(house: House, site: RoledSite) -> None:
    for name, client in (*house.people.items(), ("visitor", house.visitor)):

        def keep(response: Any, name: str = name) -> None:
            response.read()
            site.responses.append((name, response.content.decode("latin-1")))

        client.http.event_hooks = {"request": [], "response": [keep]}


def table_of(archive: Path, name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(archive) as opened:
        return list(csv.DictReader(io.StringIO(opened.read(name).decode())))


def logs_and_files(site: RoledSite) -> Iterator[tuple[str, bytes]]:
    """What processes other than the scorer wrote: logs, stores, temporary files, mails, inside archives too."""
    for path in (path for path in site.folder.rglob("*") if path.is_file()):
        with suppress(FileNotFoundError):  # a temporary file of a process at work
            yield str(path), path.read_bytes()
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    yield from ((f"{path}:{name}", archive.read(name)) for name in archive.namelist())


@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.slow
def test_a_journey_works_and_the_web_role_finds_no_label(site: RoledSite, tmp_path: Path) -> None:
    house = House(site, "roled")  # type: ignore[arg-type]
    listen(house, site)
    house.frame([catalogue_text("prognosis", CHANGES)])
    for name, title in (("paul", "Equipe Paul"), ("petra", "Equipe Petra")):
        house.team(name, title, ["prognosis"])
    for name, start in (("carla", 20), ("boris", 60)):
        head = "patient_id,age,sex,marker,death\n"
        rows = [f"4471{start + n},{start + n},{'FM'[n % 2]},{CANARY + start + n},{n % 2}\n" for n in range(ROWS)]
        through = Client(site.intake, house.tokens[name])  # as nginx sends uploads
        content = zipped({"c.csv": (head + "".join(rows)).encode()})
        about = {"question": "roled/prognosis", "kind": "exam", "letter_given": "1", "filename": "c.zip"}
        upload = through.upload(content, **about)
        assert through.get(f"uploads/{upload}")["state"] in ("stored", "received")
        through.http.close()
        assert [exam["state"] for exam in house.verdict(name, upload)["exams"]] == ["accepted"] * ROWS
    house.quiet()
    before = {table for table, row in rows_that_the_role_reads(site.addresses["web"]) if str(CANARY)[:6] in row}
    assert "uploads_annotation" in before, "labels are in reach before the freeze: the search finds them"
    site.responses.clear()
    draft = house["olga"].post("splits/", {"question": "roled/prognosis"})
    test_exams = _set_exams(site, draft["id"], "test")
    labels = _labels_of(site, test_exams)
    assert len(labels) == len(test_exams) > 5
    house["olga"].post(f"splits/{draft['id']}/freeze/")
    _nothing_in_reach(site, labels)  # at the freeze, whatever the workers have done by now
    house.quiet()
    archives = house.fetch("paul", "prognosis", tmp_path)
    cases = table_of(archives["evaluation"], "cases.csv")
    assert set(cases[0]) == {"case_id", "age", "sex"}
    for name, right in (("paul", 0.8), ("petra", 0.0)):
        answer = [f"{row['case_id']},{0.1 + right * (int(float(row['age'])) % 2)}\n" for row in cases]
        sent = house.submit(name, "prognosis", ("case_id,probability\n" + "".join(answer)).encode(), "prognosis.csv")
        assert sent["state"] == "scored"
    house.quiet()
    _nothing_in_reach(site, labels)
    gone = min(test_exams)
    house[_sender_of(site, gone)].post(f"exams/{gone}/withdraw/", {"reason": "patient_objects"})
    house.quiet()
    house.close("prognosis")
    assert house.announce("prognosis")["winners"] == ["Equipe Paul"]
    assert house.board("prognosis")["lines"][0]["scores"]["auc"] == 1
    _nothing_in_reach(site, labels)
    assert not [name for name, body in site.responses if canaries(body, labels)]
    house.leave()
    _only_the_scorer_reads_truth(site)


def _set_exams(site: RoledSite, split: str, name: str) -> set[str]:
    with psycopg.connect(site.owner["CONCOURS_DATABASE"]) as connection:
        query = "SELECT exam_id::text FROM batches_splititem WHERE split_id = %s AND set_name = %s"
        return {row[0] for row in connection.execute(query, [split, name])}


def _sender_of(site: RoledSite, exam: str) -> str:
    with psycopg.connect(site.owner["CONCOURS_DATABASE"]) as connection:
        query = "SELECT u.email FROM uploads_exam e JOIN core_user u ON u.id = e.uploaded_by_id WHERE e.id::text = %s"
        return str(connection.execute(query, [exam]).fetchall()[0][0]).partition("@")[0]


def _labels_of(site: RoledSite, exams: set[str]) -> set[str]:
    with psycopg.connect(site.owner["CONCOURS_DATABASE"]) as connection:
        query = "SELECT value::text FROM uploads_annotation WHERE field = 'marker' AND exam_id::text = ANY(%s)"
        return {row[0] for row in connection.execute(query, [list(exams)])}


def _nothing_in_reach(site: RoledSite, labels: set[str]) -> None:
    with psycopg.connect(site.owner["CONCOURS_DATABASE"], autocommit=True) as connection:
        connection.execute("ANALYZE")
    for role in ("web", "intake", "worker", "sweeper"):
        result = {table for table, row in rows_that_the_role_reads(site.addresses[role]) if canaries(row, labels)}
        assert result == set(), f"{role} reads labels in {result}"
    written = {place for place, content in logs_and_files(site) if canaries(content.decode("latin-1"), labels)}
    assert written == set()
    remaining = redis.Redis.from_url(f"redis://127.0.0.1:6379/{REDIS_DATABASE}")
    assert not [key for key in remaining.scan_iter() if canaries(str(remaining.dump(key)), labels)]


def _only_the_scorer_reads_truth(site: RoledSite) -> None:
    for role in ROLES:
        with psycopg.connect(site.addresses[role], autocommit=True) as connection:
            for table in ("uploads_sealedannotation", "scoring_casescore"):
                query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))
                if role == "scorer":
                    connection.execute(query)
                    continue
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(query)
            if role != "sweeper":
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute("UPDATE core_auditrecord SET reason = 'edited'")
