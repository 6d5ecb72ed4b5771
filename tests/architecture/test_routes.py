"""Every route, with every method it answers, as every role: `routes.txt` says what each gets; a route without a line fails.

After adding a route, `WRITE_ROUTES=1 pytest tests/architecture/test_routes.py` adds its lines; read them before they
are committed: what a column says is what that role can do.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from config.asgi import application
from tests.architecture.world import ROLES, World, build
from tests.databases import fresh_sqlite, swapped_default

TABLE = Path(__file__).with_name("routes.txt")
METHODS = ("get", "post", "put", "patch", "delete")
# The address's `pk` is of the row that the route's name begins with; a few routes are named otherwise.
ROW_OF = {
    "upload-address": "upload",
    "jury-session": "session",
    "jury-images": "case",
    "pages:approve_team": "team",
    "pages:waive_team": "team",
    "uploads:withdraw_centre": "centre",
    "batches:attest_deletion": "batch",
    "pages:cancel_invitation": "invitation",
    "pages:resend_invitation": "invitation",
    "pages:revoke_role": "role",
    "pages:revoke_membership": "membership",
    "challenges:accept_invited": "invitation",
    "challenges:cancel_member": "invitation",
    "challenges:resend_member": "invitation",
    "pages:reject_team": "team",
    "pages:exclude_entry": "entry",
    "pages:reschedule_phase": "phase",
    "pages:open_notice": "notice",
    "pages:draft_file": "draft",
    "pages:draft_preview": "draft",
    "pages:draft_step": "draft",
    "pages:load_draft": "draft",
    "pages:delete_draft": "draft",
    "pages:retry": "work",
    "pages:reschedule_batch": "batch",
    "pages:release_batch": "batch",
    "pages:choose_face": "batch",
    "pages:revoke_batch": "batch",
    "pages:publish": "ranking",
    "pages:announce": "ranking",
    "anonymization:values": "exam",
    "anonymization:correction_picture": "correction",
    "anonymization:confirm_correction": "correction",
    "anonymization:reject_correction": "correction",
    "anonymization:series": "exam",
    "anonymization:thumbnail": "exam",
    "anonymization:": "review",
    "anonymization:text": "text",
    "anonymization:mark_text": "text",
    "uploads:": "exam",
    "grading:exam_": "exam",
    "grading:": "reading",
}
NUMBERED = {
    "submission": "submission",
    "case": "case",
    "token": "token",
    "secret": "secret",
    "signed": "signed",
    "link": "link",
}
# Routes of libraries that need no row of ours: keys of mails and of security keys.
OTHER = {
    **dict.fromkeys(("study", "series", "instance", "numbers"), "1.2.3"),
    "name": "centre",
    "kind": "csv",
    "key": "none-such",
    "uidb36": "0",
    "number": "0",
    "audience": "team",
    "step": "words",
}


def routes() -> Iterator[tuple[str, list[str], Any]]:
    """Name, names of parameters and view of every route that Django answers."""

    def walk(patterns: Any, namespace: str, parameters: list[str]) -> Iterator[tuple[str, list[str], Any]]:
        for pattern in patterns:
            names = [*parameters, *pattern.pattern.regex.groupindex]
            if isinstance(pattern, URLPattern):
                yield f"{namespace}{pattern.name}", names, pattern.callback
            elif isinstance(pattern, URLResolver):
                inner = f"{pattern.namespace}:" if pattern.namespace else namespace
                yield from walk(pattern.url_patterns, inner, names)

    yield from walk(get_resolver().url_patterns, "", [])


def address(world: World, name: str, parameters: list[str]) -> str:
    kwargs: dict[str, Any] = {}
    for parameter in parameters:
        if parameter == "challenge":
            kwargs[parameter] = world.question.challenge.slug
        elif parameter == "question":
            kwargs[parameter] = world.question.slug
        elif parameter == "slug":
            kwargs[parameter] = world.question.challenge.slug
        elif parameter == "team":
            kwargs[parameter] = world.rows["team"].slug
        elif parameter == "pk" and name.startswith("question-"):
            kwargs[parameter] = f"{world.question.challenge.slug}/{world.question.slug}"
        elif parameter == "pk" and name.startswith("mfa_"):
            kwargs[parameter] = 1
        elif parameter == "pk":
            kwargs[parameter] = _row(world, name).pk
        elif parameter in NUMBERED:
            row = world.rows[NUMBERED[parameter]]
            kwargs[parameter] = row if isinstance(row, str) else row.pk
        else:
            kwargs[parameter] = OTHER[parameter]
    return reverse(name, kwargs=kwargs)


def _row(world: World, name: str) -> Any:
    for prefix in sorted(ROW_OF, key=len, reverse=True):
        if name.startswith(prefix):
            return world.rows[ROW_OF[prefix]]
    return world.rows[name.split("-", maxsplit=1)[0]]


def allowed(view: Any) -> list[str]:
    """Methods worth trying: those of the viewset's actions or the class; a function may answer GET and POST."""
    if getattr(view, "actions", None):
        return [method for method in METHODS if method in view.actions]
    kind = getattr(view, "view_class", None) or getattr(view, "cls", None)
    return [method for method in METHODS if hasattr(kind, method)] if kind else ["get", "post"]


