"""`manage.py rank` is `concours rank`."""

from core.alias import alias

Command = alias("rank")
