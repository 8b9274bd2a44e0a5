import os
import subprocess
import sys
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError

from apps.core.errors import Conflict, InvalidInput
from apps.core.jobs import context as context_module
from apps.core.jobs import services
from apps.core.jobs.registry import register_job
from apps.core.models import Job, JobState

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
HERE = "tests.core.jobs.test_services"


def add(context, params):
    for done in range(params["n"]):
        context.report(done + 1, params["n"], f"step {done + 1}")
    return {"sum": params["n"]}


def fail(context, params):
    raise RuntimeError("the disk is full")


def refuse(context, params):
    raise InvalidInput({"file": "is empty"})


def cancel_itself(context, params):
    Job.objects.filter(pk=context.job.pk).update(cancel_requested=True)
    context.report(1, 1)
    raise AssertionError("the report should have ended the job")


def lose_itself(context, params):
    Job.objects.filter(pk=context.job.pk).update(runner="somebody else")
    context.report(1, 1)


@pytest.fixture(autouse=True)
def handlers():
    for name in ("add", "fail", "refuse", "cancel_itself", "lose_itself"):
        register_job(f"test.{name}", f"{HERE}.{name}")


def make_job(kind="test.add", **fields) -> Job:
    return Job.objects.create(**{"kind": kind, "params": {"n": 3}, **fields})


def test_a_job_runs_and_leaves_its_result():
    heard = []
    job = services.run_inline(kind="test.add", params={"n": 3}, listener=lambda *progress: heard.append(progress))
    assert (job.state, job.result, job.percent) == (JobState.SUCCEEDED, {"sum": 3}, 100)
    assert (job.done, job.total, job.attempts) == (3, 3, 1)
    assert heard == [(1, 3, "step 1"), (2, 3, "step 2"), (3, 3, "step 3")]
    assert job.lease_until is None
    assert job.seconds >= 0


@pytest.mark.parametrize(
    ("kind", "error"), [("test.fail", "RuntimeError: the disk is full"), ("test.refuse", "file: is empty")]
)
def test_a_failing_job_says_why(kind, error):
    job = services.run_inline(kind=kind, params={})
    assert (job.state, job.error) == (JobState.FAILED, error)
    assert job.finished_at is not None


def test_of_two_workers_one_runs_a_job():
    job = make_job()
    assert services.run_job(job.pk) is not None
    assert services.run_job(job.pk) is None


def test_cancelling_a_queued_job_ends_it():
    job = services.cancel_job(job=make_job())
    assert job.state == JobState.CANCELLED
    assert services.run_job(job.pk) is None
    with pytest.raises(Conflict):
        services.cancel_job(job=job)


def test_cancelling_a_running_job_ends_it_at_its_next_step():
    job = services.run_inline(kind="test.cancel_itself", params={})
    assert job.state == JobState.CANCELLED


def test_who_lost_the_job_writes_nothing():
    job = make_job("test.lose_itself")
    assert services.run_job(job.pk) is None
    job.refresh_from_db()
    assert (job.state, job.runner) == (JobState.RUNNING, "somebody else")


def test_an_unknown_kind_is_refused():
    with pytest.raises(InvalidInput, match="kind"):
        services.enqueue_job(kind="test.nothing", params={})


def test_a_broker_that_is_away_leaves_the_job_in_the_queue(django_capture_on_commit_callbacks):
    away = patch("celery.Celery.send_task", side_effect=OperationalError("no broker"))
    with away, django_capture_on_commit_callbacks(execute=True):
        job = services.enqueue_job(kind="test.add", params={"n": 1})
    job.refresh_from_db()
    assert job.state == JobState.QUEUED


class TestRecovery:
    @pytest.fixture(autouse=True)
    def sent(self):
        with patch.object(services, "send_job") as send:
            yield send

    def test_a_dead_runners_job_is_queued_again(self, sent):
        past = timezone.now() - timedelta(seconds=1)
        job = make_job(state=JobState.RUNNING, runner="dead", lease_until=past, attempts=1)
        assert services.recover_jobs() == 1
        sent.assert_called_once_with(job.pk)
        done = services.run_job(job.pk)
        assert done is not None
        assert (done.state, done.attempts) == (JobState.SUCCEEDED, 2)

    def test_a_lost_message_is_sent_again(self, sent):
        make_job(queued_at=timezone.now() - timedelta(minutes=1))
        assert services.recover_jobs() == 1

    def test_live_and_young_jobs_are_left_alone(self, sent):
        make_job()
        make_job(state=JobState.RUNNING, lease_until=timezone.now() + timedelta(hours=1))
        make_job(state=JobState.SUCCEEDED)
        assert services.recover_jobs() == 0

    def test_a_job_that_kills_its_workers_is_given_up(self, sent):
        past = timezone.now() - timedelta(seconds=1)
        job = make_job(state=JobState.RUNNING, lease_until=past, attempts=services.MAX_ATTEMPTS)
        assert services.recover_jobs() == 0
        job.refresh_from_db()
        assert job.state == JobState.FAILED
        assert "workers died" in job.error


def test_old_jobs_are_pruned():
    old = make_job(state=JobState.SUCCEEDED, finished_at=timezone.now() - timedelta(days=31))
    kept = make_job(state=JobState.SUCCEEDED, finished_at=timezone.now() - timedelta(days=29))
    services.prune_jobs()
    assert set(Job.objects.values_list("pk", flat=True)) & {old.pk, kept.pk} == {kept.pk}


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_renews_the_lease_and_hears_of_a_cancel(monkeypatch):
    monkeypatch.setattr(context_module, "HEARTBEAT_SECONDS", 0.02)
    job = make_job(state=JobState.RUNNING, runner="me")
    with context_module.JobContext(job) as context:
        Job.objects.filter(pk=job.pk).update(cancel_requested=True)
        assert context._cancelled.wait(60)
        with pytest.raises(context_module.JobCancelled):
            context.check()
    job.refresh_from_db()
    assert job.lease_until is not None
    assert not context._heart.is_alive()
    connection.close()


def test_a_process_without_workers_of_its_own_reaches_the_broker():
    """Commands never load the Celery application otherwise: the task must not go to a default broker."""
    code = (
        "import django; django.setup();"
        "from apps.core.jobs.services import send_job; send_job(987654321);"
        "from config.celery import app; print(app.connection().default_channel.client.llen('celery'))"
    )
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert int(done.stdout.split()[-1]) >= 1
    assert "job_not_sent" not in done.stdout + done.stderr
