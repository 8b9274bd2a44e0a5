"""The web process: pages, admin and REST."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from apps.core.embedded.death import die_with_parent
from apps.core.log_lines import write_together
from apps.core.warming import start_warming

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
die_with_parent()
# A process holds some hundred thousand objects that stay. With Python's own thresholds, looking through all of them for
# garbage stopped every thread for 150 ms after some hundred searches, and through the young ones took 0.5 ms of each.
gc.set_threshold(5_000, 20, 50)
application = get_wsgi_application()
write_together()
start_warming()
