"""Takes a multipart/related body apart as it comes: each part's bytes go to one file, nothing of them is parsed."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message
from typing import BinaryIO

END_OF_HEADERS = b"\r\n\r\n"
LONGEST_BOUNDARY = 200  # the standard says 70; Orthanc sends 73 (two UUIDs)
MOST_HEADERS = 8192  # bytes of one part's headers
MOST_PARTS = 20_000  # instances of one request


class MultipartError(ValueError):
    """The body is not what its Content-Type declares; says what is wrong."""


@dataclass(frozen=True)
class BodyPart:
    """Where one part lies in the file."""

    offset: int
    size: int


def boundary_of(content_type: str) -> bytes:
    """The boundary of a multipart/related type; empty for any other type. Raises MultipartError."""
    message = Message()
    message["Content-Type"] = content_type
    if message.get_content_type() != "multipart/related":
        return b""
    boundary = str(message.get_param("boundary", ""))
    if not 0 < len(boundary) <= LONGEST_BOUNDARY or not boundary.isascii():
        raise MultipartError(f"Content-Type names no boundary of 1 to {LONGEST_BOUNDARY} signs.")
    return boundary.encode("ascii")


class MultipartReader:
    """`feed` takes the pieces of a body, `close` its end; then `parts` lie in `target` (RFC 2046, 5.1)."""

    def __init__(self, boundary: bytes, target: BinaryIO) -> None:
        self.parts: list[BodyPart] = []
        self._target = target
        self._mark = b"\r\n--" + boundary
        self._buffer = bytearray(b"\r\n")  # the first boundary may stand at the very beginning
        self._step = self._preamble
        self._begun = 0

    def feed(self, piece: bytes) -> None:
        """Raises MultipartError."""
        self._buffer += piece
        while self._step():
            pass

    def close(self) -> None:
        """Raises MultipartError for a body that ends before its last boundary."""
        if self._step != self._epilogue:
            raise MultipartError("The body ends before its last boundary.")

    def _preamble(self) -> bool:
        at = self._buffer.find(self._mark)
        if at < 0:
            del self._buffer[: max(0, len(self._buffer) - len(self._mark) + 1)]
            return False
        del self._buffer[: at + len(self._mark)]
        self._step = self._after_mark
        return True

    def _after_mark(self) -> bool:
        """Behind a boundary: `--` is the last one, a line's end begins a part."""
        if len(self._buffer) < 2:
            return False
        if self._buffer[:2] == b"--":
            self._step = self._epilogue
            return True
        end = self._buffer.find(b"\r\n")
        if end < 0 and len(self._buffer) <= MOST_HEADERS:
            return False
        if end < 0 or bytes(self._buffer[:end]).strip(b" \t"):
            raise MultipartError("A boundary is followed by other signs.")
        del self._buffer[:end]  # the line's end stays: a part may have no headers
        self._step = self._headers
        return True

    def _headers(self) -> bool:
        end = self._buffer.find(END_OF_HEADERS)
        if end < 0:
            if len(self._buffer) > MOST_HEADERS:
                raise MultipartError("The headers of a part are too long.")
            return False
        if len(self.parts) >= MOST_PARTS:
            raise MultipartError(f"A request may have {MOST_PARTS} parts.")
        del self._buffer[: end + len(END_OF_HEADERS)]
        self._begun = self._target.tell()
        self._step = self._body
        return True

    def _body(self) -> bool:
        at = self._buffer.find(self._mark)
        safe = at if at >= 0 else max(0, len(self._buffer) - len(self._mark) + 1)
        self._target.write(self._buffer[:safe])
        if at < 0:
            del self._buffer[:safe]
            return False
        del self._buffer[: at + len(self._mark)]
        self.parts.append(BodyPart(self._begun, self._target.tell() - self._begun))
        self._step = self._after_mark
        return True

    def _epilogue(self) -> bool:
        self._buffer.clear()
        return False
