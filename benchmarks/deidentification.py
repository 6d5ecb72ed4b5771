"""The de-identification table: Concours beside dicognito, dicom-anonymizer and dcmanon on one seeded corpus, in one run,
one thread each.

`python -m benchmarks.deidentification [--files N] [--seed S] [--keep DIR]`. The peers live in .venv-bench
(requirements-peers-deid.in); one that is absent is left out and named. What is printed is measured in this run; nothing is
copied from elsewhere.
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from benchmarks.corpus import generate
from benchmarks.deid_corpus.judge import Output, Tally, judge
from benchmarks.deid_corpus.people import CENTRES
from benchmarks.deid_corpus.recall import recall_table
from benchmarks.size import TINY, sized
from concours.second_check import find_identifiers

ROOT = Path(__file__).parents[1]
PEER_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
PEERS = ("dicognito", "dicom-anonymizer", "dcmanon")
RUNNER = ROOT / "benchmarks" / "deid_corpus" / "run_tool.py"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
SLICES = 300
SPEED_RUNS = 3
BIG_FRAMES = 500  # of 512 x 512 x 16 bit: 262 MB
ROWS = (
    ("planted identifiers removed, %", "plants removed"),
    ("written files without a leak, %", "files without leak"),
    ("actions of Table E.1-1 conform, %", "table actions"),
    ("scientific attributes kept, %", "science kept"),
    ("pixels bit-exact outside burned text, %", "pixels kept"),
    ("burned-in text removed (or review), %", "text removed"),
    ("links between objects intact, %", "links"),
    ("intervals between visits kept, % of patients", "intervals kept"),
    ("two people with one number kept apart, %", "same number, two centres"),
)
MIDI = (
    "tag_retained", "text_notnull", "text_retained", "text_removed", "date_shifted", "uid_changed", "pixels_hidden",
    "pixels_retained", "uid_consistent", "patid_consistent",
)  # fmt: skip


@dataclass
class Measured:
    """One tool on the corpus: its tally, whether twice gave the same bytes, and its speed and memory."""

    tally: Tally
    same_twice: bool
    slices_per_cpu_second: float = 0.0
    peak_mb: float = 0.0
    notes: dict[str, Any] = field(default_factory=dict)


def measure(work: Path, *, files: int = 104, seed: int = 20190613, speed: bool = True) -> dict[str, Measured]:
    """Run every tool that is present on one corpus below `work`; Concours first."""
    corpus = work / "corpus"
    key = generate(corpus, files=files, seed=seed)
    measured = {"Concours": _concours(corpus, key, work)}
    for peer in _present_peers():
        measured[peer] = _peer(peer, corpus, key, work)
    if speed:
        with tempfile.TemporaryDirectory(dir=_memory_folder()) as folder:
            _speeds(measured, Path(folder))
    return measured


def _present_peers() -> list[str]:
    modules = {"dicognito": "dicognito", "dicom-anonymizer": "dicomanonymizer", "dcmanon": "dcmanon"}
    present = []
    for peer in PEERS:
        if (
            PEER_PYTHON.exists()
            and subprocess.run(
                [PEER_PYTHON, "-c", f"import {modules[peer]}"], capture_output=True, check=False
            ).returncode
            == 0
        ):
            present.append(peer)
        else:
            print(
                f"{peer} is left out: it is not in .venv-bench (pip install -r benchmarks/requirements-peers-deid.in)"
            )
    return present


def _concours(corpus: Path, key: dict[str, Any], work: Path) -> Measured:
    """Through the command that organisers call, once for each centre, writing in pixels read."""
    secret = work / "key"
    secret.write_text("YmVuY2htYXJrIGtleSwgMzIgYnl0ZXMgYW5kIG1vcmU=\n")
    reports, seconds = [], 0.0
    for run in ("first", "second"):
        (work / run).mkdir()
        entries: dict[str, dict[str, Any]] = {}
        totals = {"frames_examined_for_text": 0, "fast_path": 0}
        for number, centre in enumerate(CENTRES):
            started = time.perf_counter()
            document = _deidentified(work, corpus / "files" / f"centre{number}", f"{run}/centre{number}", centre)
            seconds += time.perf_counter() - started
            for name in totals:
                totals[name] += document[name]
            for entry in document["files"]:
                entries[entry["sha256"]] = entry | {"root": work / run / f"centre{number}"}
        reports.append((entries, totals))
    (entries, totals), (again, _) = reports
    outputs = []
    for file in key["files"]:
        entry = entries[file["sha256"]]
        written = entry["outcome"] != "refused"
        outputs.append(
            Output(entry["root"] / entry["output"] if written else None, entry["outcome"] == "review", entry["reason"])
        )
    same = all(
        entry["outcome"] == "refused"
        or (entry["root"] / entry["output"]).read_bytes() == (again[sha]["root"] / again[sha]["output"]).read_bytes()
        for sha, entry in entries.items()
    )
    little = [
        entries[f["sha256"]]
        for f in key["files"]
        if f["syntax"] not in ("1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99")
        and entries[f["sha256"]]["outcome"] != "refused"
    ]
    measured = Measured(judge(key, corpus, outputs), same)
    measured.notes = {
        "frames examined for text": totals["frames_examined_for_text"],
        "fast path, % of little endian files": round(
            100 * sum(entry["fast_path"] for entry in little) / len(little), 1
        ),
        "seconds for the corpus, writing read": round(seconds / 2, 1),
        **_second_check(corpus, key, work / "first"),
        **_clean_files(work, key["seed"]),
    }
    return measured


def _clean_files(work: Path, seed: int) -> dict[str, Any]:
    """What becomes of files without plants: the share sent to a person, of those that are not refused by rule."""
    generate(work / "clean", files=sized(104, tiny=26), seed=seed, clean=True)
    entries = [
        entry
        for number, centre in enumerate(CENTRES)
        for entry in _deidentified(work, work / "clean" / "files" / f"centre{number}", f"clean-{number}", centre)[
            "files"
        ]
    ]
    taken = [entry for entry in entries if entry["outcome"] != "refused"]
    reviewed = sum(entry["outcome"] == "review" for entry in taken)
    return {"files without plants that go to review, %": round(100 * reviewed / len(taken), 2)}


def _deidentified(work: Path, source: Path, name: str, centre: str) -> dict[str, Any]:
    """The report of one call of the command that organisers use, outputs below `work/name`."""
    report = work / f"report-{name.replace('/', '-')}.json"
    command = [
        sys.executable,
        "manage.py",
        "deidentify",
        str(source),
        str(work / name),
        "--key-file",
        str(work / "key"),
    ]
    command += ["--centre", centre, "--report", str(report), "--jobs", "1", "--quiet"]
    subprocess.run(command, cwd=ROOT, env=os.environ | ONE_THREAD, check=True, capture_output=True)
    return dict(json.loads(report.read_text()))


def _second_check(corpus: Path, key: dict[str, Any], cleaned: Path) -> dict[str, Any]:
    """Share of the planted that the second look finds with the engine off, and share of cleaned files where it speaks."""
    findings = {(f.file, f.where) for f in find_identifiers([corpus / "files"], root=corpus, read_pixels=False)}
    places: dict[str, list[str]] = {}
    for file, where in findings:
        places.setdefault(file, []).append(where)
    hits = total = 0
    names = {
        "high bits": "(7fe0,0010) high bits",
        "pixel padding": "(7fe0,0010) after the last frame",
        "codestream comment": "(7fe0,0010)",
    }
    for file in key["files"]:
        for plant in file["plants"]:
            if plant["where"] == "(6000,3000)":
                continue  # drawn: found by reading, measured by the tests
            total += 1
            hits += any(
                where.startswith(names.get(plant["where"], plant["where"])) for where in places.get(file["path"], [])
            )
    identifiers = [
        identifier
        for person in key["people"]
        for identifier in [*person["identifiers"], *(v.replace("-", "") for v in person["visits"])]
    ]
    spoken = {f.file for f in find_identifiers([cleaned], identifiers, root=cleaned)}
    files = sum(1 for _ in cleaned.rglob("*.dcm"))
    return {
        "second check: planted found with the engine off, %": round(100 * hits / total, 2),
        "second check: findings in cleaned files, % of files": round(100 * len(spoken) / max(1, files), 2),
    }


def _peer(peer: str, corpus: Path, key: dict[str, Any], work: Path) -> Measured:
    outputs: dict[str, list[Output]] = {}
    for run in ("first", "second"):
        folder = work / f"{peer}-{run}"
        jobs = [
            {
                "source": str(corpus / file["path"]),
                "target": str(folder / f"{number:05d}.dcm"),
                "centre": file["centre"],
            }
            for number, file in enumerate(key["files"])
        ]
        failed = {number for number, _ in _run_tool(peer, jobs, work)["failed"]}
        targets = [Path(job["target"]) for job in jobs]
        outputs[run] = [Output(None if n in failed or not t.exists() else t) for n, t in enumerate(targets)]
    same = all(
        a.path is None or (b.path is not None and a.path.read_bytes() == b.path.read_bytes())
        for a, b in zip(outputs["first"], outputs["second"], strict=True)
    )
    return Measured(judge(key, corpus, outputs["first"]), same)


def _run_tool(tool: str, jobs: list[dict[str, str]], work: Path) -> dict[str, Any]:
    listing = work / f"jobs-{tool}.json"
    listing.write_text(json.dumps(jobs))
    python = sys.executable if tool == "concours" else PEER_PYTHON
    environment = os.environ | ONE_THREAD | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [python, RUNNER, tool, listing], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def _speeds(measured: dict[str, Measured], work: Path) -> None:
    """CT slices a CPU second, best of interleaved runs, and peak memory on one file of 262 MB, every tool in its own
    process.
    """
    slices = _ct_series(work / "slices")
    big = [_big_file(work / "big.dcm")]
    tools = {name: "concours" if name == "Concours" else name for name in measured}
    for run in range(SPEED_RUNS):
        for name, tool in tools.items():
            done = _run_tool(tool, _jobs(slices, work / f"speed-{tool}-{run}"), work)
            measured[name].slices_per_cpu_second = max(
                measured[name].slices_per_cpu_second, SLICES / done["cpu_seconds"]
            )
            if done["failed"]:
                measured[name].notes["slices failed"] = len(done["failed"])
    for name, tool in tools.items():
        measured[name].peak_mb = _run_tool(tool, _jobs(big, work / f"memory-{tool}"), work)["peak_mb"]


def _memory_folder() -> str | None:
    """Where files cost no disk: a disk that is busy writing back charges its time to whoever writes next."""
    folder = Path("/dev/shm")
    return str(folder) if folder.is_dir() and shutil.disk_usage(folder).free > 2 << 30 else None


def _jobs(sources: list[Path], folder: Path) -> list[dict[str, str]]:
    return [{"source": str(s), "target": str(folder / s.name), "centre": CENTRES[0]} for s in sources]


def _header(sop_class: str, number: int) -> Dataset:
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, f"1.2.826.0.1.3680043.8.498.1.{number + 1}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.826.0.1.3680043.8.498.2", "1.2.826.0.1.3680043.8.498.3"
    ds.FrameOfReferenceUID = "1.2.826.0.1.3680043.8.498.4"
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = "20190613"
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = "101112"
    ds.AccessionNumber, ds.Modality, ds.Manufacturer = "A77410", "CT", "Invented Imaging"
    ds.InstitutionName, ds.ReferringPhysicianName, ds.StudyDescription = (
        "Hôpital Imaginaire",
        "Bouvier^Clémence",
        "TDM thorax",
    )
    ds.SeriesDescription, ds.PatientName, ds.PatientID = "LUNG 1.0 B60f", "Quilleveré^Maëlys", "4471902"
    ds.PatientBirthDate, ds.PatientSex, ds.PatientAge = "19610312", "F", "058Y"
    ds.StudyID, ds.SeriesNumber, ds.InstanceNumber = "77", 3, number + 1
    ds.KVP, ds.XRayTubeCurrent, ds.ConvolutionKernel, ds.SliceThickness = 120, 210, "B60f", 1.0
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [-170.0, -170.0, 1.0 * number], [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.RescaleIntercept, ds.RescaleSlope = [0.66, 0.66], -1024, 1
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.Rows, ds.Columns = 1, "MONOCHROME2", 512, 512
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return ds


def _ct_series(folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    paths = []
    for number in range(SLICES):
        ds = _header("1.2.840.10008.5.1.4.1.1.2", number)
        ds.PixelData = rng.integers(-1000, 2000, (512, 512), dtype=np.int16).tobytes()
        paths.append(folder / f"{number:04d}.dcm")
        dcmwrite(paths[-1], ds, enforce_file_format=True)
    return paths


def _big_file(path: Path) -> Path:
    ds = _header("1.2.840.10008.5.1.4.1.1.2.1", 0)
    ds.NumberOfFrames = BIG_FRAMES
    ds.PixelData = np.random.default_rng(7).integers(-1000, 2000, (BIG_FRAMES, 512, 512), dtype=np.int16).tobytes()
    dcmwrite(path, ds, enforce_file_format=True)
    return path


def midi_categories(tally: Tally) -> dict[str, float | None]:
    """MIDI-B's ten action categories in percent, from the same comparisons."""
    return {name: tally.share(f"midi {name}") for name in MIDI}


