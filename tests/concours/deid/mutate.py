"""De-identifies 5000 mutated files in this process and prints what became of them: `python -m
tests.concours.deid.mutate FOLDER`.
"""

import json
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path

from pydicom import dcmread
from pydicom.uid import ImplicitVRLittleEndian

from concours.deid import Deidentifier
from tests.concours.deid.made import KEY, ct, encoded


def mutated(base: bytes, rng: random.Random) -> bytes:
    data = bytearray(base)
    kind = rng.randrange(6)
    if kind == 0:
        for _ in range(rng.randrange(1, 40)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == 1:
        del data[rng.randrange(len(data)) :]
    elif kind == 2:
        start = rng.randrange(len(data))
        data[start:start] = rng.randbytes(rng.randrange(1, 64))
    elif kind == 3:
        start = rng.randrange(132, len(data) - 4)
        data[start : start + 4] = rng.choice(
            [b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f", b"\xfe\xff\x00\xe0"]
        )
    elif kind == 4:
        start = rng.randrange(132, len(data))
        del data[start : start + rng.randrange(1, 64)]
    else:
        start, length = rng.randrange(132, len(data)), rng.randrange(1, 400)
        data[start:start] = data[start : start + length]
    return bytes(data)


def bases() -> list[bytes]:
    """Two made files, and the small ones among the samples where they are."""
    sample = Path(os.environ.get("SAMPLE_DIR", "../shared/sample")) / "awkward"
    small = sorted(p for p in sample.glob("*.dcm") if 1000 < p.stat().st_size < 60_000) if sample.exists() else []
    return [encoded(ct()), encoded(ct(), ImplicitVRLittleEndian), *(path.read_bytes() for path in small)]


def main(folder: Path) -> None:
    rng = random.Random(20190613)
    originals = bases()
    engine = Deidentifier(KEY, centre="A")
    path = folder / "mutated.dcm"
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    for number in range(5000):
        path.write_bytes(mutated(originals[number % len(originals)], rng))
        started = time.perf_counter()
        report = engine.deidentify_file(path, folder / "out")
        slowest = max(slowest, time.perf_counter() - started)
        outcomes[report.outcome] += 1
        if number % 25 == 0 and report.output:
            dcmread(folder / "out" / report.output)
    status = Path("/proc/self/status").read_text("utf-8")  # ru_maxrss would count what the parent had before exec
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    sys.stdout.write(json.dumps({"outcomes": outcomes, "slowest_s": round(slowest, 3), "peak_mb": round(peak)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
