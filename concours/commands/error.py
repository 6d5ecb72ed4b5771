"""The error of every command: a message for people and the exit code that scripts read."""


class CommandError(Exception):
    """The call cannot be carried out. `exit_code` is 2 for a wrong call unless the command's own table says otherwise."""

    def __init__(self, message: str, exit_code: int = 2) -> None:
        self.exit_code = exit_code
        super().__init__(message)
