"""The scorer's way to sealed truths: which ones a phase is scored against, unpacked once a process in a private folder."""

from __future__ import annotations

import csv
import hashlib
import shutil
import tempfile
import threading
import zipfile
from pathlib import Path

from django.utils.translation import gettext_noop

from challenges.frame import spec_of
from challenges.models import Phase
from concours.evaluation.truth import LoadedTruth, load_truth
from concours.evaluation.truth_cache import TruthCache
from concours.evaluation.truth_table import TruthError, organiser_fault
from concours.questions.schema import QuestionSpec
from concours.questions.schema.rules import EXTERNAL
from core.storage import local_copy
from core.temporary import kept_folder
from scoring.models import Truth

NO_CASE_LEFT = gettext_noop("Every case of this phase was withdrawn; nothing is left to score against.")
_folder: Path | None = None
_lock = threading.Lock()
_cache = TruthCache()


def is_external(phase: Phase) -> bool:
    """Whether every score of the question is computed elsewhere: its submissions are compared with no truth here."""
    return all(declared.metric == EXTERNAL for declared in spec_of(phase.question).metrics.values())


def truths_of(phase: Phase) -> list[Truth] | None:
    """The newest truth of every batch that the phase is scored against, by the batch's name; None while one is not sealed.

    Batches of which every case was withdrawn are left out; an empty list says that none is left.
    """
    spec = spec_of(phase.question)
    batches = phase.question.batches.order_by("name")
    if phase.batch:
        batches = batches.filter(name=phase.batch)
        names = {phase.batch}
    else:
        names = {batch.name for batch in spec.batches if batch.set in spec.split.truth}
        batches = batches.filter(name__in=names)
    truths = [truth for batch in batches if (truth := batch.truths.order_by("-version").first()) is not None]
    return [truth for truth in truths if truth.cases] if truths and len(truths) == len(names) else None


def require_cases(truths: list[Truth]) -> None:
    """Raises TruthError where every case was withdrawn: nothing can be scored against."""
    if not truths:
        raise TruthError(organiser_fault("truth", NO_CASE_LEFT))


def unpacked(truths: list[Truth]) -> Path:
    """The folder of these truths as one, as `load_truth` reads it. Kept for the life of the process; only its owner may look."""
    global _folder
    name = hashlib.sha256("\n".join(truth.sha256 for truth in truths).encode()).hexdigest()[:32]
    with _lock:
        if _folder is None:
            _folder = kept_folder("truth")
        target = _folder / name
        if not target.is_dir():
            draft = Path(tempfile.mkdtemp(dir=_folder))
            for number, truth in enumerate(truths):
                _unpack(truth, draft, f"table-{number}.csv")
            _join_tables(draft)
            draft.rename(target)
    return target


def _unpack(truth: Truth, target: Path, table: str) -> None:
    with local_copy("sealed", truth.blob_key) as path, zipfile.ZipFile(path) as archive:
        archive.extractall(target)
    (target / "truth.csv").rename(target / table)


def _join_tables(folder: Path) -> None:
    """One table of all cases; the columns of the batches of one question are the same, or one lacks what nobody filled."""
    tables = sorted(folder.glob("table-*.csv"))
    if len(tables) == 1:
        tables[0].rename(folder / "truth.csv")
        return
    rows: list[dict[str, str]] = []
    columns: dict[str, None] = {}
    for path in tables:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            columns |= dict.fromkeys(reader.fieldnames or [])
            rows += list(reader)
        path.unlink()
    with (folder / "truth.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(columns), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def known_truth(spec: QuestionSpec, truths: list[Truth]) -> LoadedTruth:
    """The truth in memory, with its boxes, surfaces and trees as they are computed; kept under its hash for the next team."""
    folder = unpacked(truths)
    return _cache.get(spec.sha256, folder.name, lambda: load_truth(spec, folder))


def forget() -> None:
    """Drops what was unpacked and read."""
    global _folder
    with _lock:
        if _folder is not None:
            shutil.rmtree(_folder, ignore_errors=True)
        _folder = None
    _cache.forget()
