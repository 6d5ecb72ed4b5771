"""The site and the token that the commands of a person use: from the environment, else from the file that `login` writes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SiteAccount:
    """A site's address, without a slash at its end, and a person's token there."""

    address: str
    token: str


def account_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Where `login` keeps the account."""
    base = environment.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "concours" / "account.json"


def uploads_path(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder that remembers uploads under way."""
    base = environment.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "concours" / "uploads"


def read_account(environment: Mapping[str, str] = os.environ) -> SiteAccount | None:
    """The account of `CONCOURS_SITE` and `CONCOURS_TOKEN`, else of the file; None without either. Raises ValueError."""
    address, token = environment.get("CONCOURS_SITE", ""), environment.get("CONCOURS_TOKEN", "")
    if address and token:
        return SiteAccount(address.rstrip("/"), token)
    path = account_path(environment)
    if not path.exists():
        return None
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return SiteAccount(str(document["site"]), str(document["token"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} cannot be read. Delete it and log in again.") from error


def save_account(account: SiteAccount, environment: Mapping[str, str] = os.environ) -> Path:
    """Writes the file for its owner alone and returns its path."""
    path = account_path(environment)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)  # an older file may be readable by others
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"site": account.address, "token": account.token}, file)
    return path
