"""What every way of running shares. Embedded and production differ only in the values of the environment."""

from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from config.environment import Environment, database
from config.pipeline import PIPELINE  # noqa: F401  (the stages in order, for pages that may not import config)
from core.moved_clock import move_clock

env = Environment()

ROOT = Path(__file__).resolve().parents[2]
DATA = env.path("CONCOURS_DATA", ROOT / "var")
SAMPLE_DIR = env.path("SAMPLE_DIR", ROOT.parent / "shared" / "sample")

DEBUG = False
ALLOWED_HOSTS = env.hosts("CONCOURS_HOSTS", "localhost,127.0.0.1,[::1]")
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
    "core.session_limits.SessionLimitsMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "core.middleware.PrivatePagesMiddleware",
    "core.middleware.StepErrorMiddleware",
    "core.middleware.NulMiddleware",
    "challenges.second_factor.SecondFactorMiddleware",
    "core.operation.requests.RouteNameMiddleware",
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
ROLE_PASSWORDS = env.words("CONCOURS_ROLE_PASSWORDS")  # for `manage.py database_roles` alone
REDIS_URL = env.text("CONCOURS_REDIS", "none")
CELERY_BROKER_URL = None if REDIS_URL == "none" else REDIS_URL

CACHES: dict[str, dict[str, object]] = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    if REDIS_URL == "none"
    else {
        "BACKEND": "core.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 2.0},
    }
}

VISITOR_PAGES_SECONDS = 2  # pages of visitors who are not signed in are kept this long; 0: never

TEMPORARY_DIR = env.path("CONCOURS_TEMPORARY", DATA / "temporary")
STAGING_DIR = env.path("CONCOURS_STAGING", DATA / "staging")
FILES_DIR = env.path("CONCOURS_FILES", DATA / "files")
KEYS_DIR = env.path("CONCOURS_KEYS", DATA / "keys")
S3_BUCKET = env.text("CONCOURS_S3_BUCKET", "none")
# Truth lies in a place of its own, which a process is told only if it makes or reads truths; `none` where it is not.
SEALED = env.text("CONCOURS_SEALED", str(FILES_DIR / "sealed"))
STORES = ("quarantine", "exams", "deliveries", "submissions", *(() if SEALED == "none" else ("sealed",)))


def _store(name: str) -> dict[str, object]:
    if S3_BUCKET == "none":
        folder = SEALED if name == "sealed" else FILES_DIR / name
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": folder}}
    endpoint, access, secret = (
        env.text("CONCOURS_S3_ENDPOINT"),
        env.text("CONCOURS_S3_ACCESS_KEY"),
        env.text("CONCOURS_S3_SECRET_KEY"),
    )
    if name == "sealed":
        endpoint = env.text("CONCOURS_SEALED_S3_ENDPOINT", endpoint)
        access = env.text("CONCOURS_SEALED_S3_ACCESS_KEY", access)
        secret = env.text("CONCOURS_SEALED_S3_SECRET_KEY", secret)
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": f"{S3_BUCKET}-{name}",
            "endpoint_url": endpoint,
            "region_name": env.text("CONCOURS_S3_REGION", "us-east-1"),
            "signature_version": "s3v4",
            "addressing_style": "path",
            "access_key": access,
            "secret_key": secret,
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
UPLOADS_IN_FLIGHT = env.number("CONCOURS_UPLOADS_IN_FLIGHT", 500, least=1)  # unfinished, per person, team and centre
UPLOADS_IN_FLIGHT_BYTES = env.number("CONCOURS_UPLOADS_IN_FLIGHT_BYTES", 100_000_000_000, least=1)
UPLOAD_EXPIRES_HOURS = env.number("CONCOURS_UPLOAD_EXPIRES_HOURS", 72, least=1)
STOW_QUIET_SECONDS = env.number("CONCOURS_STOW_QUIET_SECONDS", 120, least=1)  # after which a pushed study is complete
QUARANTINE_DAYS = env.number("CONCOURS_QUARANTINE_DAYS", 0)  # kept after acceptance; 0 = erased at once
UNDECIDED_DAYS = env.number("CONCOURS_UNDECIDED_DAYS", 60)  # originals of exams that nobody decides about
SCANNER = env.text("CONCOURS_SCANNER", "none")  # a command, or clamd:/socket or clamd:host:port
SCANNER_SECONDS = env.number("CONCOURS_SCANNER_SECONDS", 600, least=1)
DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

