"""The kinds of providers that are no other server, what each says of itself, and that none is loaded unasked."""

import asyncio
import base64
import struct
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from apps.core.embedded.language_model import Server
from apps.inference import embedder
from apps.inference.curated import CuratedModel
from apps.inference.embedding import EmbeddingModelMissing
from apps.inference.errors import BadAnswer, InferenceError, Misconfigured, NotSupported, Refused
from apps.inference.exchange import Operation
from apps.inference.models import ProviderKind
from apps.inference.providers import adapter_of, embedded, local
from tests.inference.serving import CHAT, make_model, make_provider, run
from tests.scripted import ScriptedServer

pytestmark = pytest.mark.integration


def make_embedding() -> CuratedModel:
    return make_model(make_provider(kind=ProviderKind.EMBEDDED), "all-minilm-l6-v2", operation=Operation.EMBEDDING)


def send(model: CuratedModel, body: dict[str, Any]) -> dict[str, Any]:
    return run(lambda: adapter_of(model.provider).send(model, body, timeout=60))


async def read(model: CuratedModel) -> list[dict[str, Any]]:
    return [part async for part in adapter_of(model.provider).stream(model, CHAT, timeout=60)]


def check(model: CuratedModel) -> str:
    return run(lambda: adapter_of(model.provider).check(model.provider))


def test_the_embedding_model_answers_as_openai_does() -> None:
    texts = ["reverse a list", "", "sort numbers"]
    answer = send(make_embedding(), {"input": texts})
    assert [item["index"] for item in answer["data"]] == [0, 1, 2]
    expected = embedder.get_embedder().embed(texts)
    assert np.allclose([item["embedding"] for item in answer["data"]], expected)
    assert answer["usage"]["prompt_tokens"] == sum(map(embedder.get_embedder().count_tokens, texts)) > 6


def test_it_waits_for_no_other_work_in_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "embed", lambda body: {"data": [body["input"]]})
    model, busy = make_embedding(), threading.Event()

    async def work() -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        held = loop.run_in_executor(None, busy.wait, 300)
        try:
            return await asyncio.wait_for(adapter_of(model.provider).send(model, {"input": "a"}, timeout=60), 60)
        finally:
            busy.set()
            await held

    assert run(work) == {"data": ["a"]}


def test_its_vectors_packed() -> None:
    answer = send(make_embedding(), {"input": "one text", "encoding_format": "base64", "dimensions": 384})
    packed = base64.b64decode(answer["data"][0]["embedding"])
    assert np.allclose(struct.unpack("<384f", packed), embedder.get_embedder().embed(["one text"])[0])


@pytest.mark.parametrize("body", [{"input": [[1, 2]]}, {"input": "a", "dimensions": 256}])
def test_what_it_does_not_do(body: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        send(make_embedding(), body)
    with pytest.raises(NotSupported):
        run(lambda: read(make_embedding()))


def test_a_model_that_was_not_converted(monkeypatch: pytest.MonkeyPatch) -> None:
    def miss() -> None:
        raise EmbeddingModelMissing("make setup")

    monkeypatch.setattr(embedded, "get_embedder", miss)
    with pytest.raises(Misconfigured) as caught:
        send(make_embedding(), {"input": "a"})
    assert caught.value.detail == "make setup"


def make_local(**changes: Any) -> CuratedModel:
    return make_model(make_provider(kind=ProviderKind.LOCAL, base_url=""), "local", **changes)


def serve(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        local, "find_server", lambda: Server(server.base_url, server.key, "scripted-chat", 4096, 2, "this")
    )


def test_the_local_model_is_asked_where_it_is_now(scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(scripted, monkeypatch)
    model = make_local()
    assert send(model, dict(CHAT))["choices"]
    assert len(run(lambda: read(model))) > 3
    assert check(model) == "scripted-chat"
    assert {one["body"]["model"] for one in scripted.requests() if one["body"]} == {"scripted-chat"}


def test_the_local_model_that_started_anew_is_found(scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_local()

    async def ask_twice() -> None:
        adapter = adapter_of(model.provider)
        monkeypatch.setattr(
            local, "find_server", lambda: Server("http://127.0.0.1:9/v1", "old", "gone", 4096, 2, "earlier")
        )
        with pytest.raises(InferenceError):
            await adapter.send(model, CHAT, timeout=60)
        serve(scripted, monkeypatch)
        assert await adapter.send(model, CHAT, timeout=60)

    run(ask_twice)


def test_without_a_local_model_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "find_server", lambda: None)
    with pytest.raises(Misconfigured, match="no language model on this machine") as caught:
        send(make_local(), dict(CHAT))
    assert "make model" in caught.value.detail
    with pytest.raises(Misconfigured):
        run(lambda: read(make_local()))


def test_what_a_server_says_of_itself(scripted: ScriptedServer) -> None:
    assert check(make_model(make_provider(scripted))).endswith(" models")
    with pytest.raises(Misconfigured):
        check(make_model(make_provider(scripted, api_key="wrong")))
    scripted.script("/v1/models", {"status": 500})
    with pytest.raises(BadAnswer):
        check(make_model(make_provider(scripted)))


def test_one_adapter_for_each_provider_and_loop(scripted: ScriptedServer) -> None:
    provider = make_provider(scripted)

    async def find() -> Any:
        assert adapter_of(provider) is adapter_of(provider)
        changed = make_provider(scripted, id=provider.id, api_key="another")
        assert adapter_of(changed) is not adapter_of(make_provider(scripted))
        return adapter_of(provider)

    assert run(find) is not run(find)


def test_a_stream_of_a_provider_replaced_outlasts_its_time_out(scripted: ScriptedServer) -> None:
    scripted.script("trickle", {"tokens": 8, "chunk_delay": 0.05})
    provider = make_provider(scripted, timeout=0.1)

    async def change() -> int:
        parts = adapter_of(provider).stream(make_model(provider, "trickle"), CHAT, timeout=60)
        await anext(parts)
        adapter_of(make_provider(scripted, id=provider.id, api_key="another"))
        return len([part async for part in parts])

    assert run(change) >= 7


def test_what_a_provider_replaced_still_ends_well(scripted: ScriptedServer) -> None:
    scripted.script("slow", {"delay": 0.3})
    provider = make_provider(scripted)
    model = make_model(provider, "slow")

    async def change() -> dict[str, Any]:
        asked = asyncio.create_task(adapter_of(provider).send(model, CHAT, timeout=60))
        await asyncio.sleep(0.1)
        adapter_of(make_provider(scripted, id=provider.id, api_key="another"))
        return await asked

    assert run(change)["choices"]


def test_nothing_is_loaded_before_it_is_needed() -> None:
    code = (
        "import django, sys; django.setup(); import apps.inference.calling, apps.inference.services;"
        "print([name for name in ('openai', 'aiohttp', 'httpx2', 'jsonschema', 'onnxruntime') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)
    assert found.stdout.strip() == "[]"
