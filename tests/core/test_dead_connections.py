"""PostgreSQL was restarted: no request meets a dead connection of the pool."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.processes import environment, server

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
AT_ONCE = 8
CUT = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()"""


def test_after_all_connections_are_cut_every_answer_is_right(postgres_database: str, tmp_path: Path) -> None:
    env = environment(tmp_path, f"{postgres_database}?pool=20")
    stranger = {"Authorization": "Bearer nobody", "Tus-Resumable": "1.0.0"}
    with (
        server(env, tmp_path / "web.log") as (address, _process),
        httpx.Client(base_url=address, timeout=60) as client,
        ThreadPoolExecutor(AT_ONCE) as pool,
        psycopg.connect(postgres_database, autocommit=True) as admin,
    ):

        def pages(_number: int) -> int:
            return client.get("/readyz").status_code

        def raw(_number: int) -> int:
            return client.post("/api/v1/uploads/", headers=stranger).status_code

        for _round in range(3):
            assert set(pool.map(pages, range(AT_ONCE))) == {200}
            assert set(pool.map(raw, range(AT_ONCE))) == {401}
            assert admin.execute(CUT).fetchone()[0] > 0  # type: ignore[index]
        assert set(pool.map(raw, range(AT_ONCE))) == {401}
    assert "Traceback" not in (tmp_path / "web.log").read_text()
