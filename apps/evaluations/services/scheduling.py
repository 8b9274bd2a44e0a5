"""Schedules: written in words, kept for beat, run when they are due, and missed where everybody sees it."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import get_random_string
from django_celery_beat.models import CrontabSchedule, PeriodicTask, PeriodicTasks

from apps.core.errors import InvalidInput
from apps.core.secrets.fields import ENTER_AGAIN, is_left_unreadable
from apps.evaluations.models import BaselineChoice, Run, RunState, Schedule, Suite
from apps.evaluations.services.running import start_run
from apps.evaluations.services.webhooks import check_webhook_url
from apps.evaluations.timetable import Timetable, UnknownWords, make_timetable, parse_words, say_words

START_TASK = "evaluations.start_scheduled"
MAX_EMAILS = 20
SECRET_LENGTH = 40

GRACE = timedelta(minutes=5)
"""How late a run may start before its schedule counts as missed."""

SKEW = timedelta(seconds=30)
"""How much too early beat's clock may let a run start, and that run still be the one that was due."""

log = structlog.get_logger("touchstone.evaluations")


@dataclass(frozen=True, slots=True)
class ScheduleStatus:
    """A schedule as pages, API and health show it. `missed`: it was due a while ago and no run has started since."""

    schedule: Schedule
    words: str
    time_zone: str
    enabled: bool
    last_run: Run | None
    next_due: datetime | None
    overdue_by: timedelta | None
    missed: bool


@transaction.atomic
def save_schedule(
    *,
    suite: Suite,
    words: str,
    compare_with: str = BaselineChoice.LAST_GOOD,
    emails: Sequence[str] = (),
    webhook_url: str = "",
    webhook_secret: str = "",
    enabled: bool = True,
    schedule: Schedule | None = None,
    user_id: int | None = None,
) -> Schedule:
    """A new schedule, or `schedule` with these settings, as beat takes it up within seconds.

    Without a secret a webhook keeps the one it has, or gets one. What cannot be read stays as it is until it is entered
    anew; with an unreadable secret the address stays too. Raises InvalidInput naming `words`, `compare_with`, `emails`,
    `webhook_url` or `webhook_secret`.
    """
    timetable = read_words(words)
    schedule = schedule or Schedule(suite=suite, created_by_id=user_id)
    schedule.suite = suite
    schedule.words = " ".join(words.split())
    schedule.compare_with = _check_choice(suite, compare_with)
    schedule.emails = check_emails(emails)
    kept_url, schedule.webhook_url = schedule.webhook_url, _check_url(schedule, webhook_url)
    schedule.webhook_secret = _check_secret(schedule, webhook_secret, is_moved=kept_url != schedule.webhook_url)
    task = schedule.periodic_task if schedule.pk else PeriodicTask(name=uuid.uuid4().hex, task=START_TASK)
    _set_times(task, timetable)
    task.enabled = enabled
    task.save()
    schedule.periodic_task = task
    schedule.save()
    _name_task(schedule)
    return schedule


def delete_schedule(*, schedule: Schedule) -> None:
    """Its runs stay."""
    schedule.periodic_task.delete()


def run_schedule(schedule_id: int) -> Run | None:
    """Starts the schedule's run; None when it is gone, or when its last run is still open: then this one is missed."""
    with transaction.atomic():
        # Locked, so that of two messages for one time the second finds the run of the first.
        found = Schedule.objects.select_for_update(of=("self",)).filter(pk=schedule_id)
        schedule = found.select_related("suite__baseline").first()
        if schedule is None:
            delete_orphans()
            return None
        still = schedule.runs.open().values_list("pk", flat=True).first()
        if still is not None:
            log.warning("schedule_skipped", schedule=schedule.pk, suite=schedule.suite.name, open_run=still)
            return None
        return _start(schedule)


