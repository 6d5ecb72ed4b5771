"""Every typed parameter of API and pages gets values of other kinds: an answer each time, never an error of the server."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from tests.architecture.test_routes import address, routes
from tests.architecture.world import World, build

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
DEEP = '{"a":' * 100_000
TEXTS = (
    "",
    "abc",
    "-1",
    "0",
    "1.5",
    "1e400",
    "NaN",
    "9" * 40,
    "١",
    "2026-13-45",
    "[]",
    "a" * 5000,
    "\0",
    "%00",
    "é\u202e",
)
VALUES: tuple[Any, ...] = (
    *(None, [], {}, "", "abc", "\0", "a" * 5000, -1, 0, 1.5, 10**40, True, [1], ["a", None], {"a": 1}),
    *("2026-13-45", "9" * 40, [[[[]]]], "\ud800"),
)


@pytest.fixture
def world() -> World:
    return build()


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and description of every operation of the published schema."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield path, method, {**operation, "components": schema["components"]["schemas"]}


def address_of(world: World, name: str, parameters: list[str]) -> str | None:
    """The route's address with the rows of the world; None of a library's route that needs others."""
    try:
        return address(world, name, parameters)
    except KeyError:
        return None


def ask(client: Client, method: str, where: str, **more: Any) -> int:
    """The status; what the request changed is taken back."""
    cache.clear()
    with transaction.atomic():
        answer = getattr(client, method)(where, **more)
        if answer.streaming:
            for close in answer._resource_closers:  # the answer's own close() also ends the test's database connection
                close()
        transaction.set_rollback(True)
    return int(answer.status_code)


def as_organiser(world: World) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(world.people["organiser"])  # type: ignore[arg-type]
    return client


def read_by_page(view: Any) -> set[str]:
    """The names that the module of a page's view reads from the address."""
    module = inspect.getmodule(inspect.unwrap(view))
    source = inspect.getsource(module) if module is not None and "site-packages" not in str(module.__file__) else ""
    return set(re.findall(r'GET(?:\.get|\.getlist)?[\[(]"(\w+)"', source))


def test_no_query_parameter_of_an_address_makes_the_server_fail(world: World) -> None:
    client, wrong, request = as_organiser(world), [], 0
    declared: dict[str, set[str]] = {}
    for path, method, operation in operations():
        if method == "get" and "{" not in path:
            declared[path] = {entry["name"] for entry in operation.get("parameters", []) if entry["in"] == "query"}
    for name, parameters, view in routes():
        where = address_of(world, name, parameters)
        if where is None or name in ("schema", "docs"):
            continue
        for parameter in sorted(declared.get(where, set()) | read_by_page(view)):
            for text in TEXTS:
                request += 1
                status = ask(client, "get", where, data={parameter: text})
                if status >= 500:
                    wrong.append(f"{name}?{parameter}={text[:20]!r}: {status}")
    assert request > 500
    assert wrong == []


def properties(operation: dict[str, Any]) -> list[str]:
    """The names that the operation's body may have."""
    content = operation.get("requestBody", {}).get("content", {})
    schema = next(iter(content.values()), {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    return sorted(operation["components"].get(name, schema).get("properties", {}))


def bodies(names: list[str]) -> Iterator[str]:
    yield from ("", "[", "null", "[]", '"text"', DEEP, '{"none_such": 1}')
    for name in names:
        for value in VALUES:
            yield json.dumps({name: value})
    for value in VALUES:
        yield json.dumps(dict.fromkeys(names, value))


def test_no_body_makes_the_api_fail(world: World) -> None:
    client, wrong, request = as_organiser(world), [], 0
    identifiers = [where for name, parameters, _ in routes() if (where := address_of(world, name, parameters))]
    for path, method, operation in operations():
        if method not in ("post", "put", "patch") or "uploads" in path:
            continue
        where = next((entry for entry in identifiers if _fits(path, entry)), None)
        if where is None:
            continue
        for body in bodies(properties(operation)):
            request += 1
            status = ask(client, method, where, data=body, content_type="application/json")
            if status >= 500:
                wrong.append(f"{method} {where} {body[:60]}: {status}")
    assert request > 1000
    assert wrong == []


def _fits(path: str, where: str) -> bool:
    """Whether the address is one of the schema's path: the same words between its parameters."""
    words, own = path.strip("/").split("/"), where.strip("/").split("/")
    if "{id}" in path and "questions/{id}" in path:  # a question's id has a slash
        own = [*own[:3], "/".join(own[3:5]), *own[5:]] if len(own) > len(words) else own
    return len(words) == len(own) and all(a == b or a.startswith("{") for a, b in zip(words, own, strict=True))
