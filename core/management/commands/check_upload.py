"""`manage.py check_upload` is `concours check`."""

from core.alias import alias

Command = alias("check")
