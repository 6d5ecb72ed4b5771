"""A bad line between clients and site: it cuts connections, delays them, and sends whole requests a second time, later."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections import Counter

CUT, DELAY, REPEAT, LOSE_ANSWER, WELL = "cut", "delay", "repeat", "lose the answer", "well"
MOST_KEPT = 1 << 20  # of a request that may be sent again


class BadLine:
    """Listens on a port of its own. `badness` is the share of connections that something happens to."""

    def __init__(self, host: str, port: int, seed: int, badness: float) -> None:
        self.host, self.port, self.badness = host, port, badness
        self.random = random.Random(seed)
        self.did: Counter[str] = Counter()
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        threading.Thread(target=self._run, args=(ready,), daemon=True).start()
        ready.wait(30)

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        self.loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bad = self.random.random() < self.badness
        what = self.random.choice((CUT, DELAY, REPEAT, LOSE_ANSWER)) if bad else WELL
        self.did[what] += 1
        request_bytes = bytearray()
        try:
            if what == DELAY:
                await asyncio.sleep(self.random.uniform(0.1, 3.0))
            to_site, from_client = await self._both_ways(reader, writer, what, request_bytes)
            del to_site, from_client
            if what == REPEAT and request_bytes and len(request_bytes) < MOST_KEPT:
                await asyncio.sleep(self.random.uniform(0.0, 2.0))  # after what the client sent meanwhile
                await self._again(bytes(request_bytes))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            with contextlib.suppress(OSError):
                writer.close()

    async def _both_ways(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, what: str, request_bytes: bytearray
    ) -> tuple[int, int]:
        up_reader, up_writer = await asyncio.open_connection(self.host, self.port)
        until = self.random.randrange(20_000) if what == CUT else None
        sent = asyncio.create_task(_pump(reader, up_writer, until, request_bytes if what == REPEAT else None))
        back = asyncio.create_task(_pump(up_reader, writer, 0 if what == LOSE_ANSWER else None, None))
        done, waiting = await asyncio.wait({sent, back}, return_when=asyncio.FIRST_COMPLETED)
        if sent in done and until is None:
            await asyncio.wait({back}, timeout=120)
        for task in waiting:
            task.cancel()
        up_writer.close()
        return (sent.result() if sent.done() and not sent.cancelled() else 0, 0)

    async def _again(self, request: bytes) -> None:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        writer.write(request)
        await writer.drain()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(reader.read(1 << 20), 20)
        writer.close()


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, until: int | None, request_bytes: bytearray | None
) -> int:
    """Passes bytes on until the end, or until so many have passed; then the connection is cut."""
    count = 0
    while piece := await reader.read(65536):
        if until is not None and count + len(piece) > until:
            writer.write(piece[: until - count])
            writer.close()
            return count
        if request_bytes is not None and len(request_bytes) < MOST_KEPT:
            request_bytes += piece
        writer.write(piece)
        await writer.drain()
        count += len(piece)
    return count
