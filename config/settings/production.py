"""Several processes or machines: every secret and address is given, nothing is made up; a missing one stops the start."""

from django.core.exceptions import ImproperlyConfigured

from config.settings.base import *  # noqa: F403
from config.settings.base import CLOCK, DATABASES, REDIS_URL, SITE_ORIGIN, STORAGES, env

SECRET_KEY = env.text("CONCOURS_SECRET_KEY")
AUDIT_KEY = env.key("CONCOURS_AUDIT_KEY")
if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 12:
    raise ImproperlyConfigured(
        "CONCOURS_SECRET_KEY is too short or too plain. Make one with `openssl rand -base64 48`."
    )
if REDIS_URL == "none":
    raise ImproperlyConfigured("CONCOURS_REDIS is not set. Production sends its jobs through Redis.")
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("CONCOURS_DATABASE must be a postgresql:// address in production.")
if CLOCK is not None and not env.flag("CONCOURS_CLOCK_REHEARSAL", False):
    raise ImproperlyConfigured(
        "CONCOURS_CLOCK moves every deadline of the site. Remove it, or set CONCOURS_CLOCK_REHEARSAL=1 on a rehearsal site."
    )

SECOND_FACTOR = env.flag("CONCOURS_SECOND_FACTOR", True)
SECURE = SITE_ORIGIN.startswith("https://")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # a probe speaks plain HTTP to the process
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
# To be on the browsers' preload list is for the domain's owner to ask for, and hard to undo.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
STORAGES["staticfiles"] = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
EMAIL_BACKEND = env.text("CONCOURS_MAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
EMAIL_HOST = env.text("CONCOURS_SMTP_HOST", "localhost")
EMAIL_PORT = env.number("CONCOURS_SMTP_PORT", 25)
EMAIL_HOST_USER = env.text("CONCOURS_SMTP_USER", "")
EMAIL_HOST_PASSWORD = env.text("CONCOURS_SMTP_PASSWORD", "")
EMAIL_USE_TLS = env.flag("CONCOURS_SMTP_TLS", False)