def describe_schedules(schedules: Sequence[Schedule] | None = None) -> list[ScheduleStatus]:
    """How each schedule stands now, in two queries. Read from its runs: it holds when beat or the workers are down.

    Those that are given have their suite, and their task with its hours.
    """
    if schedules is None:
        known = Schedule.objects.select_related("suite", "periodic_task__crontab", "periodic_task__interval")
        schedules = list(known)
    latest = Run.objects.filter(schedule__in=schedules).order_by("schedule_id", "-pk").distinct("schedule_id")
    by_schedule = {run.schedule_id: run for run in latest.defer("plan").select_related("report")}
    now = timezone.now()
    return [describe_schedule(schedule, by_schedule.get(schedule.pk), now) for schedule in schedules]


def describe_schedule(schedule: Schedule, last_run: Run | None, now: datetime) -> ScheduleStatus:
    """`last_run` is its newest run."""
    task = schedule.periodic_task
    since = schedule.updated_at
    if task.last_run_at is None:
        # Beat has not fired since it was switched on or its hours were changed, perhaps in the admin.
        since = max(since, task.date_changed)
    if last_run is not None:
        since = max(since, last_run.created_at + SKEW)
    due = find_due(task, since) if task.enabled else None
    overdue_by = now - due if due is not None and due < now else None
    return ScheduleStatus(
        schedule=schedule,
        words=shown_words(schedule),
        time_zone=str(task.crontab.timezone) if task.crontab else settings.TIME_ZONE,
        enabled=task.enabled,
        last_run=last_run,
        next_due=find_due(task, now) if task.enabled else None,
        overdue_by=overdue_by,
        missed=overdue_by is not None and overdue_by > GRACE,
    )


def shown_words(schedule: Schedule) -> str:
    """Its own words, unless beat goes by other hours, because somebody edited those in the admin."""
    crontab = schedule.periodic_task.crontab
    if crontab is None:
        return str(schedule.periodic_task.scheduler or "never")
    try:
        timetable = make_timetable(
            crontab.minute, crontab.hour, crontab.day_of_week, crontab.day_of_month, crontab.month_of_year
        )
        return schedule.words if parse_words(schedule.words) == timetable else say_words(timetable)
    except UnknownWords:
        return str(crontab)


def follow_edits() -> int:
    """Takes over the words of hours that were edited in the admin; from then on the schedule is late by those."""
    changed = 0
    for schedule in Schedule.objects.select_related("suite", "periodic_task__crontab", "periodic_task__interval"):
        words = shown_words(schedule)
        if words != schedule.words:
            schedule.words = words[:200]
            schedule.save(update_fields=["words", "updated_at"])
            changed += 1
    return changed


def find_due(task: PeriodicTask, after: datetime) -> datetime | None:
    """The first time it is due after `after`, as beat reckons; None where that cannot be told."""
    if task.crontab is not None:
        start, to_go, _ = task.crontab.schedule.remaining_delta(after)
        due: datetime = start + to_go
        return due
    if task.interval is not None:
        return after + timedelta(seconds=task.interval.schedule.seconds)
    return None


def delete_orphans() -> int:
    """Takes away what beat keeps for schedules that went with their suite."""
    orphans = PeriodicTask.objects.filter(task=START_TASK, sweep_schedule__isnull=True)
    deleted, _ = orphans.delete()
    if deleted:
        PeriodicTasks.update_changed()
    return deleted


def read_words(words: str) -> Timetable:
    """Raises InvalidInput naming `words`."""
    try:
        return parse_words(words)
    except UnknownWords as error:
        raise InvalidInput({"words": str(error)}) from error


def check_emails(emails: Sequence[str]) -> list[str]:
    """Each once, in order. Raises InvalidInput naming `emails`."""
    addresses = list(dict.fromkeys(email.strip() for email in emails if email.strip()))
    if len(addresses) > MAX_EMAILS:
        raise InvalidInput({"emails": f"are more than {MAX_EMAILS}"})
    for address in addresses:
        try:
            validate_email(address)
        except ValidationError as error:
            raise InvalidInput({"emails": f"{address[:100]} is no e-mail address"}) from error
    return addresses


