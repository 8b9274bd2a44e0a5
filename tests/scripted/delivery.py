"""Sends what was prepared the way a step says, and counts what went out."""

import asyncio
from collections.abc import Callable, Sequence

from tests.scripted.counts import Counts, ModelCounts
from tests.scripted.errors import encode_error, refuse
from tests.scripted.http import JSON, Channel, Handled, Reply, encode_head
from tests.scripted.prepared import Event, Prepared
from tests.scripted.steps import Step

WRONG = b'data: {"id": "chatcmpl-0", "choi\n\n'
WRONG_PLACE = 2
"""Which event of a stream is no JSON."""

Headers = tuple[tuple[str, str], ...]
Refuse = Callable[[Step, Headers], Reply]


def deliver(
    prepared: Prepared,
    step: Step,
    channel: Channel,
    totals: Counts,
    counts: ModelCounts,
    headers: Headers,
    *,
    refuse: Refuse = refuse,
) -> Handled:
    """At once where the step lets it be sent so; else what is to be run."""
    if step.is_plain and (prepared.events is None or step.status or step.raw is not None):
        reply = write_whole(prepared, step, counts, headers, refuse)
        counts.bytes_sent += len(reply.body)
        return reply
    return Delivery(prepared, step, channel, totals, counts, headers, refuse).run()


def write_whole(prepared: Prepared, step: Step, counts: ModelCounts, headers: Headers, refuse: Refuse) -> Reply:
    if step.status or step.raw is not None:
        counts.outcomes[f"status_{step.status or 200}"] += 1
        return refuse(step, headers)
    counts.prompt_tokens += prepared.prompt_tokens
    counts.completion_tokens += prepared.completion_tokens
    counts.outcomes["wrong_json" if step.wrong_json else "ok"] += 1
    body = prepared.body[: len(prepared.body) // 2] if step.wrong_json else prepared.body
    return Reply(200, body, headers=headers)


class Delivery:
    """One answer that takes its time, or breaks."""

    def __init__(
        self,
        prepared: Prepared,
        step: Step,
        channel: Channel,
        totals: Counts,
        counts: ModelCounts,
        headers: Headers,
        refuse: Refuse,
    ) -> None:
        self._prepared = prepared
        self._step = step
        self._channel = channel
        self._totals = totals
        self._counts = counts
        self._headers = headers
        self._refuse = refuse
        self._is_streaming = False

    async def run(self) -> None:
        self._totals.open += 1
        try:
            await self._act()
        except asyncio.CancelledError:
            self._counts.outcomes["left"] += 1
            self._counts.streams_left += self._is_streaming
            if self._step.finishes and self._prepared.events is None:
                self._count_whole()
            raise
        finally:
            self._totals.open -= 1

    async def _act(self) -> None:
        step = self._step
        await asyncio.sleep(step.delay)
        if step.together:
            await self._totals.barrier(step.together).wait()
        if step.hang:
            await hang()
        if step.reset:
            self._note("reset")
            self._channel.reset()
        elif step.status or step.raw is not None:
            self._send_reply(write_whole(self._prepared, step, self._counts, self._headers, self._refuse))
        elif self._prepared.events is not None:
            await self._stream(self._prepared.events)
        elif step.cut_after is not None:
            self._send_half()
        else:
            self._send_reply(write_whole(self._prepared, step, self._counts, self._headers, self._refuse))

    def _count_whole(self) -> None:
        self._counts.prompt_tokens += self._prepared.prompt_tokens
        self._counts.completion_tokens += self._prepared.completion_tokens

    def _note(self, outcome: str) -> None:
        self._counts.outcomes[outcome] += 1

    def _send_reply(self, reply: Reply) -> None:
        self._counts.bytes_sent += len(reply.body)
        self._channel.send(reply.encode())

    def _send_half(self) -> None:
        """The head says how long the body is, and half of it comes."""
        body = self._prepared.body
        half = body[: len(body) // 2]
        self._note("cut")
        self._count_whole()
        self._counts.bytes_sent += len(half)
        self._channel.send(encode_head(200, JSON, self._headers, f"content-length: {len(body)}") + half)
        self._channel.drop()

    async def _stream(self, events: Sequence[Event]) -> None:
        step, counts = self._step, self._counts
        self._is_streaming = True
        counts.streams += 1
        counts.prompt_tokens += self._prepared.prompt_tokens
        self._channel.begin_stream(self._headers)
        sent = 0
        for place, event in enumerate(events):
            if step.chunk_delay and place:
                await asyncio.sleep(step.chunk_delay)
            if sent == step.hang_after:
                await hang()
            if sent == step.cut_after:
                self._note("cut")
                self._channel.drop()
                return
            if sent == step.error_after:
                self._note("error_in_stream")
                await self._send(b"data: " + encode_error(500) + b"\n\n")
                self._channel.end_stream()
                return
            counts.completion_tokens += event.tokens
            await self._send(WRONG if step.wrong_json and place == WRONG_PLACE else event.data)
            sent += event.is_content
        self._channel.end_stream()
        self._note("wrong_json" if step.wrong_json else "ok")

    async def _send(self, data: bytes) -> None:
        self._counts.bytes_sent += len(data)
        await self._channel.send_chunk(data)


async def hang() -> None:
    """Until the client leaves."""
    await asyncio.Event().wait()
