"""Of a gateway beside the tests: their settings, and the database that they made."""

import os

from config.settings.test import *  # noqa: F403

DATABASES["default"]["NAME"] = os.environ["GATEWAY_DATABASE"]  # noqa: F405
GATEWAY_CONCURRENCY = int(os.environ.get("GATEWAY_CONCURRENCY", "2000"))
GATEWAY_KEY_CONCURRENCY = int(os.environ.get("GATEWAY_KEY_CONCURRENCY", "1000"))
GATEWAY_MAX_BODY_BYTES = 1024 * 1024
