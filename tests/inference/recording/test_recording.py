import time
from decimal import Decimal

import pytest

from apps.core.threads import BackgroundThread
from apps.inference.exchange import Attempt, Caller, Exchange, Operation, Reply, Usage
from apps.inference.models import Call, CallMinute, CallText, Retention
from apps.inference.recording import calls
from apps.inference.recording.recorder import Recorder
from apps.inference.recording.writing import write_calls
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_it(monkeypatch):
    monkeypatch.setattr(BackgroundThread, "start", lambda self: None)
    recorder = Recorder(write_calls)
    monkeypatch.setattr(calls, "recorder", recorder)
    user = UserFactory()
    Retention.objects.create(user=user, days=3)
    exchange = Exchange(
        Operation.CHAT, "cheap", {"messages": [{"role": "user", "content": "hi"}]}, Caller(user.pk, None, "t"), 0
    )
    reply = Reply(
        {"choices": [{"message": {"role": "assistant", "content": "yo"}}]},
        "m",
        "p",
        "local",
        Usage(1, 2),
        Decimal("0.1"),
        (Attempt("m", "p", "ok", 3.0),),
    )
    started = time.perf_counter()
    for _ in range(1000):
        calls.record_call(exchange, reply=reply, error=None, streamed=False, ms=3.0, first_ms=None)
    print("us", (time.perf_counter() - started) * 1000)
    started = time.perf_counter()
    recorder.flush()
    print("write ms per 1000", (time.perf_counter() - started) * 1000)
    assert Call.objects.count() == 1000
    assert CallMinute.objects.get().calls == 1000
    assert CallText.objects.first().question == "user: hi"
    assert CallText.objects.first().answer == "yo"
