"""Request bodies are read by the event loop, with a deadline: a slow client occupies a socket, never a thread.

`paced` yields the pieces of a body that keeps up a minimal rate. `OpenBodies` bounds how many bodies one person or one
address may have open. `BufferedBodies` reads the small bodies of Django's requests before Django gets a thread for them.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.refusals import refusal

GRACE_SECONDS = 30.0  # a browser on a bad line may pause; what lasts longer is sent again by a resumable client
LEAST_BYTES_PER_SECOND = 1000  # after the grace time
IN_MEMORY = 1 << 20
LARGEST_FORM = 64 << 20  # files of any size come by tus; forms carry question files, tables and texts


class SlowClientError(Exception):
    """The body did not come at the minimal rate."""


class TooManyBodiesError(Exception):
    """The person or address has too many bodies open."""


async def paced(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces of a body. Raises SlowClientError once the client is slower than LEAST_BYTES_PER_SECOND."""
    began, size = time.monotonic(), 0
    iterator = stream.__aiter__()
    while True:
        deadline = began + GRACE_SECONDS + size / LEAST_BYTES_PER_SECOND
        try:
            piece = await asyncio.wait_for(anext(iterator), min(GRACE_SECONDS, deadline - time.monotonic()))
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise SlowClientError from error
        size += len(piece)
        yield piece


class OpenBodies:
    """Counts the bodies that are being read, by sender."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.open: Counter[str] = Counter()

    @contextlib.contextmanager
    def entered(self, *senders: str) -> Iterator[None]:
        """Raises TooManyBodiesError where one of the senders has `most` open already."""
        if any(self.open[sender] >= self.most for sender in senders):
            raise TooManyBodiesError
        for sender in senders:
            self.open[sender] += 1
        try:
            yield
        finally:
            for sender in senders:
                self.open[sender] -= 1
                if not self.open[sender]:
                    del self.open[sender]


def address_of(scope: Scope) -> str:
    """The client's address as the server trusts it (uvicorn reads the proxy's header where it is told to)."""
    return str((scope.get("client") or ("",))[0])


class BufferedBodies:
    """ASGI middleware for Django: the whole body is read first, so a slow client never holds one of its threads."""

    def __init__(self, app: ASGIApp, most_per_address: int = 64) -> None:
        self.app = app
        self.bodies = OpenBodies(most_per_address)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(scope):
            await self.app(scope, receive, send)
            return
        try:
            with self.bodies.entered(address_of(scope)), tempfile.SpooledTemporaryFile(IN_MEMORY) as body:
                async for piece in paced(_pieces(receive)):
                    body.write(piece)
                    if body.tell() > LARGEST_FORM:
                        await _refuse(413, "too_large", "The request is too large.", scope, receive, send)
                        return
                body.seek(0)
                await self.app(scope, _replay(body, receive), send)
        except SlowClientError:
            await _refuse(408, "too_slow", "The request body arrived too slowly. Try again.", scope, receive, send)
        except TooManyBodiesError:
            await _refuse(
                429, "too_many", "Too many requests are open from your address. Try again.", scope, receive, send
            )
        except ClientDisconnect:
            return


def _has_body(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


def _replay(body: Any, receive: Receive) -> Receive:
    ended = False

    async def replayed() -> Message:
        nonlocal ended
        if ended:
            return await receive()
        piece = body.read(IN_MEMORY)
        ended = len(piece) < IN_MEMORY
        return {"type": "http.request", "body": piece, "more_body": not ended}

    return replayed


async def _refuse(status: int, reason: str, detail: str, scope: Scope, receive: Receive, send: Send) -> None:
    response = JSONResponse(refusal(reason, detail), status, {"Connection": "close"})
    await response(scope, receive, send)
