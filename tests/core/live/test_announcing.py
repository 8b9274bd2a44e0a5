"""From who changes something to the gateways."""

import subprocess
import sys
import threading

import pytest
import redis
from channels.layers import get_channel_layer
from django.db import transaction
from pytest_django import Settings

from apps.core.live import announce, announcing
from apps.core.live.announcing import MOST_KEYS, Announcer, send_names


class Sent:
    """Takes names, and can be made to hold on."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.some = threading.Event()

    def __call__(self, names: list[str]) -> None:
        self.go_on.wait(60)
        self.batches.append(names)
        self.some.set()

    @property
    def names(self) -> list[str]:
        return [name for batch in self.batches for name in batch]


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.mark.unit
def test_a_sweep_with_thousands_of_outcomes_announces_a_few_times(sent: Sent) -> None:
    sent.go_on.clear()
    announcer = Announcer(sent, gather=0)
    for _ in range(10_000):
        announcer.put("run", "7")
    sent.go_on.set()
    announcer.flush()
    # What was put before the thread first looked, and all the rest together.
    assert 1 <= len(sent.batches) <= 2
    assert set(sent.names) == {"run:7"}


@pytest.mark.unit
def test_names_are_sent_by_themselves(sent: Sent) -> None:
    Announcer(sent, gather=0).put("job", "7")
    assert sent.some.wait(60)
    assert sent.names == ["job:7"]


@pytest.mark.unit
def test_of_very_many_it_is_only_said_that_there_are_some(sent: Sent) -> None:
    sent.go_on.clear()
    announcer = Announcer(sent, gather=0)
    announcer.put("run", "1")
    for key in range(MOST_KEYS * 3):
        announcer.put("job", str(key))
    sent.go_on.set()
    announcer.flush()
    assert "job" in sent.names
    assert len(sent.names) <= MOST_KEYS + 2


@pytest.mark.unit
def test_an_unknown_topic_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="there is no topic 'weather'"):
        announce("weather")


@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
def test_it_is_said_after_the_transaction_and_not_without_it(monkeypatch: pytest.MonkeyPatch, sent: Sent) -> None:
    announcer = Announcer(sent, gather=0)
    monkeypatch.setattr(announcing, "_announcer", announcer)
    with transaction.atomic():
        announce("job", 7)
        announcer.flush()
        assert sent.names == []
    announcer.flush()
    assert sent.names == ["job:7"]
    with transaction.atomic():
        announce("job", 8)
        transaction.set_rollback(True)
    announcer.flush()
    assert sent.names == ["job:7"]


@pytest.mark.integration
def test_without_valkey_nobody_fails(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    server = {"address": "unix:///nowhere/valkey.sock", "socket_connect_timeout": 1}
    layer = {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [server]}}
    settings.CHANNEL_LAYERS = {"default": layer}
    send_names(["job:7"])
    assert "not_announced" in caplog.text


@pytest.mark.integration
def test_nothing_is_kept_in_valkey(settings: Settings) -> None:
    """What keeps no keys can neither be evicted nor stay."""
    assert type(get_channel_layer()).__name__ == "RedisPubSubChannelLayer"
    config = settings.CHANNEL_LAYERS["default"]["CONFIG"]
    send_names(["job:7"])
    with redis.Redis.from_url(config["hosts"][0]["address"]) as client:
        assert list(client.scan_iter(f"{config['prefix']}*")) == []


@pytest.mark.integration
def test_what_is_announced_at_the_end_of_a_process_is_sent(tmp_path) -> None:
    code = """
import django; django.setup()
from apps.core.live import announcing
announcing._announcer._send = lambda names: print(*names)
announcing._announcer._gather = 60
announcing._announcer.put("job", "1")
while announcing._announcer._waiting: pass
announcing._announcer.put("job", "2")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.split() == ["job:1", "job:2"]
