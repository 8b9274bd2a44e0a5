"""Settings that every way of running shares; what differs is in dev, test and prod."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.templatetags.static import static

from apps.core.embedded.home import embedded_urls, resolve_home
from apps.core.logs import logging_config
from config.databases import broker_url, cache_settings, channel_layer_settings, database_settings
from config.env import read_env
from config.mail import mail_settings
from config.settings.accounts import *  # noqa: F403
from config.settings.security import *  # noqa: F403

ENV = read_env()
BASE_DIR = Path(__file__).resolve().parents[2]
HOME = resolve_home()
TOUCHSTONE_HOME = HOME.path
MODELS_DIR = ENV.touchstone_models or BASE_DIR / "var" / "models"
INDEX_DIR = HOME.index
UPLOADS_DIR = HOME.path / "uploads"
URLS = embedded_urls(HOME)

SECRET_KEY = ENV.secret_key
SECRET_KEY_FALLBACKS = ENV.secret_key_fallbacks
SECRETS_KEYS = ENV.secrets_keys
DEBUG = ENV.debug
ALLOWED_HOSTS = ENV.allowed_hosts
CSRF_TRUSTED_ORIGINS = ENV.csrf_trusted_origins
TRUSTED_PROXIES = ENV.trusted_proxies
METRICS_NETWORKS = ENV.metrics_networks

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "auditlog",
    "django_celery_beat",
    "django_filters",
    "django_htmx",
    "django_prometheus",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "apps.core",
    "apps.users",
    "apps.inference",
    "apps.functions",
    "apps.evaluations",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "apps.core.middleware.RequestMiddleware",
    "apps.core.policies.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "apps.core.short_ways.ShortWayMiddleware",
    "apps.core.policies.PolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.core.live.address.LivePolicyMiddleware",
    "apps.users.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "apps.core.uploads.BodyLimitMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "apps.users.sessions.middleware.UserMiddleware",
    "apps.core.audit.middleware.AuditMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.users.limits.middleware.LimitMiddleware",
    "apps.users.sessions.middleware.KeepTypedMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.users.access.middleware.AccessMiddleware",
    "apps.users.accounts.middleware.SecondFactorMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

SHORT_WAYS = {"/api/v1/functions/search/": "apps.functions.quick_search.answer_quickly"}

ROOT_URLCONF = os.environ.get("TOUCHSTONE_URLS", "config.urls")
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES: dict[str, Any] = {"default": database_settings(ENV.database_url, URLS)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": cache_settings(ENV.redis_url, URLS)}

AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = [
    "apps.users.accounts.lockout.LockoutBackend",
    "apps.users.jwt.signing_in.ProgramBackend",
    "apps.users.backends.RoleBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "core:home"
LOGOUT_REDIRECT_URL = "account_login"
SESSION_ENGINE = "apps.users.sessions.store"
SESSION_IDLE_MINUTES = ENV.session_idle_minutes
SESSION_MAX_HOURS = ENV.session_max_hours
SESSION_COOKIE_AGE = SESSION_MAX_HOURS * 3600
CSRF_FAILURE_VIEW = "apps.users.sessions.views.csrf_failure"

AUDITLOG_LOGENTRY_MODEL = "core.AuditEntry"
AUDITLOG_CID_GETTER = "apps.core.audit.source.get_request_id"
AUDITLOG_MASK_CALLABLE = "apps.core.audit.masking.hide"
AUDITLOG_STORE_JSON_CHANGES = True
AUDITLOG_USE_BASE_MANAGER = True
AUDITLOG_DISABLE_ON_RAW_SAVE = True
# Ours stands in for its table, so there is nothing to migrate there.
MIGRATION_MODULES = {"auditlog": None}

LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = ENV.time_zone
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT: Path | None = None  # served from where they are; production collects them
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000  # a provider's list of models has 500 rows of seven
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
IMPORT_MAX_UPLOAD_BYTES = ENV.import_max_upload_mb * 1024 * 1024
LARGE_UPLOADS = {"functions:import", "admin:functions_function_import", "api:function-import"}

BROKER = cache_settings(ENV.redis_url, URLS, broker=True)["LOCATION"]
CHANNEL_LAYERS = {"default": channel_layer_settings(BROKER)}
GATEWAY_URL = ENV.gateway_url
GATEWAY_CONCURRENCY = ENV.gateway_concurrency
GATEWAY_KEY_CONCURRENCY = ENV.gateway_key_concurrency
GATEWAY_TIMEOUT_SECONDS = ENV.gateway_timeout_seconds
GATEWAY_MAX_BODY_BYTES = ENV.gateway_max_body_mb * 1024 * 1024

CELERY_BROKER_URL = broker_url(BROKER)
TASK_APP = "config.celery.app"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_keepalive": True, "health_check_interval": 10}
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_TIMEZONE = TIME_ZONE
# What beat could not start in time is missed and shown as that: beat itself makes up for some times and not for others.
CELERY_BEAT_CRON_STARTING_DEADLINE = int(timedelta(minutes=30).total_seconds())
CELERY_BEAT_SCHEDULE = {
    "core.recover_jobs": {"task": "core.recover_jobs", "schedule": 10.0},
    "functions.prune_uploads": {"task": "functions.prune_uploads", "schedule": timedelta(days=1)},
    "functions.refresh_index": {"task": "functions.refresh_index", "schedule": 60.0},
    "core.prune_jobs": {"task": "core.prune_jobs", "schedule": timedelta(days=1)},
    "evaluations.tend_runs": {"task": "evaluations.tend_runs", "schedule": 15.0},
    "evaluations.tend_deliveries": {"task": "evaluations.tend_deliveries", "schedule": 30.0},
    "users.prune_signups": {"task": "users.prune_signups", "schedule": timedelta(days=1)},
    "users.prune_sessions": {"task": "users.prune_sessions", "schedule": timedelta(days=1)},
    "users.prune_tokens": {"task": "users.prune_tokens", "schedule": timedelta(days=1)},
    "evaluations.prune": {"task": "evaluations.prune", "schedule": timedelta(days=1)},
    "inference.prune": {"task": "inference.prune", "schedule": timedelta(days=1)},
    "inference.merge_counts": {"task": "inference.merge_counts", "schedule": timedelta(days=1)},
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.users.jwt.authentication.JwtAuthentication",
        "apps.users.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.users.permissions.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["apps.users.limits.requests.RateThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "apps.core.pagination.Pages",
    "PAGE_SIZE": 25,
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.core.errors.handle_exception",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=ENV.jwt_access_minutes),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=ENV.jwt_refresh_days),
    "ISSUER": "touchstone",
    "AUDIENCE": "touchstone-api",
    "LEEWAY": 5,  # seconds by which the clocks of replicas may differ
    "USER_ID_CLAIM": "sub",
}
LIMIT_KEY_PER_MINUTE = ENV.limit_key_per_minute
LIMIT_USER_PER_MINUTE = ENV.limit_user_per_minute
LIMIT_ADDRESS_PER_MINUTE = ENV.limit_address_per_minute
LIMIT_SIGN_INS_PER_MINUTE = ENV.limit_sign_ins_per_minute
SPECTACULAR_SETTINGS = {
    "TITLE": "Touchstone",
    "DESCRIPTION": "Curated functions, searched in plain language. Every answer says who gave it and how sure it is.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    # How an earlier answer was found, which several fields tell by other names.
    "ENUM_NAME_OVERRIDES": {"FoundByEnum": ["exact", "semantic"]},
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.core.openapi.add_usual_problems",
    ],
}

DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
LOGGING = logging_config(level=ENV.log_level, form=ENV.log_format)
PROMETHEUS_EXPORT_MIGRATIONS = False
EMBEDDING_THREADS = ENV.embedding_threads
EMBEDDING_COMPILED = ENV.embedding_compiled
LANGUAGE_MODEL = ENV.language_model
LANGUAGE_MODEL_THREADS = ENV.language_model_threads
LANGUAGE_MODEL_CONTEXT = ENV.language_model_context
LANGUAGE_MODEL_SLOTS = ENV.language_model_slots
INDEX_REFRESH_SECONDS = ENV.index_refresh_seconds
SEARCH_BACKEND = ENV.search_backend
SWEEP_CHUNK_CASES = ENV.sweep_chunk_cases
SWEEP_CHUNKS_AT_ONCE = ENV.sweep_chunks_at_once
EVALUATION_KEEP_DAYS = ENV.evaluation_keep_days
CALLS_KEEP_DAYS = ENV.calls_keep_days
SITE_URL = ENV.site_url.rstrip("/")
EMAIL_ENABLED = bool(ENV.email_url)
globals().update(mail_settings(ENV.email_url, ENV.email_from))
SIGNUP_OPEN = ENV.signup_open
REQUIRE_SECOND_FACTOR = ENV.require_second_factor
WEBHOOK_PRIVATE_NETWORKS = ENV.webhook_private_networks
SEMANTIC_CHECK_SHARE = ENV.semantic_check_share
PROVIDER_PRIVATE_NETWORKS = ENV.provider_private_networks

UNFOLD = {
    "SITE_TITLE": "Touchstone",
    "SITE_HEADER": "Touchstone",
    "SITE_SUBHEADER": "Back office",
    "SITE_ICON": lambda request: static("icons/mark.svg"),
    "SITE_URL": "/",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("icons/mark.svg")},
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": True,
    "DASHBOARD_CALLBACK": "apps.core.dashboard.build_dashboard",
    # Its own way to give colours is a style in the page, which the policy forbids.
    "GLOBAL_CALLBACK": "apps.core.dashboard.leave_out_colours",
    "STYLES": [lambda request: static("admin/colours.css"), lambda request: static("admin/touchstone.css")],
    "SCRIPTS": [lambda request: static("admin/policy.js"), lambda request: static("admin/names.js")],
    "SIDEBAR": {"navigation": "apps.core.navigation.build_navigation"},
}