def ask(client: Client, method: str, where: str) -> int:
    """The status, with everything that the request changed taken back: rows, cookies, counts of attempts."""
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    cache.clear()
    with transaction.atomic():
        answer: HttpResponse = getattr(client, method)(where)
        if answer.streaming:
            answer.close()
        transaction.set_rollback(True)
    client.cookies.clear()
    client.cookies.load(cookies)
    return answer.status_code


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[World]:
    path = tmp_path_factory.mktemp("routes") / "site.sqlite3"
    with django_db_blocker.unblock(), fresh_sqlite(path) as url, swapped_default(url):
        yield build()


@pytest.fixture(scope="module")
def clients(world: World) -> dict[str, Client]:
    result = {}
    for role in ROLES:
        result[role] = Client(raise_request_exception=False)
        if world.people[role] is not None:
            result[role].force_login(world.people[role])
    return result


def table() -> dict[str, list[str]]:
    """`METHOD name` -> the statuses by role."""
    lines = TABLE.read_text().splitlines() if TABLE.exists() else []
    cells = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    return {f"{row[0]} {row[1]}": row[2:] for row in cells}


# The tus protocol: no body that Django reads.
RAW = {"uploads", "upload-address"}


def reverse_prefix(name: str) -> str:
    """`api` for names without a namespace that are not a library's: the API's routes."""
    return "pages" if ":" in name or name.startswith(("account_", "mfa_")) else "api"


NAMES = [(name, parameters, view) for name, parameters, view in routes()]
WRITTEN: dict[str, list[str]] = {}


@pytest.mark.parametrize(("name", "parameters", "view"), NAMES, ids=[name for name, _p, _v in NAMES])
def test_each_role_gets_what_the_table_says(
    name: str, parameters: list[str], view: Any, world: World, clients: dict[str, Client]
) -> None:
    where, expected, result = address(world, name, parameters), {}, {}
    for method in allowed(view):
        key = f"{method.upper()} {name}"
        statuses = [str(ask(clients[role], method, where)) for role in ROLES]
        if set(statuses) == {"405"}:
            continue
        result[key] = statuses
        expected[key] = table().get(key, ["?"] * len(ROLES))
    WRITTEN.update(result)
    if os.environ.get("WRITE_ROUTES"):
        _write()
    assert result == expected, f"{where}: columns are {' '.join(ROLES)}"
    assert not [status for row in result.values() for status in row if status.startswith("5")]


def _write() -> None:
    """Lines of routes that were tried, those of others kept; for a person to read."""
    rows = {**table(), **WRITTEN}
    head = f"# {'method':7} {'route':38} " + " ".join(f"{role[:9]:>9}" for role in ROLES)
    body = [
        f"{key.split()[0]:9} {key.split()[1]:38} " + " ".join(f"{status:>9}" for status in row)
        for key, row in sorted(rows.items(), key=lambda item: (item[0].split()[1], item[0]))
    ]
    TABLE.write_text("\n".join([head, *body]) + "\n")


def test_the_table_has_no_line_for_a_route_that_is_gone() -> None:
    names = {name for name, _parameters, _view in NAMES}
    assert [key for key in table() if key.split()[1] not in names] == []


ACTS = {"reading-": "reader", "jury-session": "juror"}  # rows that are one person's own
BODIES = [
    (name, parameters, method, getattr(view.cls, view.actions[method] if getattr(view, "actions", None) else method))
    for name, parameters, view in NAMES
    if getattr(view, "cls", None) is not None and reverse_prefix(name) == "api"
    for method in allowed(view)
    if method in ("post", "put", "patch") and name not in RAW
]


@pytest.mark.parametrize(
    ("name", "parameters", "method", "action"), BODIES, ids=[f"{m} {n}" for n, _p, m, _a in BODIES]
)
def test_what_an_api_action_does_not_take_is_refused(
    name: str, parameters: list[str], method: str, action: Any, world: World, clients: dict[str, Client]
) -> None:
    """An undocumented field, JSON that is no object, deep JSON, a value of another kind; sent by who may act."""
    client = clients[next((role for prefix, role in ACTS.items() if name.startswith(prefix)), "staff")]
    kind, where = action.body, address(world, name, parameters)
    wrong: dict[str, str] = {
        "unknown field": '{"no_such_field": 1}',
        "a list": "[]",
        "nothing": "null",
        "deep": '{"a":' * 100_000 + "1" + "}" * 100_000,
        "infinite": '{"a": 1e999}',
    }
    wrong |= {f"{field} nested": json.dumps({field: {"a": [["b"]]}}) for field in kind().fields}
    wrong |= {f"{field} NUL": json.dumps({field: "a\0b"}) for field in kind().fields}
    for what, body in wrong.items():
        with transaction.atomic():
            answer = getattr(client, method)(where, body, content_type="application/json")
            transaction.set_rollback(True)
        assert answer.status_code == 400, (what, answer.content[:300])
        assert answer.json()["detail"], what
        if what == "unknown field":
            assert "unknown_field" in {error["reason"] for error in answer.json()["errors"]}


