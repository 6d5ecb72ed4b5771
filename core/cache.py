"""The site's cache on Redis. A page never fails because Redis is away: what is not cached is computed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 5.0  # after a failure Redis is left alone this long: each page would wait for a connection otherwise


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache; while Redis cannot be reached every look-up misses and every change is dropped."""

    _away_until = 0.0  # of the process: all threads share what one of them learned

    def add(self, key: Any, value: Any, *args: Any, **options: Any) -> bool:
        """As Django's; True while Redis is away, as if the key had been new."""
        return bool(self._try(lambda: super(ForgivingRedisCache, self).add(key, value, *args, **options), True))

    def get(self, key: Any, default: Any = None, *args: Any, **options: Any) -> Any:
        return self._try(lambda: super(ForgivingRedisCache, self).get(key, default, *args, **options), default)

    def set(self, key: Any, value: Any, *args: Any, **options: Any) -> None:
        self._try(lambda: super(ForgivingRedisCache, self).set(key, value, *args, **options), None)

    def touch(self, key: Any, *args: Any, **options: Any) -> bool:
        return bool(self._try(lambda: super(ForgivingRedisCache, self).touch(key, *args, **options), False))

    def delete(self, key: Any, *args: Any, **options: Any) -> bool:
        return bool(self._try(lambda: super(ForgivingRedisCache, self).delete(key, *args, **options), False))

    def get_many(self, keys: Any, *args: Any, **options: Any) -> dict[Any, Any]:
        return dict(self._try(lambda: super(ForgivingRedisCache, self).get_many(keys, *args, **options), {}))

    def set_many(self, data: Any, *args: Any, **options: Any) -> list[Any]:
        keys = list(data)
        return list(self._try(lambda: super(ForgivingRedisCache, self).set_many(data, *args, **options), keys))

    def delete_many(self, keys: Any, *args: Any, **options: Any) -> None:
        self._try(lambda: super(ForgivingRedisCache, self).delete_many(keys, *args, **options), None)

    def has_key(self, key: Any, *args: Any, **options: Any) -> bool:
        return bool(self._try(lambda: super(ForgivingRedisCache, self).has_key(key, *args, **options), False))

    def incr(self, key: Any, delta: int = 1, *args: Any, **options: Any) -> int:
        return int(self._try(lambda: super(ForgivingRedisCache, self).incr(key, delta, *args, **options), delta))

    def clear(self) -> None:
        self._try(lambda: super(ForgivingRedisCache, self).clear(), None)

    def _try(self, operation: Callable[[], Any], otherwise: Any) -> Any:
        if time.monotonic() < ForgivingRedisCache._away_until:
            return otherwise
        try:
            return operation()
        except (RedisError, OSError) as error:
            ForgivingRedisCache._away_until = time.monotonic() + PAUSE_SECONDS
            logger.warning("the cache cannot be reached (%s); pages are computed without it", type(error).__name__)
            return otherwise
