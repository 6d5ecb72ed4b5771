"""Reads settings from the environment; a wrong value stops the start with its name."""

import base64
import binascii
import os
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from concours.formats.values import parse_boolean


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

    def hosts(self, name: str, default: str) -> list[str]:
        """Names of the site. A wildcard would let anybody choose the name that links in mails are made of."""
        names = self.words(name, default)
        if any(host == "*" or host.strip(".") in ("", "*") for host in names):
            raise ImproperlyConfigured(f"{name} contains '*'. List the names that the site answers to.")
        return names

    def flag(self, name: str, default: bool) -> bool:
        value = self.values.get(name, "")
        flag = parse_boolean(value) if value else default
        if flag is None:
            raise ImproperlyConfigured(f"{name} is {value!r}; it must be 1 or 0.")
        return flag

    def number(self, name: str, default: int, *, least: int = 0) -> int:
        value = self.values.get(name, "") or str(default)
        if not value.isascii() or not value.isdigit() or int(value) < least:
            raise ImproperlyConfigured(f"{name} is {value!r}; it must be a whole number of at least {least}.")
        return int(value)

    def choice(self, name: str, default: str, *choices: str) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise ImproperlyConfigured(f"{name} is {value!r}; it must be one of {', '.join(choices)}.")
        return value

    def token(self, name: str) -> str:
        """A secret word of at least 24 characters; empty where it is not set."""
        value = self.values.get(name, "")
        if value and (len(value) < 24 or not value.isascii() or len(value.split()) != 1):
            raise ImproperlyConfigured(f"{name} must have 24 characters or more. Make one with `openssl rand -hex 24`.")
        return value

    def networks(self, name: str) -> list[IPv4Network | IPv6Network]:
        """Addresses and networks, such as `10.0.0.0/8,::1`; none where it is not set."""
        try:
            return [ip_network(word) for word in self.words(name, "none") if word != "none"]
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} is not a list of addresses: {error}.") from error

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
        if len(set(key)) < 12:  # 32 random bytes have fewer with a chance below one in 10**14
            raise ImproperlyConfigured(f"{name} is too plain. Make one with `openssl rand -base64 32`.")
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
            # A restarted server leaves dead connections in the pool: each is tried before a request gets it.
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {"pool": {"min_size": 1, "max_size": int(options.pop("pool", "20"))}, **options},
        }
    raise ImproperlyConfigured(f"CONCOURS_DATABASE begins with {parts.scheme!r}; use sqlite:/// or postgresql://.")
