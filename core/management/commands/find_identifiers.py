"""`manage.py find_identifiers` is `concours find-identifiers`."""

from core.alias import alias

Command = alias("find-identifiers")
