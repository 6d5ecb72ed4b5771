"""One replay under way: the site, its clock, a token for each person, and a process for each of those who act at once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from concours.client.http import Client, SiteRefusedError
from demo.progress import ProgressLine
from replay import pages
from replay.clients import organiser
from replay.measure import Meter, StageFigures, cpu_seconds
from replay.people import ORGANISER, Participant, accounts
from replay.site import ReplaySite

Job = tuple[Callable[..., Any], tuple[Any, ...]]
PASSWORD = "concours-replay-2019"
CLIENTS = 4  # processes of people: the site's own need the cores
SETTLE_SECONDS = 3600.0


class ReplayRun:
    """Runs the stages of an edition one after the other and measures each."""

    def __init__(self, site: ReplaySite, pool: ProcessPoolExecutor, folder: Path) -> None:
        self.site, self.pool, self.folder = site, pool, folder
        self.tokens: dict[str, str] = {}
        self.progress = ProgressLine()
        self.meter = Meter(self._sessions, self._queue, site.database_bytes)

    def _sessions(self) -> set[int]:
        return {process.pid for process in self.site.processes.values()}

    def _queue(self) -> int:
        with suppress(httpx.HTTPError, SiteRefusedError, KeyError):
            return organiser.waiting(self.site.address, self.tokens[ORGANISER], self.site.now())
        return 0

    @property
    def olga(self) -> str:
        return self.tokens[ORGANISER]

    def sign_in(self, people: Sequence[Participant]) -> None:
        """A token for everybody that is valid from the site's present moment on."""
        if not self.tokens:  # the organiser opens pages too, in a browser
            olga = [person for person in people if person.email == ORGANISER]
            self.site.manage("enrol", "-", "--password", PASSWORD, stdin=accounts(olga, (ORGANISER,)))
        self.tokens |= self.site.tokens(people)

    def go_to(self, text: str) -> None:
        """The site's clock jumps to this moment, once nothing is being computed."""
        if self.tokens:
            self.settle()
        self.site.go_to(datetime.fromisoformat(text))

    def settle(self) -> None:
        """Waits until the queue is empty. Raises RuntimeError where work has failed."""
        site = Client(self.site.address, self.olga)
        site.await_until(
            lambda: None if organiser.waiting(self.site.address, self.olga, self.site.now()) else True,
            SETTLE_SECONDS,
            0.5,
        )
        if failures := organiser.failed(self.site.address, self.olga):
            raise RuntimeError(f"{len(failures)} pieces of work failed; the first: {failures[0]}")

    def slowest_pages(self, challenge: str, questions: Sequence[str]) -> list[dict[str, Any]]:
        """What pages cost the web process once the edition is over."""
        address, web = self.site.address, self.site.processes["web"].pid
        browsers = {
            "organiser": pages.sign_in(address, ORGANISER, PASSWORD),
            "visitor": httpx.Client(base_url=address, timeout=120, headers={"Accept-Language": "en"}),
        }
        return pages.measure(browsers, challenge, questions, lambda: cpu_seconds({web}))

    @contextmanager
    def stage(self, title: str, total: int = 1) -> Iterator[StageFigures]:
        with self.progress.step(title, total) as bar, self.meter.stage(title) as figures:
            yield figures
            bar.advance(total)

    def together(self, title: str, jobs: Sequence[Job]) -> list[Any]:
        """Each job in a process of the pool, with the site's address before its arguments; results in the order of the jobs."""
        with self.progress.step(title, len(jobs)) as bar, self.meter.stage(title) as figures:
            futures = [self.pool.submit(function, self.site.address, *words) for function, words in jobs]
            for future in as_completed(futures):
                future.result()
                bar.advance()
            figures.rows = len(jobs)
        return [future.result() for future in futures]


@contextmanager
def playing(site: ReplaySite, folder: Path) -> Iterator[ReplayRun]:
    """The site started and a pool of clients; both end with the block."""
    spawn = multiprocessing.get_context("spawn")
    with site.running(), ProcessPoolExecutor(max_workers=CLIENTS, mp_context=spawn) as pool:
        yield ReplayRun(site, pool, folder)
