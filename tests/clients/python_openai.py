"""The Python client of OpenAI."""

import json
from typing import Any

import openai

from tests.clients.target import CHOICE, OURS, PERSON, QUESTION, TEXTS, TOOL, WEATHER, Target


def connect(target: Target, key: str = "") -> openai.OpenAI:
    return openai.OpenAI(base_url=target.base_url, api_key=key or target.key, max_retries=0, timeout=300)


def ask(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


def models(target: Target) -> list[str]:
    return [one.id for one in connect(target).models.list()]


def chat(target: Target) -> dict[str, Any]:
    answer = connect(target).chat.completions.create(model=target.model, messages=ask(QUESTION))
    choice = answer.choices[0]
    assert answer.usage
    return {
        "text": choice.message.content,
        "reason": choice.finish_reason,
        "usage": answer.usage.model_dump(),
        "request": bool(answer._request_id),
    }


def stream(target: Target) -> dict[str, Any]:
    events = connect(target).chat.completions.create(
        model=target.model, messages=ask(QUESTION), stream=True, stream_options={"include_usage": True}
    )
    pieces, reason, usage, told = [], None, None, None
    for event in events:
        for choice in event.choices:
            pieces += [choice.delta.content] if choice.delta.content else []
            reason = choice.finish_reason or reason
        usage = event.usage.model_dump() if event.usage else usage
        told = (event.model_extra or {}).get(OURS, told)
    return {"text": "".join(pieces), "pieces": len(pieces), "reason": reason, "usage": usage, "told": told}


def tools(target: Target) -> dict[str, Any]:
    client: Any = connect(target)
    asked = ask(WEATHER)
    first = client.chat.completions.create(model=target.model, messages=asked, tools=[TOOL], tool_choice=CHOICE)
    message = first.choices[0].message
    call = message.tool_calls[0]
    told = [*asked, message, {"role": "tool", "tool_call_id": call.id, "content": "Rain"}]
    second = client.chat.completions.create(model=target.model, messages=told, tools=[TOOL])
    return {
        "name": call.function.name,
        "arguments": json.loads(call.function.arguments),
        "reason": first.choices[0].finish_reason,
        "text": second.choices[0].message.content,
    }


def stream_tools(target: Target) -> dict[str, Any]:
    client: Any = connect(target)
    with client.chat.completions.stream(
        model=target.model, messages=ask(WEATHER), tools=[TOOL], tool_choice=CHOICE
    ) as events:
        choice = events.get_final_completion().choices[0]
    call = choice.message.tool_calls[0]
    arguments = json.loads(call.function.arguments)
    return {"name": call.function.name, "arguments": arguments, "reason": choice.finish_reason, "text": None}


def structure(target: Target) -> Any:
    wanted: Any = {"type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema": PERSON}}
    answer = connect(target).chat.completions.create(
        model=target.model, messages=ask("A person, as JSON"), response_format=wanted
    )
    return json.loads(answer.choices[0].message.content or "")


def embed(target: Target) -> dict[str, Any]:
    answer = connect(target).embeddings.create(model=target.embedding, input=TEXTS)
    vectors = [one.embedding for one in answer.data]
    return {
        "count": len(vectors),
        "dimensions": len(vectors[0]),
        "first": vectors[0][:4],
        "same": vectors[0] == vectors[2],
    }


def errors(target: Target) -> dict[str, Any]:
    client: Any = connect(target)
    return {
        "model": fail(lambda: client.chat.completions.create(model="no-such-model", messages=ask("x"))),
        "key": fail(lambda: connect(target, key="wrong").models.list()),
        "input": fail(lambda: client.chat.completions.create(model=target.model, messages=[])),
    }


def fail(call: Any) -> dict[str, Any] | None:
    try:
        call()
    except openai.APIStatusError as error:
        return {"kind": type(error).__name__, "status": error.status_code}
    return None


def abort(target: Target) -> dict[str, int]:
    """Leaves an answer after its second piece."""
    pieces = 0
    with connect(target).chat.completions.create(
        model=target.endless, messages=ask("Tell me a long story"), stream=True
    ) as events:
        for event in events:
            pieces += bool(event.choices and event.choices[0].delta.content)
            if pieces == 2:
                break
    return {"pieces": pieces}
