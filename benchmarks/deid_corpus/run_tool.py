"""Runs one de-identification tool over a list of files in this process and reports seconds and memory; each tool in its
own interpreter.

`python run_tool.py TOOL JOBS.json`, where the jobs are `[{"source", "target", "centre"}]`; prints one JSON line. The tools
of other people are called as their own documentation says, with their defaults, and one object of theirs serves all files,
as theirs allow.
"""

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path


def _dicognito() -> Callable[[Path, Path, str], None]:
    import pydicom
    from dicognito.anonymizer import Anonymizer

    anonymizer = Anonymizer(seed="benchmark")

    def run(source: Path, target: Path, centre: str) -> None:
        dataset = pydicom.dcmread(source)
        anonymizer.anonymize(dataset)
        dataset.save_as(target)

    return run


def _dicom_anonymizer() -> Callable[[Path, Path, str], None]:
    from dicomanonymizer import anonymize_dicom_file

    def run(source: Path, target: Path, centre: str) -> None:
        anonymize_dicom_file(str(source), str(target))

    return run


def _dcmanon() -> Callable[[Path, Path, str], None]:
    from dcmanon import Anonymizer

    anonymizer = Anonymizer()

    def run(source: Path, target: Path, centre: str) -> None:
        target.write_bytes(bytes(anonymizer.anonymize(str(source))))

    return run


def _concours() -> Callable[[Path, Path, str], None]:
    """The engine without optical recognition, which is measured apart; `target` is a folder of the engine's own naming."""
    from concours.deid import Deidentifier

    engines: dict[str, Deidentifier] = {}

    def run(source: Path, target: Path, centre: str) -> None:
        engine = engines.setdefault(centre, Deidentifier(b"benchmark key, 32 bytes and more", centre=centre))
        report = engine.deidentify_file(source, target.parent)
        if report.outcome == "refused":
            raise ValueError(report.reason)

    return run


TOOLS = {"dicognito": _dicognito, "dicom-anonymizer": _dicom_anonymizer, "dcmanon": _dcmanon, "concours": _concours}


def _peak_kb() -> int:
    """Peak resident memory of this program alone: getrusage would count the parent that it was forked from."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    warnings.simplefilter("ignore")
    run = TOOLS[sys.argv[1]]()
    jobs = json.loads(Path(sys.argv[2]).read_text())
    failed = []
    before = _peak_kb()
    cpu, wall = time.process_time(), time.perf_counter()
    for number, job in enumerate(jobs):
        target = Path(job["target"])
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            run(Path(job["source"]), target, job["centre"])
        except Exception as error:  # a tool may fail in any way; the file counts as not written
            failed.append([number, type(error).__name__])
            target.unlink(missing_ok=True)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = _peak_kb()
    print(
        json.dumps(
            {"cpu_seconds": cpu, "seconds": wall, "peak_mb": peak / 1024, "idle_mb": before / 1024, "failed": failed}
        )
    )


if __name__ == "__main__":
    main()
