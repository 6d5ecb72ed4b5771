"""The virus scanner: what it finds is refused with a reason, and its own failure is nobody's fault but the platform's."""

from __future__ import annotations

import socket
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from concours.formats.fault import FormatError
from core.failures import NO_SCANNER, words_of
from core.scanner import ScannerFailedError, scan_file
from demo.phantoms import sarcopenia
from scoring.models import Submission
from tests.concours.formats.builders import zipped
from tests.factories.contests import contest
from tests.factories.exams import work_all
from tests.factories.people import team_in
from tests.factories.questions import question
from tests.factories.submissions import sent as submitted
from tests.factories.uploads import sent
from uploads.models import Upload

MARK = b"X5O!P%@AP-looks-infected"
PROGRAM = """import sys, zipfile
content = open(sys.argv[-1], "rb").read()
if zipfile.is_zipfile(sys.argv[-1]):
    archive = zipfile.ZipFile(sys.argv[-1])
    content += b"".join(archive.read(name) for name in archive.namelist())
sys.exit(2 if b"cannot-be-scanned" in content else 1 if b"looks-infected" in content else 0)
"""


@pytest.fixture
def scanner(tmp_path: Path, settings: Any) -> None:
    program = tmp_path / "scanner.py"
    program.write_text(PROGRAM)
    settings.SCANNER = f"{sys.executable} {program}"


def file(folder: Path, content: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(content)
    return path


@pytest.mark.usefixtures("scanner")
def test_a_program_says_by_its_end_what_it_found(tmp_path: Path) -> None:
    scan_file(file(tmp_path, b"harmless"), "exam.zip")
    with pytest.raises(FormatError) as refusal:
        scan_file(file(tmp_path, MARK), "exam.zip")
    assert [(fault.reason, fault.where) for fault in refusal.value.faults] == [("infected", "exam.zip")]
    with pytest.raises(ScannerFailedError, match="ended with 2"):
        scan_file(file(tmp_path, b"cannot-be-scanned"), "exam.zip")


def test_a_program_that_is_not_there_or_never_ends_gives_no_verdict(tmp_path: Path, settings: Any) -> None:
    settings.SCANNER = str(tmp_path / "none-such")
    with pytest.raises(ScannerFailedError, match="FileNotFoundError"):
        scan_file(file(tmp_path, b""), "a")
    settings.SCANNER, settings.SCANNER_SECONDS = f"{sys.executable} -c 'import time; time.sleep(60)'", 0.2
    with pytest.raises(ScannerFailedError, match="TimeoutExpired"):
        scan_file(file(tmp_path, b""), "a")


@contextmanager
def clamd(place: str, answer: bytes) -> Iterator[list[bytes]]:
    """Speaks clamd's INSTREAM once; what it was sent."""
    heard: list[bytes] = []
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(place)
    listening.listen()

    def serve() -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rb") as stream:
            assert stream.read(10) == b"zINSTREAM\0"
            while length := struct.unpack("!I", stream.read(4))[0]:
                heard.append(stream.read(length))
            connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield heard
    thread.join(10)
    listening.close()


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"stream: OK\0", None),
        (b"stream: Eicar-Signature FOUND\0", FormatError),
        (b"INSTREAM size limit exceeded. ERROR\0", ScannerFailedError),
        (b"", ScannerFailedError),
    ],
)
def test_clamd_gets_the_bytes_and_its_verdict_counts(
    tmp_path: Path, settings: Any, answer: bytes, outcome: type[Exception] | None
) -> None:
    settings.SCANNER = f"clamd:{tmp_path}/clamd.sock"
    content = bytes(3 << 20)
    with clamd(f"{tmp_path}/clamd.sock", answer) as heard:
        if outcome is None:
            scan_file(file(tmp_path, content), "a")
        else:
            with pytest.raises(outcome):
                scan_file(file(tmp_path, content), "a")
    assert b"".join(heard) == content
    with pytest.raises(ScannerFailedError):
        scan_file(file(tmp_path, content), "a")  # nobody listens any more


@pytest.mark.django_db
@pytest.mark.usefixtures("scanner")
def test_an_exam_is_refused_or_waits_and_its_bytes_stay_until_there_is_a_verdict() -> None:
    of = question()
    files = dict(sarcopenia.make(3, "nord").files)
    sent_result = sent(of, zipped({**files, "README.txt": MARK}))
    work_all(("receive",))
    sent_result.refresh_from_db()
    assert (sent_result.state, sent_result.reason) == (Upload.State.REFUSED, "infected")
    waits = sent(of, zipped({**files, "README.txt": b"cannot-be-scanned"}))
    with pytest.raises(ScannerFailedError):
        work_all(("receive",))
    waits.refresh_from_db()
    assert waits.state == Upload.State.STORED, "the work is tried again, and nobody's file is blamed"


@pytest.mark.django_db
@pytest.mark.usefixtures("scanner")
def test_a_submission_is_rejected_with_the_reason() -> None:
    scene = contest()
    submission = submitted(scene.question, team_in(scene.question, "Owls"), MARK)
    work_all()
    submission.refresh_from_db()
    assert submission.state == Submission.State.REJECTED
    assert [fault["reason"] for fault in submission.faults] == ["infected"]


def test_its_failure_has_words_for_the_organiser() -> None:
    assert words_of(ScannerFailedError("x"), 1)[0]["template"] == NO_SCANNER
