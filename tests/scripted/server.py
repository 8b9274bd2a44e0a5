"""The server: which part answers which path, and its start."""

import asyncio

from tests.scripted.control import control, reply
from tests.scripted.counts import Counts
from tests.scripted.http import Channel, Handled, HttpConnection, Request
from tests.scripted.models import BY_NAME
from tests.scripted.openai_api import OpenAIPart
from tests.scripted.steps import Script
from tests.scripted.torchserve_api import TorchServePart

BACKLOG = 2_048


class Server:
    def __init__(self, key: str) -> None:
        self._key = key
        self._forget()

    def _forget(self) -> None:
        self._counts = Counts()
        self._script = Script(BY_NAME)
        self._openai = OpenAIPart(self._script, self._counts, self._key)
        self._torchserve = TorchServePart(self._script, self._counts)

    def handle(self, request: Request, channel: Channel) -> Handled:
        path = request.path
        if path.startswith("/_"):
            if path == "/_reset" and request.method == "POST":
                self._forget()
                return reply({})
            return control(request, self._script, self._counts)
        if TorchServePart.owns(path):
            return self._torchserve.handle(request, channel)
        return self._openai.handle(request, channel)


async def serve(host: str, port: int, key: str, until: asyncio.Event) -> None:
    """Prints the address when it listens."""
    server = Server(key)
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: HttpConnection(server.handle), host, port, backlog=BACKLOG)
    print(f"http://{host}:{listening.sockets[0].getsockname()[1]}", flush=True)
    async with listening:
        await until.wait()
