"""The gateway process: what streams. Models under /v1/, the pages' sockets, and its own, smaller set of addresses."""

import gc
import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

from apps.core.embedded.death import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
os.environ["TOUCHSTONE_URLS"] = "config.gateway_urls"
die_with_parent()
django_answers = get_asgi_application()

from django.conf import settings  # noqa: E402 - Django has to be set up first

from apps.core.alive import keep_noting  # noqa: E402
from apps.core.live.consumer import LiveConsumer  # noqa: E402
from apps.core.live.hub import Hub  # noqa: E402
from apps.core.log_lines import write_together  # noqa: E402
from apps.core.uploads import bound_bodies  # noqa: E402
from apps.core.warming import GATEWAY, start_warming  # noqa: E402
from apps.inference.gateway.application import Gateway  # noqa: E402
from apps.inference.gateway.routing import lead_by_path, raise_open_files  # noqa: E402
from apps.users.sessions.sockets import SessionGuard  # noqa: E402

# As for the web process: its objects stay, and looking through all of them for garbage holds up every stream.
gc.set_threshold(5_000, 20, 50)
raise_open_files()
answer_pages = bound_bodies(django_answers, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
answer_http = lead_by_path(Gateway(), answer_pages)
answer_sockets = LiveConsumer.as_asgi(hub=Hub(SessionGuard()))
application = ProtocolTypeRouter({"http": answer_http, "websocket": answer_sockets})
write_together()
keep_noting("gateway")
start_warming(GATEWAY)
