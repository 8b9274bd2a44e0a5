"""LangChain. Nothing here counts tokens, which would fetch files from the network (tiktoken).

So do `get_num_tokens`, `trim_messages` with a model as its counter, and embeddings unless told not to check lengths.
"""

from typing import Any

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import SecretStr

from tests.clients.target import PERSON, QUESTION, TEXTS, TOOL, WEATHER, Target


def connect(target: Target, model: str = "") -> ChatOpenAI:
    return ChatOpenAI(
        base_url=target.base_url,
        api_key=SecretStr(target.key),
        model=model or target.model,
        max_retries=0,
        timeout=300,
    )


def tell_usage(message: Any) -> dict[str, int]:
    usage = message.usage_metadata
    return {
        "prompt_tokens": usage["input_tokens"],
        "completion_tokens": usage["output_tokens"],
        "total_tokens": usage["total_tokens"],
    }


def chat(target: Target) -> dict[str, Any]:
    answer = connect(target).invoke(QUESTION)
    return {
        "text": answer.content,
        "reason": answer.response_metadata["finish_reason"],
        "usage": tell_usage(answer),
        "request": True,
    }


def stream(target: Target) -> dict[str, Any]:
    parts = list(connect(target).stream(QUESTION, stream_usage=True))
    whole = parts[0]
    for part in parts[1:]:
        whole += part
    return {
        "text": whole.content,
        "pieces": sum(bool(part.content) for part in parts),
        "reason": whole.response_metadata["finish_reason"],
        "usage": tell_usage(whole),
    }


def tools(target: Target) -> dict[str, Any]:
    model = connect(target).bind_tools([TOOL], tool_choice="get_weather")
    first: Any = model.invoke(WEATHER)
    call = first.tool_calls[0]
    told = [HumanMessage(WEATHER), first, ToolMessage("Rain", tool_call_id=call["id"])]
    second = connect(target).bind_tools([TOOL]).invoke(told)
    reason = first.response_metadata["finish_reason"]
    return {"name": call["name"], "arguments": call["args"], "reason": reason, "text": second.content}


def structure(target: Target) -> Any:
    schema = {"title": "person", **PERSON}
    return connect(target).with_structured_output(schema, method="json_schema").invoke("A person, as JSON")


def embed(target: Target) -> dict[str, Any]:
    client = OpenAIEmbeddings(
        openai_api_base=target.base_url,
        openai_api_key=SecretStr(target.key),
        model=target.embedding,
        check_embedding_ctx_length=False,
        max_retries=0,
    )
    vectors = client.embed_documents(TEXTS)
    return {
        "count": len(vectors),
        "dimensions": len(vectors[0]),
        "first": vectors[0][:4],
        "same": vectors[0] == vectors[2],
    }


def abort(target: Target) -> dict[str, int]:
    """Leaves an answer after its second piece."""
    pieces = 0
    parts = connect(target, target.endless).stream("Tell me a long story")
    for part in parts:
        pieces += bool(part.content)
        if pieces == 2:
            break
    parts.close()  # type: ignore[attr-defined]
    return {"pieces": pieces}
