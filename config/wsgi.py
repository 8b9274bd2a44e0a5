"""The web process: pages, admin and REST."""

import os

from django.core.wsgi import get_wsgi_application

from apps.core.embedded.death import die_with_parent
from apps.core.warming import start_warming

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
die_with_parent()
application = get_wsgi_application()
start_warming()
