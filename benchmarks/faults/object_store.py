"""An object store that can fail: moto's S3 in a process of its own. While the switch exists every request is answered 500.

Run as `python -m benchmarks.faults.object_store PORT SWITCH`. Objects are in memory, so this process is not among those killed.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

ERROR = b"<?xml version='1.0'?><Error><Code>InternalError</Code><Message>Injected.</Message></Error>"


def main(port: int, switch: Path) -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    store = DomainDispatcherApplication(create_backend_app)

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if not switch.exists():
            return store(environ, start)
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start("500 Internal Server Error", [("Content-Type", "application/xml")])
        return [ERROR]

    run_simple("127.0.0.1", port, answer, threaded=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
