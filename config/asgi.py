"""The gateway process: what streams. It answers its own, smaller set of addresses, and the pages' sockets."""

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
from apps.core.uploads import bound_bodies  # noqa: E402
from apps.users.sessions.sockets import SessionGuard  # noqa: E402

answer_http = bound_bodies(django_answers, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
answer_sockets = LiveConsumer.as_asgi(hub=Hub(SessionGuard()))
application = ProtocolTypeRouter({"http": answer_http, "websocket": answer_sockets})
keep_noting("gateway")
