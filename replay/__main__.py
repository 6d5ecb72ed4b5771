"""`manage.py replay EDITION`: plays a published edition over HTTP and compares its tables with the published ones.

Exit 0: every cell is the published one. 1: a table differs. 2: wrong call. 3: the replay itself did not get to its end.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from replay.compare import Comparison
from replay.editions import EDITIONS
from replay.play import playing
from replay.report import show, tables_text
from replay.site import POSTGRES_SERVER, REDIS, ReplaySite, new_database

SAME, DIFFERENT, UNFINISHED = 0, 1, 3


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="manage.py replay", description="Plays a published edition and compares its tables."
    )
    parser.add_argument("edition", choices=sorted(EDITIONS))
    parser.add_argument("--scale", type=float, default=1.0, help="a fraction of the published counts (default 1)")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="also write tables, differences and figures of each stage"
    )
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite",
                        help="sqlite: the embedded default; postgresql: with Redis and Celery, as in production")  # fmt: skip
    parser.add_argument("--server", default=POSTGRES_SERVER, help="PostgreSQL server on which a new database is made")
    parser.add_argument("--redis", default=REDIS, help="Redis database of the replay alone")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the site's data in this folder")
    parsed = parser.parse_args(words)
    if not 0 < parsed.scale <= 1:
        parser.error("--scale must be above 0 and at most 1")
    return parsed


def main(words: Sequence[str] | None = None) -> int:
    options = arguments(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(UNFINISHED))  # the site's processes end with the replay
    began = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="replay-")))
        data = options.keep or folder / "site"
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True)
        database = stack.enter_context(new_database(options.server)) if options.database == "postgresql" else ""
        site = ReplaySite(data, workers=options.workers, database=database, redis=options.redis)
        try:
            document, tables = play_edition(site, folder, options)
        except (RuntimeError, TimeoutError) as error:
            print(f"\nThe replay did not finish: {error}", file=sys.stderr)
            return UNFINISHED
    document["seconds"] = round(time.monotonic() - began, 1)
    print(tables_text(tables))
    print(show(document))
    if options.json:
        options.json.write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")
    return DIFFERENT if document["differences"] else SAME


def play_edition(
    site: ReplaySite, folder: Path, options: argparse.Namespace
) -> tuple[dict[str, Any], list[Comparison]]:
    """The document of --json, without its time, and the tables."""
    kind = EDITIONS[options.edition]
    site.go_to(kind.begins)
    with playing(site, folder) as play:
        edition = kind.make(play, options.scale)
        edition.run()
        tables = edition.compare()
        stages = {name: asdict(figures) for name, figures in play.meter.stages.items()}
        pages = edition.pages()
    document = {
        "edition": options.edition,
        "scale": options.scale,
        "database": options.database,
        "cores": os.cpu_count(),
        "tables": {table.name: {"published": table.published, "ours": table.ours} for table in tables},
        "differences": [line for table in tables for line in table.differences()],
        "stages": stages,
        "pages": pages,
    }
    return document, tables


if __name__ == "__main__":
    sys.exit(main())
