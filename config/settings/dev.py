"""One machine, nothing installed: embedded services, and a secret key made once and kept in the home."""

from apps.core.embedded.secret import load_secret_key
from config.settings.base import *  # noqa: F403
from config.settings.base import HOME, SECRET_KEY

SECRET_KEY = SECRET_KEY or load_secret_key(HOME.secret_key)
