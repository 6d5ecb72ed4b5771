"""What a confined child of a command has imported, told by the child itself."""

import sys


def child_modules() -> list[str]:
    """The packages of this process, by their first name."""
    return sorted({name.partition(".")[0] for name in sys.modules})
