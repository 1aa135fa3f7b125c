"""Every setting of the portal, in one file. Values come from the environment; secrets have no default.

`docker/env.example` lists each of them (a test holds the two together).
"""

import secrets
import sys
from pathlib import Path

from portal.core.env import Env, SettingError

env = Env()
ROOT = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"

# What kind of process this is: it decides which database role the first connection speaks as.
PROCESS = env.choice(
    "TRABECULA_PROCESS", "web", frozenset({"web", "worker", "clock", "deploy", "scorer", "test", "build"})
)
HOME = env.folder("TRABECULA_HOME", ROOT / "var")
ROLE_OF_PROCESS = {
    "web": ("DATABASE_URL", "tb_web"),
    "test": ("DATABASE_URL", "tb_web"),
    "build": ("DATABASE_URL", "tb_web"),
    "worker": ("DATABASE_URL_WORKER", "tb_worker"),
    "clock": ("DATABASE_URL_WORKER", "tb_worker"),
    "deploy": ("DATABASE_URL_DEPLOY", "tb_owner"),
    "scorer": ("DATABASE_URL_SCORER", "tb_scorer"),
}

# --- safety -----------------------------------------------------------------------------------------------------
# "build" is the process that only collects static files or checks the code: it opens no connection and signs nothing.
BUILD = PROCESS == "build"
try:
    # Neither the building nor the scorer signs a session, so they are given no key that could.
    SECRET_KEY = secrets.token_urlsafe(48) if BUILD or PROCESS == "scorer" else env.secret("SECRET_KEY")
    _own_address = env.text(ROLE_OF_PROCESS[PROCESS][0], "")
    _first_address = env.text("DATABASE_URL", _own_address or ("postgresql://nobody@nowhere/none" if BUILD else None))
except SettingError as error:
    sys.stderr.write(
        f"Trabecula cannot start: {error}.\n"
        "Start it with ./run demo or ./run serve, which bring their own database and secrets, or set DATABASE_URL, "
        "BROKER_URL and SECRET_KEY (docker/env.example lists all settings).\n"
    )
    raise SystemExit(2) from None
DEBUG = env.flag("DEBUG", False)
DEMO = env.flag("TRABECULA_DEMO", False)
ALLOWED_HOSTS = env.listed("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env.listed("CSRF_TRUSTED_ORIGINS")
CSRF_FAILURE_VIEW = "portal.pages.errors.answer_forged"
BEHIND_TLS = env.flag("BEHIND_TLS", True)
"""False only where pages are served on the machine itself, as by ./run: cookies then travel without TLS."""
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
SECURE_SSL_REDIRECT = BEHIND_TLS
TRUST_PROXY_HEADER = env.flag("TRUST_PROXY_HEADER", False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY_HEADER else None
SECURE_HSTS_SECONDS = env.integer("HSTS_SECONDS", 31_536_000) if BEHIND_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = BEHIND_TLS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_SAVE_EVERY_REQUEST = False
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
IDLE_SECONDS = env.integer("IDLE_SECONDS", 1800, least=2)
SESSION_COOKIE_AGE = env.integer("SESSION_SECONDS", 43_200, least=60)
FRESH_SIGN_IN_SECONDS = env.integer("FRESH_SIGN_IN_SECONDS", 300, least=1)
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20

# IMAGING 1.3 without `wasm-unsafe-eval`, which only the viewer gets; `style-src-attr` is for Plotly's SVG text.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "worker-src": ["'self'"],
        "connect-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "style-src": ["'self'"],
        "style-src-attr": ["'unsafe-inline'"],
        "font-src": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}

# --- parts ------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "portal.core",
    "portal.sites",
    "portal.roles",
    "portal.audit",
    "portal.jobs",
    "cohort.study",
    "cohort.participants",
    "cohort.identity",
    "cohort.consent",
    "cohort.enrolment",
    "cohort.vault",
    "cohort.crf",
    "cohort.imaging",
    "cohort.measurements",
    "cohort.quality",
    "cohort.labels",
    "cohort.datasets",
    "cohort.exchange",
    "modelling.measuring",
    "modelling.zoo",
    "modelling.runs",
    "modelling.blinded",
    "modelling.reports",
    "portal.accounts",
    "portal.pages",
    "portal.demo",
    "frontend",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "axes",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.roles.middleware.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.accounts.middleware.SessionRules",
    "portal.core.http.ErrorsToAnswers",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "frontend" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.pages.context.frame",
                "portal.accounts.context.demo",
            ]
        },
    }
]