# --- work ---------------------------------------------------------------------------------------------------------------
WORK_LEASE_SECONDS = env.number("CONCOURS_LEASE_SECONDS", 60, least=1)
WORK_HEARTBEAT_SECONDS = env.number("CONCOURS_HEARTBEAT_SECONDS", 10, least=1)
WORK_STAGES = env.choice("CONCOURS_STAGES", "all", "all", "truth", "other")  # what this process does of the queue
WORK_ATTEMPTS = 3
WORK_OUTAGES = 30  # tries of work that meets faults of the platform: two hours, with pauses that grow to five minutes
WORKERS_WOKEN_PER_SWEEP = (
    8  # messages of one sweep: enough for the workers of a site, whatever the number of waiting rows
)

# --- people ---------------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = ["core.sign_in.SignIn"]
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
ACCOUNT_ADAPTER = "core.accounts.Accounts"
ACCOUNT_FORMS = {
    "signup": "core.account_forms.AccountSignupForm",
    "login": "core.account_forms.AccountLoginForm",
    "reset_password": "core.account_forms.AccountResetForm",
}
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True  # in the browser of the sign-up only
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
SESSION_HOURS = env.number("CONCOURS_SESSION_HOURS", 12, least=1)
SESSION_IDLE_MINUTES = env.number("CONCOURS_SESSION_IDLE_MINUTES", 120, least=1)
SESSION_COOKIE_AGE = SESSION_HOURS * 3600
# Organisers, data protection officers and site staff need a second factor; a trial on one's own machine does not.
SECOND_FACTOR = env.flag("CONCOURS_SECOND_FACTOR", False)
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
# A replay or a rehearsal moves the clock of every process by one file (core/moved_clock.py).
CLOCK_FILE = env.text("CONCOURS_CLOCK", "none")
CLOCK = None if CLOCK_FILE == "none" else move_clock(Path(CLOCK_FILE))

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
        "core.body.JSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "core.pagination.Pages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "EXCEPTION_HANDLER": "core.api_errors.answer_error",
    "PAGE_SIZE": 100,
    "DEFAULT_THROTTLE_CLASSES": ["core.throttles.PersonThrottle", "core.throttles.AddressThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "person": f"{env.number('CONCOURS_API_PER_MINUTE', 1200, least=1)}/min",
        "address": f"{env.number('CONCOURS_API_PER_MINUTE_ANONYMOUS', 300, least=1)}/min",
    },
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
        "BatchFaceEnum": "batches.models.Batch.Face",
        "RoleKindEnum": "challenges.models.Role.Kind",
        "TeamStateEnum": "challenges.models.Team.State",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# --- operation ------------------------------------------------------------------------------------------------------------
BACKUP_KEY = env.key("CONCOURS_BACKUP_KEY", b"")
BACKUP_PSEUDONYM_KEY = env.key("CONCOURS_BACKUP_PSEUDONYM_KEY", b"")
# Without one of these /metrics does not exist.
METRICS_TOKEN = env.token("CONCOURS_METRICS_TOKEN")
METRICS_ADDRESSES = env.networks("CONCOURS_METRICS_ADDRESSES")
LOG_FORMAT = env.choice("CONCOURS_LOG_FORMAT", "plain", "plain", "json")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "json": {"()": "core.operation.json_lines.JsonLines"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": env.text("CONCOURS_LOG_LEVEL", "INFO")},
}
if LOG_FORMAT == "json":  # uvicorn's own lines have addresses and paths: ours stand in their place
    LOGGING["loggers"] = {
        "uvicorn": {"handlers": ["console"], "propagate": False},
        "uvicorn.access": {"handlers": [], "propagate": False},
    }
