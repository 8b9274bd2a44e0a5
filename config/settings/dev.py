"""One machine, nothing installed: embedded services, and keys made once and kept in the home."""

from apps.core.embedded.secret import load_secret_key
from apps.core.secrets.keys import load_keys
from config.settings.base import *  # noqa: F403
from config.settings.base import HOME, SECRET_KEY, SECRETS_KEYS

SECRET_KEY = SECRET_KEY or load_secret_key(HOME.secret_key)
SECRETS_KEYS = SECRETS_KEYS or load_keys(HOME.secrets_keys)