# --- database: one role per kind of data (TRUST 1.5) --------------------------------------------------------------
FURTHER_ROLES = {
    "web": ("IDENT", "CLINICAL", "ALLOCATOR", "LABEL_WRITER"),
    "clock": ("SEALER",),
    "deploy": (),
    "worker": ("SNAPSHOT",),
    "scorer": (),
    "build": (),
    "test": ("IDENT", "CLINICAL", "ALLOCATOR", "LABEL_WRITER", "SEALER", "SNAPSHOT", "SCORER"),
}
ALIAS_OF_ROLE = {
    "IDENT": "identity",
    "CLINICAL": "clinical",
    "ALLOCATOR": "allocation",
    "LABEL_WRITER": "labels",
    "SEALER": "sealer",
    "SNAPSHOT": "snapshot",
    "SCORER": "scorer",
}


def _database(name: str, role: str) -> dict[str, object]:
    """Return one alias. Without an address of its own a role is taken on by the first login (development)."""
    own = name in env.values or f"{name}_FILE" in env.values
    address = env.database(name, _first_address)
    # The deploy login works as the owner, so that every object belongs to a role nobody can log in as. One login for
    # everything (development) makes the tables as itself, and takes the other roles on.
    becomes = role if own == (role == "tb_owner") and name != "DATABASE_URL" else ""
    options = {
        key: value for key, value in address.items() if key not in {"user", "password", "dbname", "host", "port"}
    }
    flags = f"{address.get('options', '')} {f'-c role={becomes}' if becomes else ''}".strip()
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": address["dbname"],
        "USER": address.get("user", ""),
        "PASSWORD": address.get("password", ""),
        "HOST": address.get("host", ""),
        "PORT": address.get("port", ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # Values travel apart from the statement, so none is seen in pg_stat_activity or in an error (TRUST 1.5).
        "OPTIONS": {**options, "options": flags, "server_side_binding": True},
    }


DATABASES = {"default": _database(*ROLE_OF_PROCESS[PROCESS])}
for _role in FURTHER_ROLES[PROCESS]:
    DATABASES[ALIAS_OF_ROLE[_role]] = _database(
        f"DATABASE_URL_{_role}", {"IDENT": "tb_ident", "CLINICAL": "tb_clinical"}.get(_role, f"tb_{_role.lower()}")
    )
