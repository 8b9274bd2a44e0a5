"""The gateway process: what streams. It answers its own, smaller set of addresses."""

import os

from django.core.asgi import get_asgi_application

from apps.core.embedded.death import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
os.environ["TOUCHSTONE_URLS"] = "config.gateway_urls"
die_with_parent()
application = get_asgi_application()
