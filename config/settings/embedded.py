"""One machine, nothing to install: SQLite, files and secrets in the data folder. The default."""

import os

from config.secrets_file import read_or_make_secret
from config.settings.base import *  # noqa: F403
from config.settings.base import DATA, env

os.umask(0o077)  # database, mails and keys in the data folder are for the owner of the process alone

SECRET_KEY = env.text("CONCOURS_SECRET_KEY", read_or_make_secret(DATA / "secret-key"))
AUDIT_KEY = env.key("CONCOURS_AUDIT_KEY", read_or_make_secret(DATA / "audit-key").encode())

STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405  (whitenoise warns of a folder that is not there)
