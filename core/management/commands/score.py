"""`manage.py score` is `concours score`."""

from core.alias import alias

Command = alias("score")
