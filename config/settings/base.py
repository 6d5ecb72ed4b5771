"""What every way of running shares. Embedded and production differ only in the values of the environment."""

from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from config.environment import Environment, database
from config.pipeline import PIPELINE  # noqa: F401  (the stages in order, for pages that may not import config)

env = Environment()

ROOT = Path(__file__).resolve().parents[2]
DATA = env.path("CONCOURS_DATA", ROOT / "var")
SAMPLE_DIR = env.path("SAMPLE_DIR", ROOT.parent / "shared" / "sample")

DEBUG = False
ALLOWED_HOSTS = env.words("CONCOURS_HOSTS", "localhost,127.0.0.1,[::1]")
SITE_ORIGIN = env.text("CONCOURS_ORIGIN", "http://127.0.0.1:8000")
CSRF_TRUSTED_ORIGINS = env.words("CONCOURS_TRUSTED_ORIGINS", SITE_ORIGIN)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "core",
    "challenges",
    "uploads",
    "anonymization",
    "grading",
    "batches",
    "scoring",
    "leaderboard",
    "pages",
    "config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "core.middleware.PrivatePagesMiddleware",
    "core.middleware.StepErrorMiddleware",
    "core.nul.NulMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "pages.navigation.navigation",
            ],
        },
    }
]

# --- database, queue, files -------------------------------------------------------------------------------------------
DATABASES = {"default": database(env.text("CONCOURS_DATABASE", f"sqlite:///{DATA / 'concours.sqlite3'}"))}
REDIS_URL = env.text("CONCOURS_REDIS", "none")
CELERY_BROKER_URL = None if REDIS_URL == "none" else REDIS_URL

CACHES: dict[str, dict[str, object]] = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    if REDIS_URL == "none"
    else {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
}

STAGING_DIR = env.path("CONCOURS_STAGING", DATA / "staging")
FILES_DIR = env.path("CONCOURS_FILES", DATA / "files")
KEYS_DIR = env.path("CONCOURS_KEYS", DATA / "keys")
S3_BUCKET = env.text("CONCOURS_S3_BUCKET", "none")
# Stores are apart so that each process can be given the credentials of those it needs and no others.
STORES = ("quarantine", "exams", "deliveries", "submissions", "sealed")


def _store(name: str) -> dict[str, object]:
    if S3_BUCKET == "none":
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": FILES_DIR / name}}
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": f"{S3_BUCKET}-{name}",
            "endpoint_url": env.text("CONCOURS_S3_ENDPOINT"),
            "region_name": env.text("CONCOURS_S3_REGION", "us-east-1"),
            "signature_version": "s3v4",
            "addressing_style": "path",
            "access_key": env.text("CONCOURS_S3_ACCESS_KEY"),
            "secret_key": env.text("CONCOURS_S3_SECRET_KEY"),
            "querystring_expire": 300,
            "file_overwrite": True,
            "default_acl": None,
        },
    }


STORAGES = {
    "default": _store("exams"),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    **{name: _store(name) for name in STORES},
}
ACCEL_REDIRECT_PREFIX = env.text("CONCOURS_ACCEL_PREFIX", "none")

UPLOAD_MAX_BYTES = env.number("CONCOURS_UPLOAD_MAX_BYTES", 20_000_000_000)
UPLOAD_FREE_SPACE_FLOOR = env.number("CONCOURS_FREE_SPACE_FLOOR", 1_000_000_000)
UPLOAD_EXPIRES_HOURS = env.number("CONCOURS_UPLOAD_EXPIRES_HOURS", 72, least=1)
QUARANTINE_DAYS = env.number("CONCOURS_QUARANTINE_DAYS", 0)  # kept after acceptance; 0 = erased at once
DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

# --- work ---------------------------------------------------------------------------------------------------------------
WORK_LEASE_SECONDS = env.number("CONCOURS_LEASE_SECONDS", 60, least=1)
WORK_HEARTBEAT_SECONDS = env.number("CONCOURS_HEARTBEAT_SECONDS", 10, least=1)
WORK_ATTEMPTS = 3

# --- people ---------------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
LOGIN_REDIRECT_URL = "home"
LOGIN_URL = "account_login"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
EMAIL_BACKEND = env.text("CONCOURS_MAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend")
EMAIL_FILE_PATH = DATA / "mail"
DEFAULT_FROM_EMAIL = env.text("CONCOURS_MAIL_FROM", "concours@localhost")

# --- language and time -------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [ROOT / "locale"]
TIME_ZONE = env.text("CONCOURS_TIME_ZONE", "Europe/Paris")
USE_I18N = True
USE_TZ = True

# --- static files -------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [ROOT / "static"]
STATIC_ROOT = DATA / "static"
WHITENOISE_USE_FINDERS = True  # the embedded server needs no collectstatic

# --- browser security ---------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "worker-src": [SELF, "blob:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"

# --- API ------------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "core.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": [
        "core.nul.JSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "core.pagination.Pages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "EXCEPTION_HANDLER": "core.api_errors.answer_error",
    "PAGE_SIZE": 100,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Concours",
    "DESCRIPTION": "Everything that the pages do, for scripts.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "ENUM_NAME_OVERRIDES": {
        "RoleKindEnum": "challenges.models.Role.Kind",
        "TeamStateEnum": "challenges.models.Team.State",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.text("CONCOURS_LOG_LEVEL", "INFO")},
}
