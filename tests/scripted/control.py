"""What tests ask of the server itself: /_script, /_counts, /_requests, /_deadline, /_reset."""

from collections.abc import Mapping
from typing import Any

import orjson

from tests.scripted.counts import Counts
from tests.scripted.http import Reply, Request
from tests.scripted.steps import Script, read_step


def reply(value: Any, status: int = 200) -> Reply:
    return Reply(status, orjson.dumps(value))


def control(request: Request, script: Script, counts: Counts) -> Reply:
    try:
        body = orjson.loads(request.body or b"{}")
        return reply(act(f"{request.method} {request.path}", body, script, counts))
    except (KeyError, TypeError, ValueError) as error:
        return reply({"error": f"{type(error).__name__}: {error}"}, 400)


def act(what: str, body: Mapping[str, Any], script: Script, counts: Counts) -> Any:
    match what:
        case "POST /_script":
            always = body.get("always")
            steps = [read_step(step) for step in body.get("steps", [])]
            script.add(body["model"], steps, None if always is None else read_step(always))
            return {"queued": script.count_left()}
        case "GET /_script":
            return {"queued": script.count_left(), "models": script.models}
        case "GET /_counts":
            return counts.tell()
        case "GET /_requests":
            return {"requests": counts.tell_requests()}
        case "POST /_deadline":
            counts.set_deadline(float(body["seconds"]))
            return {}
    raise ValueError(f"there is no {what}")
