"""One request and its answer on the wire."""

import asyncio
import time
from typing import Any

from django.conf import settings

from apps.core.addresses import find_address
from apps.core.middleware import log_request, pick_id
from apps.core.uploads import Message, Receive, Scope, Send
from apps.inference.gateway.refusals import Headers, Refusal

BODY_SECONDS = 60.0
JSON = (b"content-type", b"application/json")


class Gone(Exception):
    """The client left before its request was whole."""


class Visit:
    """Answers are sent once. `limits` are the headers about the key's limits, as soon as they are known."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._started = time.perf_counter()
        self._watching: asyncio.Task[None] | None = None
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.address = find_address((scope.get("client") or ("",))[0], self.header(b"x-forwarded-for"))
        self.id = pick_id(self.header(b"x-request-id"))
        self.limits: Headers = ()
        self.status = 0
        self.is_gone = False
        self.is_writing = False

    def header(self, name: bytes) -> str:
        value = self._headers.get(name)
        return value.decode("latin-1") if value else ""

    async def read_body(self) -> bytes:
        """Raises Refusal for a body that is larger than the setting allows, or too slow; Gone."""
        limit: int = settings.GATEWAY_MAX_BODY_BYTES
        declared = self.header(b"content-length")
        if declared.isdigit() and int(declared) > limit:
            raise too_large(limit)
        message = await self._receive()
        body: bytes = message.get("body", b"")
        if message["type"] == "http.request" and not message.get("more_body"):
            if len(body) > limit:
                raise too_large(limit)
            return body
        try:
            async with asyncio.timeout(BODY_SECONDS):
                return await self._read_on(message, limit)
        except TimeoutError:
            raise Refusal(408, "body_timeout", "The body did not come in time.") from None

    async def _read_on(self, message: Message, limit: int) -> bytes:
        parts, size = [], 0
        while True:
            if message["type"] != "http.request":
                raise Gone
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > limit:
                raise too_large(limit)
            if not message.get("more_body"):
                return b"".join(parts)
            message = await self._receive()

    def cancel_when_gone(self) -> None:
        """From now on the running task is cancelled when the client leaves. The body has to be read by then."""
        task = asyncio.current_task()
        assert task
        self._watching = asyncio.create_task(self._watch(task))

    async def _watch(self, task: asyncio.Task[Any]) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.is_gone = True
        task.cancel()

    async def answer(self, status: int, body: bytes, headers: Headers = ()) -> None:
        """The whole answer, in JSON."""
        await self.begin(status, [JSON, (b"content-length", str(len(body)).encode()), *headers])
        await self._send({"type": "http.response.body", "body": body})

    async def begin(self, status: int, headers: Headers) -> None:
        self.status = status
        own = (b"x-request-id", self.id.encode())
        await self._send({"type": "http.response.start", "status": status, "headers": [*headers, *self.limits, own]})

    async def write(self, piece: bytes) -> None:
        """Waits while the client takes nothing."""
        self.is_writing = True
        await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        self.is_writing = False

    async def end(self) -> None:
        await self._send({"type": "http.response.body", "body": b""})

    async def refuse(self, refusal: Refusal) -> None:
        """Does nothing where an answer has begun, or nobody is there to hear."""
        if self.status or self.is_gone:
            return
        said = {name for name, _ in refusal.headers}
        self.limits = [pair for pair in self.limits if pair[0] not in said]
        await self.answer(refusal.status, refusal.encode(), refusal.headers)

    def close(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
        log_request(self.id, self.method, self.path, self.status or 499, time.perf_counter() - self._started)


def too_large(limit: int) -> Refusal:
    message = f"The body is too large: at most {limit // 1024**2} MB are taken here."
    return Refusal(413, "too_large", message, headers=[(b"connection", b"close")])