def show(measured: dict[str, Measured]) -> None:
    """Print the table, one column a tool."""
    names = list(measured)
    print(f"{'':55}" + "".join(f"{name:>18}" for name in names))

    def line(title: str, values: list[object]) -> None:
        print(f"{title:55}" + "".join(f"{'-' if value is None else value!s:>18}" for value in values))

    counts = [m.tally.counts for m in measured.values()]
    line("files", [c["files"] for c in counts])
    line(
        "written / review / refused",
        [f"{c['files written']} / {c['files review']} / {c['files refused']}" for c in counts],
    )
    for title, name in ROWS:
        line(title, [m.tally.share(name) for m in measured.values()])
    line("different shifts of dates, of 16 patients", [c["different shifts"] for c in counts])
    line("same output twice", ["yes" if m.same_twice else "no" for m in measured.values()])
    line(
        "CT slices per CPU second (300 of 512 x 512)",
        [round(m.slices_per_cpu_second) or None for m in measured.values()],
    )
    line("peak memory on one file of 262 MB, MB", [round(m.peak_mb) or None for m in measured.values()])
    print("MIDI-B action categories, %")
    for name in MIDI:
        line(f"  {name}", [midi_categories(m.tally)[name] for m in measured.values()])
    for name, value in measured["Concours"].notes.items():
        print(f"Concours: {name}: {value}")


