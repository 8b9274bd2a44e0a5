"""Tests: the real servers, quick password hashes, tasks called in place."""

import os
import re

from apps.core.embedded.home import embedded_urls, resolve_home
from config.databases import broker_url, cache_settings, channel_layer_settings
from config.settings.base import *  # noqa: F403
from config.settings.base import CACHES, CHANNEL_LAYERS, ENV, HOME

SECRET_KEY = "only-for-tests"  # noqa: S105
SECRETS_KEYS = ["b25seS1mb3ItdGVzdHMtb25seS1mb3ItdGVzdHMtMTI="]
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_TASK_ALWAYS_EAGER = False
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
"""Which of the tests' processes this is: `gw0`, `gw1`, ...; empty where there is one alone."""
if WORKER and ENV.redis_url:
    # They share the server that was given. There each has channels of its own, and a database (of 16) for the cache, in
    # which names have the numbers of people and keys, who are others in each process.
    CHANNEL_LAYERS["default"]["CONFIG"]["prefix"] += WORKER
    CACHES["default"]["LOCATION"] = re.sub(
        r"\d+$",
        lambda number: str(int(number[0]) + int(WORKER.removeprefix("gw")) % 15),
        CACHES["default"]["LOCATION"],
    )
elif WORKER:
    # Tests cut all connections of a Valkey, have it forget scripts, and count what it was asked: each has its own.
    # That of one that died is for who takes its place, under a new name.
    PLACE = int(WORKER.removeprefix("gw")) % int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    URLS = embedded_urls(resolve_home({"TOUCHSTONE_HOME": str(HOME.path / f"gw{PLACE}")}))
    CACHES = {"default": cache_settings("", URLS)}
    BROKER = cache_settings("", URLS, broker=True)["LOCATION"]
    CHANNEL_LAYERS = {"default": channel_layer_settings(BROKER)}
    CELERY_BROKER_URL = broker_url(BROKER)
if "GATEWAY_DATABASE" not in os.environ:
    # A Valkey that a busy machine keeps waiting is not away. Gateways beside the tests are as impatient as real ones.
    CACHES["default"]["OPTIONS"] |= {"SOCKET_CONNECT_TIMEOUT": 60, "SOCKET_TIMEOUT": 60}
    CHANNEL_LAYERS["default"]["CONFIG"]["hosts"][0] |= {"socket_connect_timeout": 60, "socket_timeout": 60}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Every test client makes the middlewares anew; this one would list all static files each time.
WHITENOISE_AUTOREFRESH = True
# All tests come from one address, and one of them may ask for every page there is.
LIMIT_KEY_PER_MINUTE = LIMIT_USER_PER_MINUTE = LIMIT_ADDRESS_PER_MINUTE = 1_000_000
LIMIT_SIGN_INS_PER_MINUTE = 1_000_000
# Which answers to other words are asked for anew is chance: a test that wants one sets it.
SEMANTIC_CHECK_SHARE = 0.0