OPEN_TO_ALL = ("account_", "mfa_", "healthz", "readyz", "schema", "docs", "set_language")


def test_who_has_no_part_reads_nothing_that_is_not_public() -> None:
    """The columns of those without a part in the challenge, read again by rule and not by habit."""
    public = {
        "home",
        "board",
        "challenges:challenge",
        "challenges:question",
        "challenges:charter",
        "challenges:invitation",
        "challenge-detail",
        "challenge-timeline",
        "question-detail",
        "charter-detail",
        "phase-detail",
        "leaderboard:board",
        "leaderboard:board_csv",
        "leaderboard:edition",
        "edition",
        "pages:help",
        "pages:help_page",
        "pages:unsubscribe",  # the signed link is the permission
        "scoring:sample",
        "scoring:kit",  # what the question's page says, as files; a visitor's sample is of invented cases
    }
    own = {
        "challenges:tokens",
        "challenges:sessions",
        "challenges:own_name",
        "challenges:accept_invited",
        "grading:queue",
        "pages:new_challenge",
        "challenges:team",
        "uploads:feedback",
        "notice-seen",
        "pages:notices",
        "pages:notice_preferences",
        "signed-session-end-others",
        "uploads:dicomweb_studies",  # a list: of one's own exams, 204 where there is none
    }  # pages and actions of what is one's own
    wrong = []
    for key, statuses in table().items():
        name = key.split()[1]
        if name.startswith(OPEN_TO_ALL) or name in public or name in own or name.endswith("-list"):
            continue
        for role in ("anonymous", "stranger", "elsewhere"):
            if statuses[ROLES.index(role)].startswith("2"):
                wrong.append(f"{key}: {role} gets {statuses[ROLES.index(role)]}")
    assert wrong == []


def test_nobody_changes_anything_without_signing_in() -> None:
    wrong = []
    for key, statuses in table().items():
        method, name = key.split()
        if (
            method != "GET"
            and not name.startswith(OPEN_TO_ALL)
            and name != "pages:unsubscribe"  # the signed link is the permission; mail programs post there
            and statuses[0] not in ("302", "401", "403", "404", "405")
        ):
            wrong.append(f"{key}: {statuses[0]}")
    assert wrong == []


def test_lists_of_private_things_are_empty_for_who_has_no_part(world: World, clients: dict[str, Client]) -> None:
    public = {"challenge-list", "question-list", "phase-list", "charter-list"}
    seen = []
    for name, parameters, _view in NAMES:
        if name.endswith("-list") and name not in public and not parameters and "POST" not in name:
            for role in ("stranger", "elsewhere"):
                answer = clients[role].get(reverse(name))
                rows = [row for row in answer.json()["results"] if not _own(name, row, role)]
                if rows:
                    seen.append(f"{name}: {role} sees {len(rows)}")
    assert seen == []


def _own(name: str, row: dict[str, Any], role: str) -> bool:
    """Otto organises another challenge: its role and its records are his to see."""
    return role == "elsewhere" and (name == "role-list" or name == "audit-list")


def test_every_raw_route_is_known_here() -> None:
    """Raw ASGI routes do their own checks; each has tests of its own, named here. A new one must be added."""
    tested = {
        ("/api/v1/uploads/", "POST"): "uploads/protocol/test_whose.py",
        ("/api/v1/uploads/", "OPTIONS"): "uploads/protocol/test_protocol.py",
        ("/api/v1/uploads/{id:uuid}", "HEAD"): "uploads/protocol/test_whose.py",
        ("/api/v1/uploads/{id:uuid}", "PATCH"): "uploads/protocol/test_whose.py",
        ("/api/v1/uploads/{id:uuid}", "DELETE"): "uploads/protocol/test_whose.py",
        ("/dicomweb/{challenge}/{question}/studies", "POST"): "uploads/protocol/test_stow.py",
        ("/dicomweb/{challenge}/{question}/studies/{study}", "POST"): "uploads/protocol/test_stow.py",
        ("/dicomweb/{challenge}/{question}/studies/{study}/complete", "POST"): "uploads/protocol/test_stow.py",
        ("/batches/{id:uuid}/download", "GET"): "journeys/test_production.py",
        ("/batches/{id:uuid}/download", "HEAD"): "journeys/test_production.py",
    }
    raw = {(route.path, method) for route in application.routes for method in getattr(route, "methods", None) or ()}
    # Starlette adds HEAD to GET.
    assert raw == set(tested)
    for file in tested.values():
        assert (settings.ROOT / "tests" / file).is_file()
