"""Truths that a worker has read, kept with what was computed on them (surfaces, trees, diameters, embeddings)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from concours.evaluation.truth import LoadedTruth

KEPT = 3  # questions that one worker scores in turn; a truth of 100 CT volumes takes some 20 MB as runs


class TruthCache:
    """The last few truths under the hashes of their question and content; the same for all teams, whoever sends."""

    def __init__(self, most: int = KEPT) -> None:
        self.most = most
        self._lock = threading.Lock()
        self._truths: OrderedDict[tuple[str, str], LoadedTruth] = OrderedDict()

    def get(self, question_sha256: str, truth_sha256: str, load: Callable[[], LoadedTruth]) -> LoadedTruth:
        """The truth of these two hashes, read with `load` when it is not here yet. What `load` raises, passes.

        `truth_sha256` names the sealed copy as the caller knows it; a new version of either is another key.
        """
        key = (question_sha256, truth_sha256)
        with self._lock:
            if key in self._truths:
                self._truths.move_to_end(key)
                return self._truths[key]
        truth = load()
        with self._lock:
            self._truths[key] = truth
            self._truths.move_to_end(key)
            while len(self._truths) > self.most:
                self._truths.popitem(last=False)
        return truth

    def forget(self) -> None:
        """Drop everything: a case was withdrawn."""
        with self._lock:
            self._truths.clear()
