"""`manage.py export_mapping` is `concours export-mapping`."""

from core.alias import alias

Command = alias("export-mapping")
