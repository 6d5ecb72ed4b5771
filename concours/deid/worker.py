"""A process that de-identifies files one after another, told by lines of JSON; the tree's caretaker ends it when a file hangs it.

`python -m concours.deid.worker`; the first line on stdin is the order (key included: it is never an argument or a variable),
each further line one file. One line of JSON comes back for each.
"""

import base64
import json
import resource
import sys
from typing import TYPE_CHECKING, Any

from concours.deid.deidentifier import Deidentifier
from concours.deid.identity import CentreKey
from concours.deid.pixel_text.interface import Examined, no_examiner
from concours.deid.report import FileAnswer
from concours.deid.subject import Identity

if TYPE_CHECKING:
    from concours.deid.pixel_text.examine import PixelExaminer

MEMORY = 3 << 30
"""Address space of a worker: models that read writing map about 2 GB, of which they touch a quarter."""


class LazyExaminer:
    """Reads writing in pixels, but loads what that takes (half a gigabyte) only when a file needs it."""

    def __init__(self) -> None:
        self._reader: PixelExaminer | None = None

    def start_afresh(self) -> None:
        """Forgets which series were sampled."""
        if self._reader is not None:
            self._reader.start_afresh()

    def __call__(self, *arguments: Any) -> Examined:
        """As PixelExaminer."""
        if self._reader is None:
            from concours.deid.pixel_text.examine import PixelExaminer

            self._reader = PixelExaminer()
        return self._reader(*arguments)


def main() -> None:
    """Serves until stdin ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    order = json.loads(sys.stdin.readline())
    reader = LazyExaminer()
    secret = base64.b64decode(order["key"])
    engine = Deidentifier(
        CentreKey(secret) if order["of_centre"] else secret,
        centre=order["centre"],
        options=order["options"],
        keep=order["keep"],
        known_people=order["known_people"],
        known_identifiers=order["known_identifiers"],
        keep_weekday=order["keep_weekday"],
        examine=reader if order["pixel_text"] else no_examiner,
        stale_before=order["stale_before"],
    )
    for line in sys.stdin:
        task = json.loads(line)
        if task.get("learn"):
            links, identity = engine.learn(task["path"])
            sys.stdout.write(json.dumps({"links": links, **identity.to_json()}) + "\n")
            sys.stdout.flush()
            continue
        if task.get("fresh"):
            reader.start_afresh()
        if task.get("identity"):
            engine.learn_identity(task["links"], Identity.from_json(task["identity"]))
        report = engine.deidentify_file(task["path"], order["destination"])
        sys.stdout.write(json.dumps(FileAnswer.of(report).to_json()) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
