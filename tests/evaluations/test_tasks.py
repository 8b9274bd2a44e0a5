"""Beat's entries lead to tasks that exist, and schedules to the task that starts them."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import ModelEntry

from apps.core.jobs.registry import get_handler
from apps.evaluations.models import Run, RunState, Verdict
from apps.evaluations.services import notifying, scheduling
from apps.evaluations.tasks import tend_runs_task
from apps.users.roles import Role
from config.celery import app
from tests.evaluations.factories import RunFactory, ScheduleFactory, SuiteFactory
from tests.users.factories import UserFactory


@pytest.mark.unit
def test_every_task_of_beat_is_known_to_workers():
    app.loader.import_default_modules()
    wanted = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} | {scheduling.START_TASK}
    assert wanted <= set(app.tasks)
    assert get_handler(notifying.DELIVER_JOB) is notifying.run_delivery


@pytest.mark.integration
@pytest.mark.django_db
def test_a_task_that_was_off_is_switched_on_without_a_past(client):
    user = UserFactory(role=Role.ADMIN.value)
    client.force_login(user)
    schedule = ScheduleFactory(periodic_task__enabled=False)
    long_ago = timezone.now() - timedelta(days=9)
    PeriodicTask.objects.update(date_changed=long_ago)
    data = {"action": "enable_tasks", "_selected_action": [schedule.periodic_task_id]}
    assert client.post("/admin/django_celery_beat/periodictask/", data).status_code == 302
    task = PeriodicTask.objects.get(pk=schedule.periodic_task_id)
    assert task.enabled
    assert task.date_changed > long_ago


@pytest.mark.integration
@pytest.mark.django_db
def test_tending_fails_runs_whose_job_failed():
    from apps.core.models import Job, JobState

    run = RunFactory(state=RunState.RUNNING)
    Job.objects.create(kind="evaluations.chunk", params={"run": run.pk}, state=JobState.FAILED, error="given up")
    assert tend_runs_task() == 1
    run = Run.objects.get(pk=run.pk)
    assert (run.state, run.report.verdict) == (RunState.FAILED, Verdict.FAILED)
    assert "given up" in run.error


@pytest.mark.integration
@pytest.mark.django_db
@pytest.mark.parametrize(("ago", "starts"), [(timedelta(minutes=10), True), (timedelta(hours=5), False)])
def test_beat_starts_what_it_is_a_little_late_for_and_leaves_what_is_long_past(ago, starts):
    due = timezone.now() - ago
    suite = SuiteFactory()
    schedule = scheduling.save_schedule(suite=suite, words=f"{due.minute} {due.hour} * * *")
    task = schedule.periodic_task
    task.last_run_at = due - timedelta(days=1)
    entry = ModelEntry(task, app=app)
    assert entry.is_due().is_due is starts
    assert entry.options["expires"] == app.conf.beat_cron_starting_deadline == 1800
    assert entry.kwargs == {"schedule": schedule.pk}
