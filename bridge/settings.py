"""Settings of Bridge. Everything comes from the environment (see .env.example) and has a default for one local
machine.
"""

import os
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from bridge.env import env, env_bool, env_float, env_int, env_list, load_file, local_secret

BASE_DIR = Path(__file__).resolve().parent.parent
load_file(BASE_DIR / ".env")

PRODUCTION = env_bool("BRIDGE_PRODUCTION")
DEBUG = env_bool("BRIDGE_DEBUG") and not PRODUCTION
DATA_DIR = Path(env("BRIDGE_DATA_DIR", str(BASE_DIR / "data")))

if PRODUCTION:
    missing = [name for name in ("SECRET_KEY", "BRIDGE_KEYS", "DATABASE_URL", "BRIDGE_BASE_URL") if not env(name)]
    if missing:
        raise ImproperlyConfigured(f"Set {', '.join(missing)} before starting in production. See .env.example.")

SECRET_KEY = local_secret("SECRET_KEY", DATA_DIR, 48)
BRIDGE_KEYS = env("BRIDGE_KEYS") or "local:" + local_secret("BRIDGE_LOCAL_KEY", DATA_DIR, 32)
BRIDGE_BASE_URL = env("BRIDGE_BASE_URL", "http://localhost:8000").rstrip("/")
BRIDGE_SANDBOX_URL = env("BRIDGE_SANDBOX_URL", "http://127.0.0.1:9100").rstrip("/")
BRIDGE_INSTANCE = env("BRIDGE_INSTANCE", "local")  # stamped into the database: a copied one must not write (fault C16)

_host = BRIDGE_BASE_URL.split("://", 1)[1].split("/", 1)[0].rsplit(":", 1)[0]
ALLOWED_HOSTS = env_list("BRIDGE_HOSTS", _host if PRODUCTION else f"{_host},127.0.0.1,localhost,[::1],testserver")
CSRF_TRUSTED_ORIGINS = [BRIDGE_BASE_URL] if BRIDGE_BASE_URL.startswith("https://") else []

CONNECTORS = [
    "connectors.quickbooks",
    "connectors.mailchimp",
    "connectors.magento",
    "connectors.hubspot",
    "connectors.shopmonkey",
    "connectors.highlevel",
]
RECIPES = ["connectors.recipes"]

INSTALLED_APPS = [
    "bridge.staff.apps.StaffConfig",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "bridge.staff.site.BridgeAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "auditlog",
    "django_q",
    "import_export",
    "bridge.hub.apps.HubConfig",
    "bridge.jobs.apps.JobsConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "bridge.hub.middleware.SecurityHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "bridge.hub.middleware.PersonalLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "bridge.hub.middleware.PersonalSettings",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "bridge.hub.gate.Gate",
    "auditlog.middleware.AuditlogMiddleware",
]

