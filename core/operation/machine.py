"""The doctor's checks of this host and its settings: environment, disk, confinement of children, names and certificate."""

from __future__ import annotations

import shutil
import socket
import ssl
import stat
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import ERROR, run_checks
from django.http.request import validate_host

from concours.formats.child import ChildFailedError, confinement
from core.operation.findings import SiteFinding, ok, problem, warning

GB = 1e9
EXPIRES_SOON_DAYS = 21


def environment() -> Iterator[SiteFinding]:
    errors = [message for message in run_checks(include_deployment_checks=True) if message.level >= ERROR]
    for message in errors:
        yield problem("environment", str(message.msg), str(message.hint or "See docs/deploy.md."))
    if not errors:
        version = ".".join(map(str, sys.version_info[:3]))
        production = "postgresql" in str(settings.DATABASES["default"]["ENGINE"])
        yield ok("environment", f"Python {version}, {'production' if production else 'embedded'} settings are valid.")


def data_folder() -> Iterator[SiteFinding]:
    """Who else on this host can read keys, staging files and the database?"""
    for folder in (settings.DATA, settings.KEYS_DIR, settings.STAGING_DIR, settings.TEMPORARY_DIR):
        path = Path(folder)
        if not path.exists():
            continue
        try:
            with tempfile.NamedTemporaryFile(dir=path, prefix="doctor-"):
                pass
        except OSError as error:
            advice = "Give the folder to the user of the site, and free space."
            yield problem("folders", f"{path} cannot be written ({type(error).__name__}).", advice)
            continue
        if path == Path(settings.KEYS_DIR) and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield problem("folders", f"{path} can be read by other users of this host.", f"Run `chmod 700 {path}`.")
        else:
            yield ok("folders", f"{path} can be written.")


def disk() -> Iterator[SiteFinding]:
    places = {"staging": settings.STAGING_DIR, "temporary files": settings.TEMPORARY_DIR}
    if settings.S3_BUCKET == "none":
        places["stores"] = settings.FILES_DIR
    floor = settings.UPLOAD_FREE_SPACE_FLOOR
    for name, folder in places.items():
        usage = shutil.disk_usage(_existing(Path(folder)))
        sentence = f"{usage.free / GB:.1f} GB of {usage.total / GB:.0f} GB are free for {name}."
        if usage.free < floor:
            yield problem("disk", sentence, "Free some space: uploads are refused below CONCOURS_FREE_SPACE_FLOOR.")
        elif usage.free < 2 * settings.UPLOAD_MAX_BYTES:
            advice = "Have twice the largest upload free (CONCOURS_UPLOAD_MAX_BYTES), or lower that limit."
            yield warning("disk", sentence, advice)
        else:
            yield ok("disk", sentence)


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)


def sandbox() -> Iterator[SiteFinding]:
    try:
        layers = confinement()
    except (ChildFailedError, OSError) as error:
        advice = "Workers cannot read files. Check memory and limits of the host."
        yield problem("sandbox", f"No child process can be started ({type(error).__name__}).", advice)
        return
    missing = [layer for layer in ("landlock", "seccomp", "limits", "no_new_privs") if layer not in layers]
    if missing:
        yield warning(
            "sandbox",
            f"Children that read files of strangers lack: {', '.join(missing)}.",
            "Use a kernel of 5.13 or newer, or workers in a container without network; see docs/deploy.md.",
        )
    else:
        yield ok("sandbox", f"Children that read files of strangers are confined: {', '.join(layers)}.")


def names() -> Iterator[SiteFinding]:
    parts = urlsplit(settings.SITE_ORIGIN)
    host = parts.hostname or ""
    if not validate_host(host, settings.ALLOWED_HOSTS):
        yield problem(
            "names",
            f"CONCOURS_HOSTS does not contain {host}, the name in CONCOURS_ORIGIN.",
            "Add it to CONCOURS_HOSTS.",
        )
    elif parts.scheme == "https":
        yield from _certificate(host, parts.port or 443)
    elif host in ("localhost", "127.0.0.1", "::1"):
        yield ok("names", f"The site is {settings.SITE_ORIGIN}, for this host only.")
    else:
        advice = "Set up HTTPS as docs/deploy.md describes, and CONCOURS_ORIGIN to the https:// address."
        yield problem("names", f"{settings.SITE_ORIGIN} is not encrypted.", advice)


def _certificate(host: str, port: int) -> Iterator[SiteFinding]:
    try:
        with (
            socket.create_connection((host, port), timeout=5) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=host) as encrypted,
        ):
            until = str((encrypted.getpeercert() or {})["notAfter"])
    except ssl.SSLCertVerificationError as error:
        yield problem("names", f"The certificate of {host} is not valid: {error.verify_message}.", "Renew it.")
    except OSError as error:
        yield warning(
            "names",
            f"{host}:{port} cannot be reached from here ({type(error).__name__}); its certificate was not examined.",
            "Run the doctor where the public address can be reached.",
        )
    else:
        days = (ssl.cert_time_to_seconds(until) - datetime.now(UTC).timestamp()) / 86400
        sentence = f"The certificate of {host} is valid for {days:.0f} days."
        yield warning("names", sentence, "Renew it.") if days < EXPIRES_SOON_DAYS else ok("names", sentence)
