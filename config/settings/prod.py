"""Servers elsewhere, several replicas: everything that matters must be given, and cookies need HTTPS."""

from config.env import require
from config.settings.base import *  # noqa: F403
from config.settings.base import BASE_DIR, ENV

require(ENV, "secret_key", "secrets_keys", "allowed_hosts", "database_url", "redis_url")

SECURE = ENV.secure or "secure" not in ENV.model_fields_set
DEBUG = False
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_SECURE = SECURE
if SECURE:
    # Browsers keep such a cookie from hosts beside or below this one, and from anything but HTTPS.
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]
SECURE_HSTS_SECONDS = ENV.hsts_seconds if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = ENV.hsts_subdomains
SECURE_HSTS_PRELOAD = ENV.hsts_preload
# Who preloads decides for a whole domain, which may have more than Touchstone: HSTS_PRELOAD is the operator's.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
