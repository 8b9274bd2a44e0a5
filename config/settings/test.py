"""Tests: the real servers, quick password hashes, tasks called in place."""

import os
import re

from config.settings.base import *  # noqa: F403

SECRET_KEY = "only-for-tests"  # noqa: S105
SECRETS_KEYS = ["b25seS1mb3ItdGVzdHMtb25seS1mb3ItdGVzdHMtMTI="]
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_TASK_ALWAYS_EAGER = False
# The tests' processes share a server. There each has channels of its own, and a database (of 16) for the cache, in
# which names have the numbers of people and keys, who are others in each process.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
CHANNEL_LAYERS["default"]["CONFIG"]["prefix"] += WORKER  # noqa: F405
CACHES["default"]["LOCATION"] = re.sub(  # noqa: F405
    r"\d+$",
    lambda number: str(int(number[0]) + int(WORKER.removeprefix("gw")) % 15),
    CACHES["default"]["LOCATION"],  # noqa: F405
)
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Every test client makes the middlewares anew; this one would list all static files each time.
WHITENOISE_AUTOREFRESH = True
# All tests come from one address, and one of them may ask for every page there is.
LIMIT_KEY_PER_MINUTE = LIMIT_USER_PER_MINUTE = LIMIT_ADDRESS_PER_MINUTE = 1_000_000
LIMIT_SIGN_INS_PER_MINUTE = 1_000_000
# Which answers to other words are asked for anew is chance: a test that wants one sets it.
SEMANTIC_CHECK_SHARE = 0.0
