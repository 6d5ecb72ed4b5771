"""`make faults SECONDS=60 SEED=1`: faults on the production stack, then what was acknowledged is held against what there is.

Exit 1 on a violation.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.faults.entries import loaded_masks
from benchmarks.faults.faults import FAULTS, schedule
from benchmarks.faults.people import Journal, Team, centre, juror, reader, spawn, visitor
from benchmarks.faults.proxy import BadLine
from benchmarks.faults.stack import LEASE_SECONDS, Stack
from tests.processes import ROOT

SETTLES_SECONDS = LEASE_SECONDS + 30
# Work that is due or running, or will be tried again after a pause; and the seconds until the last such pause is over.
OPEN_WORK = """SELECT count(*), coalesce(extract(epoch FROM max(run_at) - now()), 0) FROM core_work WHERE state = 'running'
               OR (state = 'waiting' AND (run_at <= now() OR attempts > 0 OR outages > 0))"""
PER_PHASE = 12  # submissions per team: few enough for a run to reach


def main() -> int:
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--teams", type=int, default=6)
    parser.add_argument("--every", type=float, default=3.0, help="seconds between two faults, on the average")
    parser.add_argument("--badness", type=float, default=0.15, help="share of connections that the line spoils")
    parser.add_argument("--s3", action="store_true", help="stores on an S3 server that fails too, instead of folders")
    parser.add_argument("--json", default="")
    parser.add_argument("--keep", action="store_true", help="leave the folder with the logs")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="concours-faults-"))
    stack = Stack(folder, object_store=options.s3)
    try:
        report = run(stack, folder, options)
    finally:
        stack.end()
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    table(report)
    if options.json:
        Path(options.json).write_text(json.dumps(report, indent=1) + "\n")
    return 1 if report["violations"] else 0


def run(stack: Stack, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    stack.begin()
    world = stack.prepare(options.teams, PER_PHASE)
    (folder / "world.json").write_text(json.dumps(world))
    front = stack.serve()
    host, port = front.removeprefix("http://").split(":")
    line = BadLine(host, int(port), options.seed, options.badness)
    journal, over = Journal(), threading.Event()
    masks = loaded_masks(str(folder / "truth.npz"))
    threads = [
        spawn(Team(line.address, name, token, world, masks, journal).run, over)
        for name, token in world["teams"].items()
    ]
    threads += [spawn(work, line.address, world, journal, over) for work in (centre, reader, juror, visitor)]
    done, recovery = inject(stack, journal, over, options)
    over.set()
    for thread in threads:
        thread.join(40)
    (folder / "operations.json").write_text(journal.to_json())
    settled = settle(stack)
    stack.stop_services()
    violations = verify(stack, folder)
    return {
        "seed": options.seed,
        "stores": "S3" if options.s3 else "folders",
        "faults": sum(done.values()),
        "by_kind": dict(sorted(done.items())),
        "line": dict(line.did),
        "violations": [
            *journal.surprises,
            *([] if settled >= 0 else ["work is left after the lease and 30 s"]),
            *violations,
        ],
        "acknowledged": {
            "uploads": journal.acknowledged("upload") + journal.acknowledged("exam"),
            "grades": journal.acknowledged("grade"),
            "marks": journal.acknowledged("mark"),
            "submissions": journal.acknowledged("submission"),
        },
        "unknown": sum(1 for operation in journal.operations if not operation.acknowledged),
        "recovery_seconds": {
            "median": round(statistics.median(recovery), 2) if recovery else None,
            "max": round(max(recovery), 2) if recovery else None,
        },
        "settled_seconds": round(settled, 1),
        "slowness": round(slowness(), 1),
        "restarts": stack.restarts,
    }


def inject(
    stack: Stack, journal: Journal, over: threading.Event, options: argparse.Namespace
) -> tuple[Counter[str], list[float]]:
    """Fault after fault; how often each was done, and how long after its end something was acknowledged again."""
    chance, began = random.Random(options.seed), time.monotonic()
    done: Counter[str] = Counter()
    ends: list[float] = []
    for at, name in schedule(chance, options.seconds, options.every):
        time.sleep(max(0.0, began + at - time.monotonic()))
        fault = FAULTS[name](stack, chance, over)
        if fault:
            done[fault] += 1
            ends.append(time.time())
            print(f"{time.monotonic() - began:6.1f} s  {fault}", flush=True)
    time.sleep(max(0.0, began + options.seconds - time.monotonic()))
    moments = sorted(operation.at for operation in journal.operations if operation.acknowledged)
    recovery = [next((moment - end for moment in moments if moment >= end), None) for end in ends]
    return done, [value for value in recovery if value is not None]


def settle(stack: Stack) -> float:
    """Seconds until no work is left; -1 where nothing is done for longer than a lease and 30 s after the last pause.

    The bound is for a machine of one's own: it is stretched by as much as this one is busy with other things.
    """
    began = progress = time.monotonic()
    least = float("inf")
    while True:
        left, pause = map(float, stack.rows(OPEN_WORK)[0])
        if left == 0:
            return time.monotonic() - began
        if left < least or pause > 0:
            least, progress = min(left, least), time.monotonic() + max(0.0, pause)
        if time.monotonic() - progress > SETTLES_SECONDS * slowness():
            return -1.0
        time.sleep(0.5)


def slowness() -> float:
    """Wall time for each second of CPU time of a process that does nothing but compute: 1 on a machine of one's own."""
    wall, cpu = time.monotonic(), time.process_time()
    while time.process_time() - cpu < 0.05:
        pass
    return max(1.0, (time.monotonic() - wall) / (time.process_time() - cpu))


def verify(stack: Stack, folder: Path) -> list[str]:
    command = [sys.executable, "-m", "benchmarks.faults.verify", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=stack.env, capture_output=True, text=True, check=False)
    if done.returncode:
        return [f"the verification failed: {done.stderr[-2000:]}"]
    violations: list[str] = json.loads(done.stdout.splitlines()[-1])
    return violations


def table(report: dict[str, Any]) -> None:
    print(f"\nseed {report['seed']}: {report['faults']} faults, {report['restarts']} processes started again")
    for name, number in report["by_kind"].items():
        print(f"  {number:4d}  {name}")
    print(f"  connections: {report['line']}")
    print(f"acknowledged: {report['acknowledged']}, unknown: {report['unknown']}")
    print(f"acknowledged again after {report['recovery_seconds']} s; settled in {report['settled_seconds']} s")
    print(f"other work on this machine: a second of CPU takes {report['slowness']} s")
    print(f"{len(report['violations'])} violations")
    for violation in report["violations"]:
        print(f"  - {violation}")


if __name__ == "__main__":
    os.environ.setdefault("PYTHONWARNINGS", "default")
    sys.exit(main())
