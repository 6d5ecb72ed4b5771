"""The virus scanner of the site, if it has one: a program, or clamd. It sees what strangers sent before anything else opens it.

A file in which it finds something is refused. A scanner that does not answer, or fails, is the platform's fault: the work is
tried again and nobody's file is blamed.
"""

from __future__ import annotations

import shlex
import socket
import struct
import subprocess
from contextlib import closing
from pathlib import Path

from django.conf import settings

from concours.formats.fault import gettext_noop, refuse

CHUNK = 1 << 20
INFECTED = gettext_noop("The site's virus scanner found something in this file. Scan the computer that it comes from.")
CLAMD = "clamd:"  # clamd:/path/of/its/socket or clamd:host:port


class ScannerFailedError(RuntimeError):
    """No verdict: the scanner did not run, did not answer in time, or said that it failed."""


def scan_file(path: Path, called: str) -> None:
    """Raises FormatError where something is found, ScannerFailedError where there is no verdict. `called`: the sender's name."""
    if settings.SCANNER == "none":
        return
    threat = _ask_clamd(path) if settings.SCANNER.startswith(CLAMD) else _run(path)
    if threat:
        raise refuse("infected", called, INFECTED)


def _run(path: Path) -> bool:
    """The program with the path behind its words; it ends with 0 (nothing) or 1 (something), as clamscan does."""
    command = [*shlex.split(settings.SCANNER), str(path)]
    try:
        ended = subprocess.run(  # noqa: S603  (the administrator's own command)
            command, capture_output=True, check=False, timeout=settings.SCANNER_SECONDS, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ScannerFailedError(f"the scanner did not run: {type(error).__name__}") from error
    if ended.returncode not in (0, 1):
        raise ScannerFailedError(f"the scanner ended with {ended.returncode}")
    return ended.returncode == 1


def _ask_clamd(path: Path) -> bool:
    """clamd's INSTREAM: the file in pieces with their lengths, an empty one, then `stream: OK` or `stream: <name> FOUND`."""
    try:
        with closing(_connected(settings.SCANNER.removeprefix(CLAMD))) as connection, path.open("rb") as file:
            connection.settimeout(settings.SCANNER_SECONDS)
            connection.sendall(b"zINSTREAM\0")
            while piece := file.read(CHUNK):
                connection.sendall(struct.pack("!I", len(piece)) + piece)
            connection.sendall(struct.pack("!I", 0))
            answer = b""
            while piece := connection.recv(4096):
                answer += piece
    except OSError as error:
        raise ScannerFailedError(f"clamd did not answer: {type(error).__name__}") from error
    words = answer.rstrip(b"\0\n").split()
    if words[-1:] not in ([b"OK"], [b"FOUND"]):
        raise ScannerFailedError("clamd gave no verdict")
    return words[-1] == b"FOUND"


def _connected(place: str) -> socket.socket:
    if place.startswith("/"):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(10)
        try:
            connection.connect(place)
        except OSError:
            connection.close()
            raise
        return connection
    host, _colon, port = place.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=10)
