"""Why a file is not written: one exception with a reason code of the house and a sentence without any value of the file."""

from concours.formats.fault import REASONS


class FileRefusedError(Exception):
    """A file that is refused. `reason` is a reason code; `detail` says more in English, and never what the file holds."""

    def __init__(self, reason: str, detail: str) -> None:
        if reason not in REASONS:
            raise ValueError(f"'{reason}' is not a reason code")
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
