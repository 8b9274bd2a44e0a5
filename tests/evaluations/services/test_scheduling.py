import json
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask, PeriodicTasks

from apps.core.errors import InvalidInput
from apps.evaluations.gauges import schedules_overdue, sweeps_by_state
from apps.evaluations.models import BaselineChoice, Run, RunState, Schedule, Verdict
from apps.evaluations.services import scheduling
from apps.evaluations.services.scheduling import (
    delete_schedule,
    describe_schedule,
    describe_schedules,
    follow_edits,
    run_schedule,
    save_schedule,
)
from apps.evaluations.tasks import start_scheduled_task, tend_runs_task
from tests.evaluations.factories import (
    STARTED,
    CaseFactory,
    CrontabFactory,
    PeriodicTaskFactory,
    ReportFactory,
    RunFactory,
    ScheduleFactory,
    SuiteFactory,
)

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

MADE = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DUE = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def make_old(schedule: Schedule, *, last_run_at: datetime | None = MADE) -> Schedule:
    """As if it had been saved at noon the day before."""
    Schedule.objects.filter(pk=schedule.pk).update(updated_at=MADE)
    PeriodicTask.objects.filter(pk=schedule.periodic_task_id).update(date_changed=MADE, last_run_at=last_run_at)
    return Schedule.objects.select_related("suite", "periodic_task__crontab").get(pk=schedule.pk)


def test_a_schedule_is_kept_for_beat():
    schedule = save_schedule(
        suite=SuiteFactory(name="Search"), words=" every  Monday at 6:30", emails=["a@example.com "]
    )
    task = PeriodicTask.objects.get(sweep_schedule=schedule)
    assert (task.crontab.minute, task.crontab.hour, task.crontab.day_of_week) == ("30", "6", "1")
    assert str(task.crontab.timezone) == "UTC"
    assert (task.task, json.loads(task.kwargs)) == ("evaluations.start_scheduled", {"schedule": schedule.pk})
    assert task.name == f"Sweep Search: every Monday at 6:30 ({schedule.pk})"
    assert (schedule.words, schedule.emails, schedule.webhook_secret) == ("every Monday at 6:30", ["a@example.com"], "")
    assert task.enabled


def test_a_change_forgets_when_beat_last_ran_and_tells_beat():
    schedule = save_schedule(suite=SuiteFactory(), words="every night at 2")
    PeriodicTask.objects.update(last_run_at=MADE)
    schedule = Schedule.objects.get(pk=schedule.pk)
    same = save_schedule(suite=schedule.suite, schedule=schedule, words="every night at 2:00", emails=["a@b.example"])
    assert same.pk == schedule.pk
    assert PeriodicTask.objects.get().last_run_at == MADE
    PeriodicTasks.objects.update(last_update=MADE)
    save_schedule(suite=schedule.suite, schedule=same, words="every night at 3", enabled=True)
    task = PeriodicTask.objects.get()
    assert (task.crontab.hour, task.last_run_at) == ("3", None)
    assert PeriodicTasks.last_change() > MADE
    save_schedule(suite=schedule.suite, schedule=same, words="every night at 3", enabled=False)
    assert not PeriodicTask.objects.get().enabled
    assert CrontabSchedule.objects.filter(hour="3", minute="0").count() == 1


def test_two_suites_share_their_hours_and_not_their_tasks():
    for name in ("x" * 200, "y"):
        save_schedule(suite=SuiteFactory(name=name), words="every night at 2")
    assert PeriodicTask.objects.values("crontab").distinct().count() == 1


def test_a_webhook_gets_a_secret_and_keeps_it():
    suite = SuiteFactory()
    schedule = save_schedule(suite=suite, words="every hour", webhook_url="https://example.com/hook")
    secret = schedule.webhook_secret
    assert len(secret) == 40
    schedule = save_schedule(suite=suite, schedule=schedule, words="every hour", webhook_url="https://example.com/x")
    assert schedule.webhook_secret == secret
    schedule = save_schedule(
        suite=suite, schedule=schedule, words="every hour", webhook_url="https://example.com/x", webhook_secret="mine"
    )
    assert schedule.webhook_secret == "mine"
    assert save_schedule(suite=suite, schedule=schedule, words="every hour").webhook_secret == ""


