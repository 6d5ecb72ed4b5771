"""`python -m concours` is the command `concours`."""

import sys

from concours.commands.main import main

if __name__ == "__main__":
    sys.exit(main())
