"""The test suite: real stages and stores in a folder of their own, quick password hashes, mail in memory."""

import os
import tempfile
from pathlib import Path

# Every test process (pytest-xdist starts several) has a data folder of its own, unless a test gives it one.
os.environ.setdefault("CONCOURS_DATA", tempfile.mkdtemp(prefix="concours-test-"))
# A suite sends more requests in a minute than any person; tests of the limits set their own.
os.environ.setdefault("CONCOURS_API_PER_MINUTE", "1000000")
os.environ.setdefault("CONCOURS_API_PER_MINUTE_ANONYMOUS", "1000000")

from config.settings.base import *  # noqa: F403
from config.settings.base import DATABASES

SECRET_KEY = "only for tests"
AUDIT_KEY = b"only for tests, thirty-two bytes"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
VISITOR_PAGES_SECONDS = 0  # a test looks at once at what it has changed
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["TEST"] = {"NAME": str(Path(os.environ["CONCOURS_DATA"]) / "test.sqlite3")}

STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405  (whitenoise warns of a folder that is not there)