@pytest.mark.parametrize(
    ("given", "field", "reason"),
    [
        ({"words": "sometimes"}, "words", "every night at 2"),
        ({"compare_with": "yesterday"}, "compare_with", "last_good, pinned"),
        ({"compare_with": "pinned"}, "compare_with", "no pinned baseline"),
        ({"emails": ["not an address"]}, "emails", "not an address is no e-mail"),
        ({"emails": ["a@b.example\nBcc: c@d.example"]}, "emails", "is no e-mail"),
        ({"emails": [f"a{n}@b.example" for n in range(21)]}, "emails", "more than 20"),
        ({"webhook_url": "http://127.0.0.1/x"}, "webhook_url", "private, local or reserved"),
        ({"webhook_url": "https://e.example", "webhook_secret": "a b"}, "webhook_secret", "at most 100"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(given, field, reason):
    with pytest.raises(InvalidInput) as caught:
        save_schedule(**{"suite": SuiteFactory(), "words": "every hour", **given})
    assert list(caught.value.errors) == [field]
    assert reason in caught.value.errors[field]
    assert not PeriodicTask.objects.filter(task=scheduling.START_TASK).exists()


def test_with_the_schedule_goes_its_task_and_its_runs_stay():
    schedule = ScheduleFactory()
    run = RunFactory(suite=schedule.suite, schedule=schedule)
    delete_schedule(schedule=schedule)
    assert not PeriodicTask.objects.filter(task=scheduling.START_TASK).exists()
    run.refresh_from_db()
    assert run.schedule is None


def test_a_due_schedule_starts_a_run_against_the_last_good_one():
    schedule = ScheduleFactory()
    CaseFactory(suite=schedule.suite)
    good = RunFactory(suite=schedule.suite)
    ReportFactory(run=RunFactory(suite=schedule.suite), verdict=Verdict.WORSE)
    run = Run.objects.get(pk=start_scheduled_task(schedule=schedule.pk))
    assert (run.schedule, run.baseline, run.suite, run.note) == (schedule, good, schedule.suite, "")


def test_a_pinned_baseline_is_compared_with_while_there_is_one():
    schedule = ScheduleFactory(compare_with=BaselineChoice.PINNED)
    CaseFactory(suite=schedule.suite)
    pinned, last = RunFactory(suite=schedule.suite), RunFactory(suite=schedule.suite)
    schedule.suite.baseline = pinned
    schedule.suite.save()
    run = run_schedule(schedule.pk)
    assert (run.baseline, run.note) == (pinned, "")
    Run.objects.filter(pk=run.pk).update(state=RunState.CANCELLED)
    schedule.suite.baseline = None
    schedule.suite.save()
    run = run_schedule(schedule.pk)
    assert run.baseline == last
    assert "No baseline is pinned" in run.note


def test_while_a_run_is_open_the_next_is_skipped():
    schedule = ScheduleFactory()
    CaseFactory(suite=schedule.suite)
    assert run_schedule(schedule.pk) is not None
    assert run_schedule(schedule.pk) is None
    assert schedule.runs.count() == 1


def test_a_run_that_cannot_begin_has_failed_with_a_report():
    schedule = ScheduleFactory(emails=["a@example.com"])
    run = run_schedule(schedule.pk)
    assert run.state == RunState.FAILED
    assert "no active cases" in run.error
    assert run.report.verdict == Verdict.FAILED
    assert run.report.deliveries.count() == 1


def test_a_schedule_that_is_gone_leaves_no_task():
    kept = ScheduleFactory()
    PeriodicTaskFactory(kwargs='{"schedule": 999999}')
    assert run_schedule(999_999) is None
    assert PeriodicTask.objects.filter(task=scheduling.START_TASK).get() == kept.periodic_task


@pytest.mark.parametrize(
    ("now", "overdue", "missed"),
    [
        (DUE - timedelta(minutes=1), None, False),
        (DUE + timedelta(minutes=4), timedelta(minutes=4), False),
        (DUE + timedelta(minutes=6), timedelta(minutes=6), True),
        (DUE + timedelta(days=3), timedelta(days=3), True),
    ],
)
def test_a_schedule_that_did_not_start_is_overdue_and_then_missed(now, overdue, missed):
    status = describe_schedule(make_old(ScheduleFactory()), None, now)
    assert (status.overdue_by, status.missed) == (overdue, missed)
    assert status.next_due == DUE + timedelta(days=max(0, (now - DUE).days + (now > DUE)))


def test_a_run_that_started_in_time_settles_it_even_by_a_clock_that_is_early():
    schedule = make_old(ScheduleFactory())
    run = RunFactory(suite=schedule.suite, schedule=schedule)
    run.created_at = DUE - timedelta(seconds=1)
    assert not describe_schedule(schedule, run, DUE + timedelta(hours=20)).missed
    run.created_at = DUE - timedelta(hours=1)
    assert describe_schedule(schedule, run, DUE + timedelta(hours=20)).missed


def test_what_was_due_while_it_was_off_or_other_hours_held_is_not_missed():
    schedule = make_old(ScheduleFactory(), last_run_at=None)
    PeriodicTask.objects.update(enabled=False)
    off = Schedule.objects.get(pk=schedule.pk)
    status = describe_schedule(off, None, DUE + timedelta(days=1))
    assert (status.enabled, status.missed, status.next_due) == (False, False, None)
    on = off.periodic_task
    on.enabled = True
    on.date_changed = DUE + timedelta(hours=12)
    assert not describe_schedule(off, None, DUE + timedelta(hours=20)).missed
    assert describe_schedule(off, None, DUE + timedelta(hours=25)).missed


def test_hours_are_those_of_the_crontabs_own_time_zone():
    schedule = make_old(ScheduleFactory(periodic_task__crontab__timezone="America/New_York"))
    status = describe_schedule(schedule, None, MADE)
    assert (status.next_due, status.time_zone) == (DUE + timedelta(hours=5), "America/New_York")
    summer = describe_schedule(schedule, None, datetime(2026, 7, 1, 0, 0, tzinfo=UTC))
    assert summer.next_due == datetime(2026, 7, 1, 6, 0, tzinfo=UTC)


def test_an_edit_in_the_admin_shows_and_is_taken_over():
    schedule = make_old(ScheduleFactory(words="every night at 2 am"))
    assert scheduling.shown_words(schedule) == "every night at 2 am"
    assert follow_edits() == 0
    schedule.periodic_task.crontab = CrontabFactory(hour="4", minute="30", day_of_week="mon-fri")
    schedule.periodic_task.save()
    schedule = Schedule.objects.get(pk=schedule.pk)
    assert describe_schedule(schedule, None, MADE).words == "weekdays at 4:30"
    tend_runs_task()
    schedule.refresh_from_db()
    assert schedule.words == "weekdays at 4:30"
    assert schedule.updated_at > MADE
    assert not describe_schedule(schedule, None, timezone.now()).missed


def test_hours_without_words_are_shown_as_beat_shows_them():
    schedule = ScheduleFactory()
    task = schedule.periodic_task
    task.crontab = CrontabFactory(day_of_month="1", day_of_week="1")
    assert scheduling.shown_words(schedule) == "0 2 1 * 1"
    task.crontab, task.interval = None, IntervalSchedule(every=5, period="minutes")
    assert scheduling.shown_words(schedule) == "every 5 minutes"
    assert scheduling.find_due(task, DUE) == DUE + timedelta(minutes=5)


def test_all_schedules_are_described_with_their_last_runs_in_two_queries(django_assert_num_queries):
    schedules = [ScheduleFactory() for _ in range(3)]
    for schedule in schedules:
        RunFactory(suite=schedule.suite, schedule=schedule)
    last = RunFactory(suite=schedules[0].suite, schedule=schedules[0], state=RunState.RUNNING)
    with django_assert_num_queries(2):
        statuses = describe_schedules()
    assert [status.schedule for status in statuses] == schedules
    assert statuses[0].last_run == last
    assert not any(status.missed for status in statuses)


def test_what_is_missed_shows_in_health_and_metrics(client):
    schedule = ScheduleFactory()
    RunFactory(started_at=STARTED)
    check = client.get("/health/ready").json()["checks"]["schedules"]
    assert (check["status"], check["detail"]) == ("ok", "1 on time")
    make_old(schedule)
    check = client.get("/health/ready").json()["checks"]["schedules"]
    assert (check["status"], check["detail"]) == ("degraded", f"1 overdue: {schedule.suite}, every night at 2")
    assert list(schedules_overdue()) == [({}, 1)]
    assert list(sweeps_by_state()) == [({"state": "succeeded"}, 1)]
    assert "touchstone_schedules_overdue 1.0" in client.get("/metrics").content.decode()
