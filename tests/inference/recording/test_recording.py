"""Calls into the real table: in batches, once each, with what is wanted of their texts."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone
from prometheus_client import REGISTRY

from apps.core.threads import BackgroundThread
from apps.inference.errors import RateLimited, UnknownModel
from apps.inference.exchange import Attempt, Caller, Exchange, Operation, Reply, Usage
from apps.inference.kept import Kept
from apps.inference.models import LATENCY_BOUNDS, Call, CallMinute, CallText, PerformanceReset, Retention
from apps.inference.recording import calls, recorder, retention, writing
from apps.inference.recording.calls import record_call
from apps.inference.recording.facts import count_calls
from apps.inference.recording.keeping import keep_texts_for, prune_calls
from apps.inference.recording.recorder import Recorder
from apps.inference.recording.retention import read_retention
from apps.inference.recording.writing import Batch, write_calls
from tests.inference.recording.calls import ANSWER, QUESTION, a_call, write
from tests.users.factories import ApiKeyFactory, UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def queue(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """What `record_call` puts down, and nobody writes by themselves."""
    monkeypatch.setattr(BackgroundThread, "start", lambda self: None)
    queue = Recorder(write_calls)
    monkeypatch.setattr(calls, "recorder", queue)
    return queue


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> Kept[Mapping[int, int]]:
    """Whose texts are kept, which nobody has looked up yet: a recorder that earlier tests left knows another."""
    known: Kept[Mapping[int, int]] = Kept("retention", read_retention, seconds=60)
    monkeypatch.setattr(retention, "retention", known)
    return known


def an_exchange(user: int | None = None, key: int | None = None, target: str = "cheap") -> Exchange:
    return Exchange(Operation.CHAT, target, QUESTION, Caller(user, key, "trace-9"), 0.0)


def a_reply(*outcomes: str, **facts: Any) -> Reply:
    attempts = tuple(Attempt("m", "p", outcome, 12.0, Decimal("0.01")) for outcome in outcomes or ("ok",))
    return Reply(ANSWER, "m", "p", "local", Usage(7, 3), Decimal("0.01") * len(attempts), attempts, **facts)


def put(exchange: Exchange, reply: Reply | None = None, **facts: Any) -> None:
    record_call(exchange, **{"reply": reply, "error": None, "streamed": False, "ms": 15.0, "first_ms": None, **facts})


def test_a_call_is_written_as_it_was(queue: Recorder) -> None:
    key = ApiKeyFactory()
    put(an_exchange(key.user_id, key.pk), a_reply("timeout", "ok"), streamed=True, first_ms=4.5)
    assert not Call.objects.exists()
    queue.flush()
    call = Call.objects.get()
    assert (call.user, call.key, call.target, call.model) == (key.user, key, "cheap", "m")
    assert (call.outcome, call.tier, call.streamed, call.ms, call.first_ms) == ("ok", "local", True, 15.0, 4.5)
    assert (call.prompt_tokens, call.completion_tokens, call.cost) == (7, 3, Decimal("0.02"))
    assert [attempt["outcome"] for attempt in call.attempts] == ["timeout", "ok"]
    assert call.trace_id == "trace-9"


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [({"error": RateLimited()}, "rate_limit"), ({"cancelled": True}, "cancelled"), ({}, "ok")],
)
def test_outcomes_are_codes(queue: Recorder, facts: dict[str, Any], outcome: str) -> None:
    put(an_exchange(), a_reply(outcome), **facts)
    put(an_exchange(), None, **facts)
    queue.flush()
    assert set(Call.objects.values_list("outcome", flat=True)) == {outcome}


def test_it_never_fails_whoever_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise RuntimeError("full")

    monkeypatch.setattr(calls.recorder, "put", fail)
    put(an_exchange())


def test_calls_that_are_alike_are_counted_together() -> None:
    at = datetime(2026, 11, 22, 10, 30, 5, tzinfo=UTC).timestamp()
    write(a_call(at=at, ms=0.05), a_call(at=at + 10, ms=40.0), a_call(at=at + 60))
    write(a_call(at=at + 20, ms=1e9), a_call(at=at, outcome="timeout"))
    first = CallMinute.objects.get(outcome="ok", minute=datetime(2026, 11, 22, 10, 30, tzinfo=UTC))
    assert (first.calls, first.prompt_tokens, first.cost) == (3, 30, Decimal("0.006"))
    assert len(first.buckets) == len(LATENCY_BOUNDS) + 1
    assert (first.buckets[0], first.buckets[LATENCY_BOUNDS.index(50)], first.buckets[-1]) == (1, 1, 1)
    assert CallMinute.objects.count() == 3


def test_names_from_outside_are_counted_in_one() -> None:
    write(*(a_call(target=f"guess-{number}", model="", outcome=UnknownModel.code) for number in range(5)))
    assert CallMinute.objects.get().calls == 5
    assert Call.objects.filter(target="guess-3").exists()


def test_what_comes_after_a_reset_is_not_counted_with_what_came_before() -> None:
    now = timezone.now().replace(second=30, microsecond=0)
    write(a_call(at=now.timestamp()))
    reset = PerformanceReset.objects.create()
    PerformanceReset.objects.update(at=now + timedelta(seconds=5))
    write(a_call(at=now.timestamp() + 10))
    reset.refresh_from_db()
    assert [row.minute for row in CallMinute.objects.order_by("minute")] == [now.replace(second=0), reset.at]


def test_attempts_after_a_failure_are_retries_and_batches_are_none() -> None:
    outcomes = ("rate_limit", "timeout", "ok", "ok")
    attempts = tuple(Attempt("m", "p", outcome, 1.0) for outcome in outcomes)
    skipped = Attempt("n", "q", "breaker_open")
    assert a_call(attempts=(skipped, *attempts)).retries == 2
    assert a_call(attempts=attempts[2:]).retries == 0


class TestBatches:
    def test_a_batch_again_changes_nothing(self) -> None:
        batch = Batch([a_call(), a_call()])
        for _ in range(2):
            write_calls(batch)
        assert Call.objects.count() == 2
        assert CallMinute.objects.get().calls == 2

    def test_a_call_that_cannot_be_written_keeps_no_other_from_it(self) -> None:
        write(a_call(), a_call(outcome="x" * 50), a_call(target="so\0so"))
        assert set(Call.objects.values_list("target", flat=True)) == {"cheap", "soso"}
        assert sum(CallMinute.objects.values_list("calls", flat=True)) == 2

    def test_a_call_that_makes_no_sense_keeps_no_other_from_it(self) -> None:
        write(a_call(), a_call(attempts=(Attempt("m", "p", "ok", "long"),)))  # type: ignore[arg-type]
        assert Call.objects.get().target == "cheap"

    @pytest.mark.django_db(transaction=True)
    def test_whose_account_is_gone_is_nobody(self) -> None:
        user = UserFactory()
        gone = user.pk
        user.delete()
        write(a_call(gone, caller=Caller(gone, 10**9, "t")), a_call())
        assert Call.objects.filter(user=None, key=None).count() == 2

    def test_while_the_database_is_away_calls_wait_up_to_the_bound(
        self, monkeypatch: pytest.MonkeyPatch, queue: Recorder
    ) -> None:
        monkeypatch.setattr(queue, "_most", 3)

        def fail(batch: Batch) -> None:
            raise recorder.DatabaseError("away")

        with monkeypatch.context() as patched:
            patched.setattr(queue, "_write", fail)
            put(an_exchange())
            queue.flush()
            for _ in range(5):
                put(an_exchange())
        before = REGISTRY.get_sample_value("touchstone_inference_calls_dropped_total") or 0
        queue.flush()
        assert Call.objects.count() == 4  # the batch that was tried, and those that had room
        assert (REGISTRY.get_sample_value("touchstone_inference_calls_dropped_total") or 0) - before == 2

    def test_a_batch_that_broke_in_the_middle_is_written_whole_later(
        self, monkeypatch: pytest.MonkeyPatch, queue: Recorder
    ) -> None:
        def fail(*args: Any) -> None:
            raise recorder.DatabaseError("away")

        put(an_exchange(), a_reply())
        with monkeypatch.context() as patched:
            patched.setattr(writing, "add_counts", fail)
            queue.flush()
        assert not Call.objects.exists()
        queue.flush()
        assert Call.objects.count() == CallMinute.objects.get().calls == 1

    def test_many_calls_take_a_handful_of_questions(self, django_assert_max_num_queries: Any) -> None:
        batch = Batch([a_call() for _ in range(300)])
        with django_assert_max_num_queries(8):
            write_calls(batch)


class TestTexts:
    def test_they_are_kept_for_who_wants_it_and_encrypted(self, queue: Recorder) -> None:
        keeps, other = UserFactory(), UserFactory()
        Retention.objects.create(user=keeps, days=3)
        for user in (keeps, other):
            put(an_exchange(user.pk), a_reply())
        put(an_exchange(), a_reply())
        queue.flush()
        text = CallText.objects.select_related("call").get()
        assert (text.call.user, text.question, text.answer) == (keeps, "user: How many moons has Mars?", "Two.")
        assert text.keep_until - text.call.at == timedelta(days=3)
        with connection.cursor() as cursor:
            cursor.execute("SELECT question || answer FROM inference_calltext")
            assert "moons" not in cursor.fetchone()[0]

    def test_who_has_just_said_no_has_none_kept(self, queue: Recorder) -> None:
        user = UserFactory()
        Retention.objects.create(user=user, days=3)
        put(an_exchange(user.pk), a_reply())
        keep_texts_for(user=user, days=0)
        queue.flush()
        assert Call.objects.exists()
        assert not CallText.objects.exists()

    def test_bodies_are_not_held_where_nobody_wants_them(
        self, queue: Recorder, known: Kept[Mapping[int, int]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        user = UserFactory()
        monkeypatch.setattr(known, "_known", {user.pk: 3})
        monkeypatch.setattr(recorder, "MOST_TEXTS", 2)
        for _ in range(3):
            put(an_exchange(user.pk), a_reply())
        put(an_exchange(UserFactory().pk), a_reply())
        assert [call.question is not None for call in queue._waiting] == [True, True, False, False]

    def test_fewer_days_count_for_what_is_kept_already(self) -> None:
        user = UserFactory()
        keep_texts_for(user=user, days=10)
        write(a_call(user.pk, question=QUESTION, answer=ANSWER))
        keep_texts_for(user=user, days=2)
        text = CallText.objects.select_related("call").get()
        assert text.keep_until - text.call.at == timedelta(days=2)
        keep_texts_for(user=user, days=30)
        text.refresh_from_db()
        assert text.keep_until - text.call.at == timedelta(days=2)


def test_old_calls_and_texts_go_and_counts_stay(settings: LazySettings) -> None:
    settings.CALLS_KEEP_DAYS = 30
    now, user = timezone.now(), UserFactory()
    Retention.objects.create(user=user, days=2)
    for days in (1, 5, 40):
        write(a_call(user.pk, at=(now - timedelta(days=days)).timestamp(), question=QUESTION, answer=ANSWER))
    assert prune_calls(now=now) == 1
    assert Call.objects.count() == 2
    assert CallText.objects.count() == 1
    assert CallMinute.objects.count() == 3


def test_prometheus_is_told(queue: Recorder) -> None:
    labels = {"operation": "chat", "model": "m", "tier": "local", "outcome": "ok"}
    name = "touchstone_inference_requests_total"
    before = REGISTRY.get_sample_value(name, labels) or 0
    cost = REGISTRY.get_sample_value("touchstone_inference_cost_total", {"model": "m", "tier": "local"}) or 0
    put(an_exchange(), a_reply("timeout", "ok"))
    queue.flush()
    assert (REGISTRY.get_sample_value(name, labels) or 0) - before == 1
    after = REGISTRY.get_sample_value("touchstone_inference_cost_total", {"model": "m", "tier": "local"}) or 0
    assert after - cost == pytest.approx(0.02)
    assert REGISTRY.get_sample_value("touchstone_inference_retries_total", {"operation": "chat", "model": "m"})
    told = {"operation": "chat", "model": "m"}
    assert REGISTRY.get_sample_value("touchstone_inference_duration_seconds_count", told)


def test_counts_are_written_in_the_order_of_all_processes() -> None:
    counted = count_calls([a_call(model=name, at=time.time()) for name in "cab"], None)
    assert [alike.model for alike in counted] == ["a", "b", "c"]
