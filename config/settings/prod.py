"""Servers elsewhere, several replicas: everything that matters must be given, and cookies need HTTPS."""

from config.env import require
from config.settings.base import *  # noqa: F403
from config.settings.base import BASE_DIR, ENV

require(ENV, "secret_key", "secrets_keys", "allowed_hosts", "database_url", "redis_url")

SECURE = ENV.secure or "secure" not in ENV.model_fields_set
DEBUG = False
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_SECURE = SECURE
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
