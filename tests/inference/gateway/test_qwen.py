"""The clients people have, and the language model that comes along: what is tried first of a fresh Touchstone."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module

import pytest

from apps.core.embedded.home import REPOSITORY, resolve_home
from apps.core.embedded.language_model import SERVE, find_model, is_installed, read_server
from apps.inference.models import ProviderKind
from tests.clients import node_client
from tests.clients.checks import MODULES, check_chat, check_stream
from tests.clients.target import Target
from tests.inference.factories import ModelFactory, ProviderFactory
from tests.inference.gateway.conftest import Front, wait_until_seen

MODELS = REPOSITORY / "var" / "models"
LOADS_WITHIN = 400.0
NAME = "qwen"

pytestmark = [
    pytest.mark.integration,
    pytest.mark.chaos,
    pytest.mark.skipif(
        not is_installed() or find_model("auto", MODELS) is None, reason="there is no language model: make model"
    ),
]


@pytest.fixture(scope="module")
def language_model() -> Iterator[None]:
    """Served as `up` does it, for the home that the gateway has."""
    environment = {**os.environ, "LANGUAGE_MODEL": "auto", "TOUCHSTONE_MODELS": str(MODELS)}
    with subprocess.Popen([sys.executable, "-m", SERVE], cwd=REPOSITORY, env=environment) as process:
        until = time.monotonic() + LOADS_WITHIN
        while read_server(resolve_home()) is None:
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.2)
        yield
        process.terminate()


@pytest.fixture
def target(front: Front, language_model: None) -> Target:
    local = ProviderFactory(name="local", kind=ProviderKind.LOCAL, base_url="", timeout=300)
    ModelFactory(name=NAME, provider=local, tier="local", can_keep_schema=True, max_output_tokens=64)
    wait_until_seen(front, NAME)
    # It reads its file in with the first request, and clients don't wait for as long as that may take.
    assert front.chat("Say hello", model=NAME, max_tokens=4).status == 200
    return Target(front.gateway.base_url, front.token, NAME, "", NAME)


def test_every_client_talks_with_it(target: Target) -> None:
    for name in MODULES:
        if name == "node" and node_client.find_missing():
            continue
        client = import_module(MODULES[name])
        check_chat(client.chat(target), target)
        check_stream(client.stream(target), target)


def test_it_is_what_auto_asks_first(front: Front, target: Target) -> None:
    answered = front.chat("Say hello", model="auto", max_tokens=8)
    assert answered.status == 200
    assert answered.headers["x-touchstone-model"] == NAME
    assert answered.headers["x-touchstone-tier"] == "local"
    assert answered.headers["x-touchstone-cost"] == "0"
