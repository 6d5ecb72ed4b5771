"""The embedded site with the probe beside its own apps."""

from config.settings.embedded import *  # noqa: F403
from config.settings.embedded import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.core.probe"]
