"""`make storm TEAMS=500`: a deadline. Every team submits within the last minute, a tenth too late, while visitors read the board.

Exit 1 for an error, a wrong decision, a lost submission or a missed goal.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import random
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from benchmarks.faults.entries import entry, loaded_masks
from benchmarks.faults.stack import Stack

LATE_SHARE = 0.1
VISITORS = 10
TUS = {"Tus-Resumable": "1.0.0"}


@dataclass
class Storm:
    """What happened: answers of each team's last request, faults, times of the board's answers in ms."""

    answers: dict[str, int] = field(default_factory=dict)  # upload id: status of POST submissions
    sent_at: dict[str, datetime] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    board_ms: list[float] = field(default_factory=list)


def main() -> int:
    parser = argparse.ArgumentParser(prog="storm", description=__doc__)
    parser.add_argument("--teams", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--window", type=float, default=60, help="seconds before the close within which the teams submit"
    )
    parser.add_argument("--json", default="")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="concours-storm-"))
    stack = Stack(folder)
    try:
        report = run(stack, folder, options)
    finally:
        stack.end()
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(report, indent=1))
    if options.json:
        Path(options.json).write_text(json.dumps(report, indent=1) + "\n")
    faults = report["errors"] or report["wrong_decisions"] or report["lost"]
    slow = (report["board_p99_ms"] or 0) > 500 or report["scored_after_close_seconds"] > 60
    return 1 if faults or slow else 0


def run(stack: Stack, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    stack.begin()
    world = stack.prepare(options.teams, 2)
    front = stack.serve()
    closes = datetime.now(UTC) + timedelta(seconds=options.window + 5)
    stack.rows("UPDATE challenges_phase SET closes = %s WHERE id = %s RETURNING id", closes, world["phase_id"])
    masks = loaded_masks(str(folder / "truth.npz"))
    storm = Storm()
    asyncio.run(_play(front, world, masks, closes, storm, options))
    scored = _await_scores(stack, world, closes)
    return {
        "teams": options.teams,
        "seed": options.seed,
        "errors": len(storm.errors),
        "first_errors": storm.errors[:5],
        "accepted": sum(1 for status in storm.answers.values() if status == 201),
        "late": sum(1 for status in storm.answers.values() if status == 409),
        **decisions(stack, world, storm),
        "board_reads": len(storm.board_ms),
        "board_p99_ms": round(sorted(storm.board_ms)[int(0.99 * len(storm.board_ms))], 1) if storm.board_ms else None,
        "scored_after_close_seconds": scored,
    }


async def _play(
    front: str, world: dict[str, Any], masks: Any, closes: datetime, storm: Storm, options: argparse.Namespace
) -> None:
    chance = random.Random(options.seed)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(base_url=front, timeout=120, limits=limits) as http:
        over = asyncio.Event()
        visitors = [asyncio.create_task(_visit(http, world, storm, over)) for _ in range(VISITORS)]
        teams = []
        for number, token in enumerate(world["teams"].values()):
            late = chance.random() < LATE_SHARE
            # Most come in the last seconds, as they do.
            before = -chance.uniform(0.05, 5) if late else options.window * chance.random() ** 2
            content = entry(masks, number % 4, float(number))
            start = closes - timedelta(seconds=before)
            teams.append(_submit(http, token, world["question"], content, start, storm))
        await asyncio.gather(*teams)
        over.set()
        await asyncio.gather(*visitors)


async def _submit(
    http: httpx.AsyncClient, token: str, question: str, content: bytes, start: datetime, storm: Storm
) -> None:
    """Creates its upload ahead, sends its bytes at `start`, then asks for the submission."""
    who = {"Authorization": f"Bearer {token}"}
    words = {"question": question, "kind": "submission", "filename": "entry.zip"}
    pairs = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in words.items())
    headers = {**TUS, **who, "Upload-Length": str(len(content)), "Upload-Metadata": pairs}
    try:
        await asyncio.sleep(max(0.0, (start - datetime.now(UTC)).total_seconds() - 2))
        created = await http.post("/api/v1/uploads/", headers=headers)
        if created.status_code != 201:
            # A creation after the close may be refused at once; anything else is an error.
            if not (created.status_code == 409 and datetime.now(UTC) > start):
                storm.errors.append(f"create {created.status_code} {created.text[:200]}")
            return
        await asyncio.sleep(max(0.0, (start - datetime.now(UTC)).total_seconds()))
        location = created.headers["Location"]
        body = {**TUS, **who, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        sent = await http.patch(location, content=content, headers=body)
        if sent.status_code != 204:
            storm.errors.append(f"PATCH {sent.status_code} {sent.text[:200]}")
            return
        upload = location.rsplit("/", 1)[-1]
        storm.sent_at[upload] = datetime.now(UTC)
        answer = await http.post("/api/v1/submissions/", json={"upload": upload}, headers=who)
        storm.answers[upload] = answer.status_code
        if answer.status_code not in (201, 409):
            storm.errors.append(f"POST submissions {answer.status_code} {answer.text[:200]}")
    except httpx.TransportError as error:
        storm.errors.append(type(error).__name__)


async def _visit(http: httpx.AsyncClient, world: dict[str, Any], storm: Storm, over: asyncio.Event) -> None:
    challenge, _slash, slug = world["question"].partition("/")
    while not over.is_set():
        began = time.monotonic()
        try:
            answer = await http.get(f"/c/{challenge}/{slug}/board/")
            storm.board_ms.append((time.monotonic() - began) * 1000)
            if answer.status_code != 200:
                storm.errors.append(f"board {answer.status_code}")
        except httpx.TransportError as error:
            storm.errors.append(f"board {type(error).__name__}")
        await asyncio.sleep(0.5)


def _await_scores(stack: Stack, world: dict[str, Any], closes: datetime) -> float:
    """Seconds after the close until every submission is scored; at most ten minutes."""
    while True:
        left = stack.rows(
            "SELECT count(*) FROM scoring_submission WHERE phase_id = %s AND state IN ('received', 'valid')",
            world["phase_id"],
        )[0][0]
        seconds = (datetime.now(UTC) - closes).total_seconds()
        if left == 0 or seconds > 600:
            return round(seconds, 1)
        time.sleep(0.5)


def decisions(stack: Stack, world: dict[str, Any], storm: Storm) -> dict[str, int]:
    """In time exactly when its last byte was durable before the close, to the microsecond; answers say the same."""
    rows = stack.rows(
        "SELECT u.id::text, u.stored_at < p.closes, s.id IS NOT NULL, coalesce(s.state, ''), s.received_at = u.stored_at"
        " FROM uploads_upload u JOIN challenges_phase p ON p.id = %s LEFT JOIN scoring_submission s ON s.upload_id = u.id"
        " WHERE u.question_id = p.question_id AND u.stored_at IS NOT NULL AND u.kind = 'submission'",
        world["phase_id"],
    )
    by_id = {row[0]: row for row in rows}
    wrong = lost = unscored = 0
    for upload, in_time, exists, state, same in rows:
        status = storm.answers.get(upload)
        wrong += in_time != exists or (status is not None and (status == 201) != in_time) or (exists and not same)
        unscored += exists and state != "scored"
    for upload in storm.sent_at:
        row = by_id.get(upload)
        lost += row is None or (bool(row[1]) and not row[2])
    return {"wrong_decisions": int(wrong), "lost": int(lost), "not_scored": int(unscored)}


if __name__ == "__main__":
    sys.exit(main())
