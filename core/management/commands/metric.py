"""`manage.py metric` is `concours metric`."""

from core.alias import alias

Command = alias("metric")