def _start(schedule: Schedule) -> Run:
    baseline, note = choose_scheduled_baseline(schedule)
    try:
        return start_run(suite=schedule.suite, baseline=baseline, schedule=schedule, note=note)
    except InvalidInput as error:
        return _fail_start(schedule, str(error))


def choose_scheduled_baseline(schedule: Schedule) -> tuple[Run | None, str]:
    """What the run is compared with, and a note where that is not what was asked for."""
    suite = schedule.suite
    if schedule.compare_with == BaselineChoice.PINNED:
        if suite.baseline is not None:
            return suite.baseline, ""
        return suite.last_good_run(), "No baseline is pinned: compared with the last good run."
    return suite.last_good_run(), ""


def _fail_start(schedule: Schedule, error: str) -> Run:
    """A run that could not even begin is a failed one: it is seen, told and acknowledged like any other."""
    from apps.evaluations.services.finishing import report_failure

    now = timezone.now()
    run = Run.objects.create(
        suite=schedule.suite,
        suite_version=schedule.suite.version,
        state=RunState.FAILED,
        schedule=schedule,
        error=error,
        started_at=now,
        finished_at=now,
    )
    log.warning("schedule_failed", schedule=schedule.pk, suite=schedule.suite.name, error=error)
    report_failure(run)
    return run


def _set_times(task: PeriodicTask, timetable: Timetable) -> None:
    fields = {
        "minute": timetable.minute,
        "hour": timetable.hour,
        "day_of_week": timetable.day_of_week,
        "day_of_month": timetable.day_of_month,
        "month_of_year": timetable.month,
        "timezone": settings.TIME_ZONE,
    }
    # Not get_or_create: nothing keeps these rows apart, so there may be equal ones.
    crontab = CrontabSchedule.objects.filter(**fields).order_by("pk").first() or CrontabSchedule.objects.create(
        **fields
    )
    if task.crontab_id != crontab.pk:
        # Forgotten, or beat would make up for a time that was due by the new hours and not by the old ones.
        task.last_run_at = None
    task.crontab, task.interval, task.solar, task.clocked = crontab, None, None, None


def _name_task(schedule: Schedule) -> None:
    """What the admin's list of tasks shows; a task's name is unique."""
    task = schedule.periodic_task
    task.name = f"Sweep {schedule.suite.name[:120]}: {schedule.words[:50]} ({schedule.pk})"
    task.kwargs = json.dumps({"schedule": schedule.pk})
    # Workers that were away find one message of a night, not of a week; what is missed is shown as that.
    task.expire_seconds = settings.CELERY_BEAT_CRON_STARTING_DEADLINE
    task.save()


def _check_choice(suite: Suite, choice: str) -> str:
    if choice not in BaselineChoice.values:
        raise InvalidInput({"compare_with": f"is none of {', '.join(BaselineChoice.values)}"})
    if choice == BaselineChoice.PINNED and suite.baseline_id is None:
        raise InvalidInput({"compare_with": "the suite has no pinned baseline: pin one of its runs first"})
    return choice


def _check_url(schedule: Schedule, url: str) -> str:
    return schedule.webhook_url if is_left_unreadable(url, schedule.webhook_url) else check_webhook_url(url)


def _check_secret(schedule: Schedule, secret: str, *, is_moved: bool) -> str:
    kept = schedule.webhook_secret
    if schedule.webhook_url and is_left_unreadable(secret or kept, kept):
        if is_moved:
            raise InvalidInput({"webhook_secret": ENTER_AGAIN})
        return kept
    if len(secret) > 100 or any(not 32 < ord(character) < 127 for character in secret):
        raise InvalidInput({"webhook_secret": "has at most 100 characters, letters, digits and signs"})
    if not schedule.webhook_url:
        return ""
    return secret or kept or get_random_string(SECRET_LENGTH)
