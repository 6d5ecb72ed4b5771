"""Redis away: every operation of the cache behaves as an empty cache does, quickly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.cache import ForgivingRedisCache
from tests.presence import REDIS_URL
from tests.processes import free_port

OPERATIONS: list[tuple[str, tuple[Any, ...], Any]] = [
    ("add", ("key", 1), True),
    ("get", ("key", "default"), "default"),
    ("get_or_set", ("key", lambda: "computed"), "computed"),
    ("set", ("key", 1), None),
    ("touch", ("key",), False),
    ("delete", ("key",), False),
    ("get_many", (["key"],), {}),
    ("set_many", ({"key": 1},), ["key"]),
    ("delete_many", (["key"],), None),
    ("has_key", ("key",), False),
    ("incr", ("key", 2), 2),
    ("decr", ("key", 2), -2),
    ("clear", (), None),
]


@pytest.fixture(autouse=True)
def _reachable() -> Iterator[None]:
    ForgivingRedisCache._away_until = 0.0
    yield
    ForgivingRedisCache._away_until = 0.0


@pytest.mark.parametrize(("operation", "arguments", "expected"), OPERATIONS, ids=[row[0] for row in OPERATIONS])
def test_no_operation_fails_while_redis_is_away(operation: str, arguments: tuple[Any, ...], expected: Any) -> None:
    cache = ForgivingRedisCache(f"redis://127.0.0.1:{free_port()}/0", {})
    assert getattr(cache, operation)(*arguments) == expected


def test_after_a_failure_redis_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = ForgivingRedisCache(f"redis://127.0.0.1:{free_port()}/0", {})
    cache.get("key")
    monkeypatch.setattr("django.core.cache.backends.redis.RedisCache.get", lambda *_: pytest.fail("asked Redis again"))
    assert cache.get("key", "default") == "default"


@pytest.mark.redis
def test_with_redis_it_keeps_what_it_is_given() -> None:
    cache = ForgivingRedisCache(REDIS_URL, {})
    cache.set("test-cache-key", {"a": 1}, 5)
    assert cache.get("test-cache-key") == {"a": 1}
    assert cache.add("test-cache-key", 2) is False
    assert cache.delete("test-cache-key") is True
