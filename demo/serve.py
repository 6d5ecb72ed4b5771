"""`make run`: the site with its data as it is, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from demo.site import ROOT, Site


def main() -> int:
    port = int(os.environ.get("PORT", "8000"))
    site = Site(Path(os.environ.get("CONCOURS_DATA", ROOT / "var")), port)
    with site.running():
        print(f"Concours is at {site.address} (Ctrl-C ends it). Its data: {site.data}")
        print(
            "No account yet? Write a password here, or ask for one at the sign-in; mails lie in mail/ beside the data."
        )
        print(
            f"  CONCOURS_DATA={site.data} .venv/bin/python manage.py enrol - --password '…' "
            "<<< $'email,name,staff\\nme@example.org,Me,1'"
        )
        wait()
    return 0


def wait() -> None:
    """Until Ctrl-C or SIGTERM."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    sys.exit(main())
