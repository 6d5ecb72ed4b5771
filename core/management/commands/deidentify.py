"""`manage.py deidentify` is `concours deidentify`."""

from core.alias import alias

Command = alias("deidentify")
