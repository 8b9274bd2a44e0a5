"""The ASGI application under /v1/: from a request to an answer, and from every failure to an error of OpenAI's form."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial

import orjson
import structlog
from django.conf import settings

from apps.core.ids import new_id
from apps.core.uploads import Receive, Scope, Send
from apps.inference.errors import InferenceError
from apps.inference.exchange import Caller, Exchange, Operation, sum_costs
from apps.inference.gateway.access import Admitted, Doorkeeper
from apps.inference.gateway.asking import ask
from apps.inference.gateway.bodies import read_wanted
from apps.inference.gateway.counting import LoopCounters
from apps.inference.gateway.listing import describe_model, list_models
from apps.inference.gateway.refusals import Refusal, refuse_failure, refuse_for
from apps.inference.gateway.rendering import render_cost, render_headers, render_reply, render_trace
from apps.inference.gateway.slots import Slots
from apps.inference.gateway.streaming import send_stream
from apps.inference.gateway.traces import keep_failure
from apps.inference.gateway.visits import Gone, Visit

MODELS = "/v1/models"
OPERATIONS = {
    "/v1/chat/completions": Operation.CHAT,
    "/v1/completions": Operation.COMPLETION,
    "/v1/embeddings": Operation.EMBEDDING,
}
FRESH = {"no-cache", "no-store"}
"""What of `Cache-Control` asks for an answer that is not an earlier one's."""
Handler = Callable[[Visit, Admitted], Awaitable[None]]

log = structlog.get_logger("touchstone.gateway")


class Gateway:
    """One a process, and in one event loop."""

    def __init__(self) -> None:
        self._doorkeeper = Doorkeeper(LoopCounters())
        self._slots = Slots()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        visit = Visit(scope, receive, send)
        try:
            await self._serve(visit)
        except Refusal as refusal:
            await visit.refuse(refusal)
        except InferenceError as error:
            await visit.refuse(refuse_for(error))
        except Gone:
            visit.is_gone = True
        except asyncio.CancelledError:
            if not visit.is_gone:
                raise
        except Exception:
            log.exception("gateway_failed", request_id=visit.id, path=visit.path)
            await visit.refuse(refuse_failure())
        finally:
            visit.close()

    async def _serve(self, visit: Visit) -> None:
        handler = find_handler(visit.method, visit.path)
        admitted = await self._doorkeeper.admit(visit.header(b"authorization"), visit.address)
        visit.limits = admitted.headers
        with self._slots.take(admitted.key.pk):
            await handler(visit, admitted)


def find_handler(method: str, path: str) -> Handler:
    """Raises Refusal: 404 or 405."""
    path = path.rstrip("/")
    operation = OPERATIONS.get(path)
    if operation is not None:
        check_method(method, ("POST",))
        return partial(answer_with_model, operation)
    if path == MODELS:
        check_method(method, ("GET",))
        return answer_models
    if path.startswith(f"{MODELS}/"):
        check_method(method, ("GET",))
        return partial(answer_model, path.removeprefix(f"{MODELS}/"))
    known = ", ".join((*OPERATIONS, MODELS))
    raise Refusal(404, "unknown_url", f"There is nothing at {method} {path}, but at {known}.")


def check_method(method: str, allowed: tuple[str, ...]) -> None:
    if method not in allowed:
        message = f"{method} is not allowed here, only {', '.join(allowed)}."
        raise Refusal(405, "method_not_allowed", message, headers=[(b"allow", ", ".join(allowed).encode())])


def is_fresh_wanted(cache_control: str) -> bool:
    return bool(FRESH & {directive.strip().lower() for directive in cache_control.split(",")})


async def answer_models(visit: Visit, admitted: Admitted) -> None:
    await visit.answer(200, orjson.dumps(await list_models()))


async def answer_model(name: str, visit: Visit, admitted: Admitted) -> None:
    await visit.answer(200, orjson.dumps(await describe_model(name)))


async def answer_with_model(operation: Operation, visit: Visit, admitted: Admitted) -> None:
    wanted = read_wanted(operation, await visit.read_body())
    caller = Caller(admitted.key.user_id, admitted.key.pk, new_id())
    deadline = time.monotonic() + settings.GATEWAY_TIMEOUT_SECONDS
    fresh = is_fresh_wanted(visit.header(b"cache-control"))
    exchange = Exchange(operation, wanted.target, wanted.body, caller, deadline, fresh=fresh)
    visit.cancel_when_gone()
    try:
        if wanted.is_stream:
            await send_stream(visit, exchange)
            return
        reply = await ask(exchange)
    except InferenceError as error:
        keep_failure(exchange, error)
        told = [*render_trace(caller.trace_id), *render_cost(sum_costs(error.attempts))]
        raise refuse_for(error, headers=told) from error
    await visit.answer(200, render_reply(reply, is_base64=wanted.is_base64), render_headers(reply, caller.trace_id))
