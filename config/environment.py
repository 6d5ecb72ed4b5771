"""Reads settings from the environment; a wrong value stops the start with its name."""

import base64
import binascii
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


class Environment:
    """Typed look-ups that name the variable when its value cannot be used."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self.values = os.environ if values is None else values

    def text(self, name: str, default: str | None = None) -> str:
        value = self.values.get(name, "") or default
        if value is None:
            raise ImproperlyConfigured(f"{name} is not set. Set it in the environment and start again.")
        return value

    def words(self, name: str, default: str = "") -> list[str]:
        return [word.strip() for word in self.text(name, default).split(",") if word.strip()]

    def flag(self, name: str, default: bool) -> bool:
        value = self.values.get(name, "").lower()
        if value in ("", "0", "1", "true", "false"):
            return default if value == "" else value in ("1", "true")
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be 1 or 0.")

    def number(self, name: str, default: int, *, least: int = 0) -> int:
        value = self.values.get(name, "") or str(default)
        if not value.isascii() or not value.isdigit() or int(value) < least:
            raise ImproperlyConfigured(f"{name} is {value!r}; it must be a whole number of at least {least}.")
        return int(value)

    def path(self, name: str, default: Path) -> Path:
        return Path(self.values.get(name, "") or default).expanduser().resolve()

    def key(self, name: str, default: bytes | None = None) -> bytes:
        """A key of at least 32 bytes in base64."""
        value = self.values.get(name, "")
        if not value and default is not None:
            return default
        try:
            key = base64.b64decode("".join(value.split()), validate=True)
        except binascii.Error as error:
            raise ImproperlyConfigured(f"{name} is not base64. Make one with `openssl rand -base64 32`.") from error
        if len(key) < 32:
            raise ImproperlyConfigured(f"{name} must hold at least 32 bytes. Make one with `openssl rand -base64 32`.")
        return key


def database(url: str) -> dict[str, object]:
    """Django's DATABASES entry for `sqlite:///path` or `postgresql://user:password@host:port/name`."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path[1:]),
            "OPTIONS": {
                # IMMEDIATE takes the write lock at BEGIN, so that writers wait in line instead of failing (FACTS, "Serving").
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
            },
        }
    if parts.scheme in ("postgres", "postgresql"):
        options = dict(parse_qsl(parts.query))
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path[1:]),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "OPTIONS": {"pool": {"min_size": 1, "max_size": int(options.pop("pool", "10"))}, **options},
        }
    raise ImproperlyConfigured(f"CONCOURS_DATABASE begins with {parts.scheme!r}; use sqlite:/// or postgresql://.")
