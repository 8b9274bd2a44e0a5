"""curl, as a person types it in a shell."""

import json
import subprocess
from typing import Any

from tests.clients.target import OURS, QUESTION, Target

DATA = "data: "


def run(target: Target, path: str, body: Any = None, key: str = "") -> tuple[int, str, str]:
    """The status, the type of what came, and its text."""
    command = ["curl", "-sSN", "-m", "300", "-w", "\n%{http_code} %{content_type}", f"{target.base_url}{path}"]
    command += ["-H", f"Authorization: Bearer {key or target.key}"]
    if body is not None:
        command += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    text, _, last = text.rpartition("\n")
    status, _, kind = last.partition(" ")
    return int(status), kind, text


def ask(target: Target, text: str, **more: Any) -> dict[str, Any]:
    return {"model": target.model, "messages": [{"role": "user", "content": text}], **more}


def models(target: Target) -> list[str]:
    return [one["id"] for one in json.loads(run(target, "/models")[2])["data"]]


def chat(target: Target) -> dict[str, Any]:
    answer = json.loads(run(target, "/chat/completions", ask(target, QUESTION))[2])
    choice = answer["choices"][0]
    return {
        "text": choice["message"]["content"],
        "reason": choice["finish_reason"],
        "usage": answer["usage"],
        "request": True,
    }


def stream(target: Target) -> dict[str, Any]:
    """Each event is one line of data and an empty one; the last says [DONE]."""
    body = ask(target, QUESTION, stream=True, stream_options={"include_usage": True})
    status, kind, text = run(target, "/chat/completions", body)
    assert (status, kind.partition(";")[0]) == (200, "text/event-stream")
    *lines, last = [event for event in text.strip().split("\n\n") if event.startswith(DATA)]
    assert last == f"{DATA}[DONE]"
    events = [json.loads(line.removeprefix(DATA)) for line in lines]
    choices = [choice for event in events for choice in event["choices"]]
    pieces = [choice["delta"]["content"] for choice in choices if choice["delta"].get("content")]
    reasons = [choice["finish_reason"] for choice in choices if choice["finish_reason"]]
    return {
        "text": "".join(pieces),
        "pieces": len(pieces),
        "reason": reasons[-1],
        "usage": events[-1]["usage"],
        "told": events[-1].get(OURS),
    }


def errors(target: Target) -> dict[str, Any]:
    return {
        "model": fail(run(target, "/chat/completions", {**ask(target, "x"), "model": "no-such-model"})),
        "key": fail(run(target, "/models", key="wrong")),
        "input": fail(run(target, "/chat/completions", {"model": target.model, "messages": []})),
    }


def fail(answer: tuple[int, str, str]) -> dict[str, Any]:
    """The kind is what the clients of OpenAI name an error of its status."""
    kinds = {400: "BadRequestError", 401: "AuthenticationError", 404: "NotFoundError"}
    assert set(json.loads(answer[2])["error"]) >= {"message", "type", "code"}
    return {"kind": kinds.get(answer[0]), "status": answer[0]}


def abort(target: Target) -> dict[str, int]:
    """Ends curl after the second piece."""
    command = ["curl", "-sN", "-m", "300", f"{target.base_url}/chat/completions"]
    command += ["-H", f"Authorization: Bearer {target.key}", "-H", "Content-Type: application/json"]
    body = {**ask(target, "Tell me a long story", stream=True), "model": target.endless}
    pieces = 0
    with subprocess.Popen([*command, "-d", json.dumps(body)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            event = json.loads(line.removeprefix(DATA)) if line.startswith(DATA) else {"choices": []}
            pieces += any(choice["delta"].get("content") for choice in event["choices"])
            if pieces == 2:
                break
        process.kill()
    return {"pieces": pieces}
