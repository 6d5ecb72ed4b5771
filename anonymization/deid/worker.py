"""A process that de-identifies files one after another, told by lines of JSON; the tree's caretaker ends it when a file hangs it.

`python -m anonymization.deid.worker`; the first line on stdin is the order (key included: it is never an argument or a variable),
each further line one file. One line of JSON comes back for each.
"""

import base64
import json
import resource
import sys
from typing import TYPE_CHECKING, Any

from anonymization.deid.deidentifier import Deidentifier
from anonymization.deid.writing import Examined, no_examiner

if TYPE_CHECKING:
    from anonymization.deid.reading import PixelReader

MEMORY = 3 << 30
"""Address space of a worker: models that read writing map about 2 GB, of which they touch a quarter."""


class LazyReader:
    """Reads writing in pixels, but loads what that takes (half a gigabyte) only when a file needs it."""

    def __init__(self) -> None:
        self._reader: PixelReader | None = None

    def start_afresh(self) -> None:
        """Forgets which series were sampled."""
        if self._reader is not None:
            self._reader.start_afresh()

    def __call__(self, *arguments: Any) -> Examined:
        """As PixelReader."""
        if self._reader is None:
            from anonymization.deid.reading import PixelReader

            self._reader = PixelReader()
        return self._reader(*arguments)


def main() -> None:
    """Serves until stdin ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    order = json.loads(sys.stdin.readline())
    reader = LazyReader()
    engine = Deidentifier(
        base64.b64decode(order["key"]),
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
        if task.get("fresh"):
            reader.start_afresh()
        report = engine.deidentify_file(task["path"], order["destination"])
        answer = {
            "report": report.to_json(),
            "frames_examined": report.frames_examined,
            "little_endian": report.little_endian,
            "second_of_uid": report.second_of_uid,
            "primary": report.primary,
        }
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