def figures() -> list[dict[str, Any]]:
    """Every figure beside each peer's, and the table on the way."""
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(Path(folder), files=sized(104, tiny=26), speed=not TINY)
    show(measured)
    return figures_of(measured)


def figures_of(measured: dict[str, Measured]) -> list[dict[str, Any]]:
    """Ratio is ours over the peer's, or the peer's over ours where less is better: above 1 we are ahead."""
    ours = measured["Concours"]
    rows: list[dict[str, Any]] = []
    for peer in [name for name in measured if name != "Concours"]:
        theirs = measured[peer]
        for title, name in ROWS:
            rows.append(_figure(title, "%", ours.tally.share(name), theirs.tally.share(name), peer))
        if ours.slices_per_cpu_second and theirs.slices_per_cpu_second:
            pair = round(ours.slices_per_cpu_second), round(theirs.slices_per_cpu_second)
            rows.append(_figure("de-identified CT slices", "slices per CPU second", *pair, peer))
            rows.append(
                _figure(
                    "peak memory on a 262 MB file",
                    "MB",
                    round(ours.peak_mb),
                    round(theirs.peak_mb),
                    peer,
                    less_is_better=True,
                )
            )
    for name, value in ours.notes.items():
        rows.append(_figure(name, "", value, None, ""))
    return rows