ROOT_URLCONF = "bridge.urls"
WSGI_APPLICATION = "bridge.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# SQLite in WAL mode is the embedded default for a first look; PostgreSQL is the production database.
DATABASES = {
    "default": dj_database_url.parse(
        env("DATABASE_URL", f"sqlite:///{DATA_DIR / 'bridge.sqlite3'}"), conn_max_age=env_int("BRIDGE_DB_KEEP", 60)
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-20000;"
        "PRAGMA wal_autocheckpoint=4000;",
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A page out of order costs little more than the next one on today's disks. Told otherwise, and without statistics
    # as in a first run, the server reads whole tables, with helpers, to find five hundred rows.
    DATABASES["default"].setdefault("OPTIONS", {})["options"] = (
        "-c random_page_cost=1.1 -c jit=off -c lock_timeout=30000 "
        "-c idle_in_transaction_session_timeout=120000 -c statement_timeout=300000"
    )
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: tests with threads and processes must see one database.
    # Each process of tests has a file of its own: two people may test in one checkout.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / f"test-{os.getpid()}.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env("REDIS_URL")
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    # Counts of wrong passwords and used codes live here: with the usual 300 entries, many guesses would push them out.
    else {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "hub_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# django-q2 only rings the bell: what is due stands in our own tables.
WORKERS = env_int("BRIDGE_WORKERS", 2)
Q_CLUSTER = {
    "name": "bridge",
    "workers": WORKERS,
    "timeout": 90,
    "retry": 400,  # more than timeout x (waiting + 1): the retry clock runs while tasks wait in memory
    "queue_limit": WORKERS,
    "bulk": 1,
    "poll": 0.2,
    "ack_failures": True,
    "max_attempts": 3,
    "catch_up": False,
    "save_limit": 200,
    "label": "Queue",
    "redis" if REDIS_URL else "orm": REDIS_URL or "default",
}
RUN_SLICE_SECONDS = env_float("BRIDGE_SLICE_SECONDS", 20)
LEASE_SECONDS = env_float("BRIDGE_LEASE_SECONDS", 60)
CALL_DEADLINE_SECONDS = env_float("BRIDGE_CALL_SECONDS", 60)

AUTH_USER_MODEL = "hub.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "CommonPasswordValidator", "NumericPasswordValidator")
] + [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12 if PRODUCTION else 8},
    }
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/admin/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_ADAPTER = "bridge.hub.accounts.ByInvitation"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "reset_password": "20/m/ip,5/m/key",
    "reset_password_from_key": "30/m/ip",  # opening a link from a mail
    "ask_link": "20/m/ip",
    "request_login_code": "3/10m/key",  # sign-in links to one address
}
ACCOUNT_SESSION_REMEMBER = True  # nothing to tick: how long a session lasts is set below
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = BRIDGE_BASE_URL.split("://", 1)[0]
ACCOUNT_FORMS = {
    "login": "bridge.hub.account_forms.SignInForm",
    "reset_password": "bridge.hub.account_forms.ResetForm",
    "reset_password_from_key": "bridge.hub.account_forms.NewPasswordForm",
    "change_password": "bridge.hub.account_forms.ChangeForm",
    "set_password": "bridge.hub.account_forms.FirstPasswordForm",
    "reauthenticate": "bridge.hub.account_forms.ConfirmForm",
}
PASSWORD_RESET_TIMEOUT = 3600  # seconds a link to choose a new password is good for
ALLAUTH_TRUSTED_PROXY_COUNT = env_int("BRIDGE_PROXIES", 0)
MFA_ADAPTER = "bridge.hub.accounts.SecondStep"
MFA_FORMS = {
    "authenticate": "bridge.hub.account_forms.CodeForm",
    "reauthenticate": "bridge.hub.account_forms.ConfirmCodeForm",
    "activate_totp": "bridge.hub.account_forms.FirstCodeForm",
    "add_webauthn": "bridge.hub.account_forms.PasskeyForm",
    "edit_webauthn": "bridge.hub.account_forms.PasskeyNameForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses are given by staff, who invite people to them
MFA_TOTP_ISSUER = "Bridge"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION

# Toward the local stand-ins the vendors' rates are kept too. Off in the demonstration, where nobody wants to wait.
SANDBOX_KEEPS_RATES = env_bool("BRIDGE_SANDBOX_KEEPS_RATES", True)

# People of the office take a second step (an app, a passkey). Off only where nothing is real, as in the demonstration.
STAFF_SECOND_STEP = env_bool("BRIDGE_STAFF_SECOND_STEP", True)
STAFF_IDLE_SECONDS = 30 * 60
SESSION_LONGEST_SECONDS = 12 * 3600
FRESH_SECONDS = 15 * 60  # so long after signing in or confirming who one is, sensitive steps are not asked about again
KNOWN_BROWSER_COOKIE = "__Host-known-browser" if PRODUCTION else "known_browser"

# Sign-in with an Intuit account, where an app of one's own is given: it opens accounts of invited people, makes none.
SIGN_IN_PROVIDER: dict[str, Any] | None = None
SOCIALACCOUNT_ADAPTER = "bridge.hub.accounts.ByProvider"
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
VERIFIED_EMAIL_CLAIMS = ("email_verified", "emailVerified")  # the second is how Intuit writes it
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {}
if env("INTUIT_SIGN_IN_CLIENT_ID") and env("INTUIT_SIGN_IN_CLIENT_SECRET"):
    _discovery = env("INTUIT_SIGN_IN_DISCOVERY", "https://developer.api.intuit.com/.well-known/openid_configuration/")
    SIGN_IN_PROVIDER = {
        "key": "intuit",
        "name": "Intuit",
        # Where its sign-in page lives: browsers ask before a form leads there.
        "origins": env_list(
            "INTUIT_SIGN_IN_ORIGINS",
            "https://appcenter.intuit.com,https://accounts.intuit.com"
            if _discovery.startswith("https://developer.api.intuit.com/")
            else "/".join(_discovery.split("/", 3)[:3]),
        ),
    }
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "APPS": [
            {
                "provider_id": SIGN_IN_PROVIDER["key"],
                "name": SIGN_IN_PROVIDER["name"],
                "client_id": env("INTUIT_SIGN_IN_CLIENT_ID"),
                "secret": env("INTUIT_SIGN_IN_CLIENT_SECRET"),
                "settings": {"server_url": _discovery, "token_auth_method": "client_secret_basic"},
            }
        ]
    }

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = SESSION_LONGEST_SECONDS
if PRODUCTION:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SECURE_SSL_REDIRECT = env_bool("BRIDGE_SSL_REDIRECT", True)
    SECURE_HSTS_SECONDS = 31536000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "bridge_language"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"
STATIC_ROOT.mkdir(exist_ok=True)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
MEDIA_ROOT = DATA_DIR / "files"

EMAIL_HOST = env("EMAIL_HOST")
EMAIL_PORT = env_int("EMAIL_PORT", 587)
EMAIL_HOST_USER = env("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", True)
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", "Bridge <bridge@localhost>")

BRIDGE_HEALTH_KEY = env("BRIDGE_HEALTH_KEY")  # /health/<key>/ answers only with it

DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000_000
WEBHOOK_MAX_BYTES = 1_000_000

# Importing and exporting are rights of their own. Unset, as by default, everybody would have them.
IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "import"
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "export"
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True  # beside our own cells, which neutralise more and read it back

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"redact": {"()": "bridge.hub.logs.Redact"}},
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        },
        "plain": {"format": "%(asctime)s %(levelname)-7s %(name)s %(message)s", "datefmt": "%H:%M:%S"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["redact"],
            "formatter": "json" if PRODUCTION else "plain",
        }
    },
    "root": {"handlers": ["console"], "level": env("BRIDGE_LOG", "INFO")},
    # These two print headers and bodies at DEBUG: held at INFO whatever BRIDGE_LOG says.
    "loggers": {
        "urllib3": {"level": "INFO"},
        "requests_oauthlib": {"level": "INFO"},
        "oauthlib": {"level": "INFO"},
        "django-q": {"level": "WARNING"},
        "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
    },
}

AUDITLOG_DISABLE_REMOTE_ADDR = False

UNFOLD = {
    "SITE_TITLE": "Bridge",
    "SITE_HEADER": "Bridge",
    "SITE_SYMBOL": "sync_alt",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "SHOW_LANGUAGES": True,
    "STYLES": ["bridge.hub.statics.stylesheet"],
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": "bridge.staff.navigation.navigation",
    },
}