DATABASE_ROUTERS = ["portal.core.routing.SchemaRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "core_cache"}}
SETUP_TOKEN = env.text("SETUP_TOKEN", "")
"""Opens the first-run page, once; ./run serve prints it as a link."""
IDENTITY_KEY = "" if PROCESS not in {"web", "test"} else env.secret("IDENTITY_KEY")
"""Encrypts names and contacts (schema identity); never in the database, never given to a worker."""
DEID_KEY = env.secret("DEID_KEY") if PROCESS in {"web", "test"} else env.text("DEID_KEY", "")
"""Makes the new UIDs and the shifted dates of images, the same each time; encrypts originals while they are kept."""

# --- images -----------------------------------------------------------------------------------------------------
UPLOAD_FILE_MB = env.integer("UPLOAD_FILE_MB", 2048)
UPLOAD_FILES = env.integer("UPLOAD_FILES", 5000)
"""The largest file, and the most files, of one upload."""
REFUSED_FILE_DAYS = env.integer("REFUSED_FILE_DAYS", 30)
ORIGINAL_DAYS = env.integer("ORIGINAL_DAYS", 30)
"""How long a file that was refused, and the encrypted original of one that was accepted, are kept."""

# --- people -----------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "portal.accounts.adapter.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "portal.accounts.adapter.SocialAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = FRESH_SIGN_IN_SECONDS
ACCOUNT_SESSION_REMEMBER = False
# Wrong passwords are counted by axes, wrong codes here.
ACCOUNT_RATE_LIMITS = {"login_failed": "5/15m/key"}
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if TRUST_PROXY_HEADER else 0
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ADAPTER = "portal.accounts.adapter.FactorAdapter"
MFA_TOTP_ISSUER = "Trabecula"
SECOND_FACTOR_REQUIRED = env.flag("SECOND_FACTOR_REQUIRED", not DEMO)
AXES_FAILURE_LIMIT = env.integer("SIGN_IN_FAILURES", 5, least=1)
AXES_COOLOFF_TIME = env.number("LOCK_OUT_HOURS", 0.25)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "login"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False
AXES_DISABLE_ACCESS_LOG = True
AXES_USERNAME_CALLABLE = "portal.accounts.lockout.name_tried"
AXES_CLIENT_IP_CALLABLE = "portal.accounts.lockout.client_address"
AXES_LOCKOUT_CALLABLE = "portal.accounts.lockout.answer"
# The time that somebody locked out is told stays true.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "login", "csrfmiddlewaretoken"]
# A POST that redirects to the institution is what the form-action of our CSP forbids.
SOCIALACCOUNT_LOGIN_ON_GET = True
OIDC_SERVER_URL = env.text("OIDC_SERVER_URL", "")
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "institution",
                "name": env.text("OIDC_NAME", "your institution"),
                "client_id": env.text("OIDC_CLIENT_ID"),
                "secret": env.text("OIDC_CLIENT_SECRET"),
                "settings": {"server_url": OIDC_SERVER_URL},
            }
        ]
        if OIDC_SERVER_URL
        else [],
    }
}
INVITATION_DAYS = env.integer("INVITATION_DAYS", 7, least=1)

# --- jobs: PostgreSQL is the truth, a message is only a wake-up (TRUST 4.2) ---------------------------------------
# The scorer can be reached by no broker; migrations and the audit's check need none.
CELERY_BROKER_URL = env.text("BROKER_URL", "memory://" if PROCESS in {"build", "scorer", "deploy"} else None)
JOB_LEASE_SECONDS = env.number("JOB_LEASE_SECONDS", 60, least=0.5)
JOB_HEARTBEAT_SECONDS = env.number("JOB_HEARTBEAT_SECONDS", 10, least=0.1)
JOB_RESEND_SECONDS = env.number("JOB_RESEND_SECONDS", 10, least=0.1)
JOB_STOP_GRACE_SECONDS = env.number("JOB_STOP_GRACE_SECONDS", 30, least=0.1)
JOB_MAX_ATTEMPTS = env.integer("JOB_MAX_ATTEMPTS", 3, least=1)
STRENGTH_MAX_ITERATIONS = env.integer("STRENGTH_MAX_ITERATIONS", 2000, least=1)
JOB_LIBRARIES_READY = env.flag("JOB_LIBRARIES_READY", True)
JOB_MEMORY_MB = env.integer("JOB_MEMORY_MB", 12_288, least=64)
CLOCK_SWEEP_SECONDS = env.number("CLOCK_SWEEP_SECONDS", 5, least=0.1)
CLOCK_SEAL_SECONDS = env.number("CLOCK_SEAL_SECONDS", 10, least=0.1)

# --- API --------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 100,
    "EXCEPTION_HANDLER": "portal.core.http.api_exception_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Trabecula",
    "DESCRIPTION": "Research use. Not a medical device.",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {"OriginEnum": "cohort.study.models.Origin"},
}

# --- words, time, files -------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
TIME_ZONE = env.text("TIME_ZONE", "Europe/London")
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = env.folder("STATIC_ROOT", HOME / "static")
STATICFILES_DIRS = [ROOT / "frontend" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": HOME / "blobs"}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = env.flag("SERVE_STATIC_FROM_SOURCE", False)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.text("LOG_LEVEL", "INFO")},
}