def _figure(
    name: str, unit: str, ours: float | None, peer: float | None, peer_name: str, *, less_is_better: bool = False
) -> dict[str, Any]:
    over, under = (peer, ours) if less_is_better else (ours, peer)
    ratio = round(over / under, 3) if over is not None and under else None
    return {
        "name": f"de-identification: {name}",
        "unit": unit,
        "ours": ours,
        "peer": peer,
        "peer_name": peer_name,
        "ratio": ratio,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=104)
    parser.add_argument("--seed", type=int, default=20190613)
    parser.add_argument("--keep", type=Path, help="leave the corpus and all outputs there")
    parser.add_argument("--no-speed", action="store_true")
    parser.add_argument("--examples", type=int, default=0, help="print so many examples of each failure")
    parser.add_argument(
        "--no-recall", action="store_true", help="leave out the recall of burned-in text by height and contrast"
    )
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        work = arguments.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        work.mkdir(parents=True, exist_ok=True)
        measured = measure(work, files=arguments.files, seed=arguments.seed, speed=not arguments.no_speed)
    show(measured)
    if not arguments.no_recall:
        print("\n".join(recall_table()))
    for name, tool in measured.items():
        for failure, examples in tool.tally.examples.items():
            for example in examples[: arguments.examples]:
                print(f"{name}: {failure}: {example}")


if __name__ == "__main__":
    main()
