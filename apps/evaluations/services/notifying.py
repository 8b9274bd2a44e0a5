"""Word to those who asked for it when a scheduled run came out worse or failed.

A Delivery's row is the truth: written with its report, tried by a job, and tried again with growing pauses by whatever
processes there are then. A message that a process died over may come twice; both have the same id.
"""

import json
from datetime import datetime, timedelta
from smtplib import SMTPException, SMTPRecipientsRefused
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone

from apps.core import metrics
from apps.core.jobs.context import JobContext
from apps.core.jobs.services import enqueue_job
from apps.core.models import Job
from apps.evaluations.models import Channel, Delivery, DeliveryState, Report, Verdict
from apps.evaluations.services.webhooks import NotDelivered, find_place, find_problem, post_webhook, sign_body

DELIVER_JOB = "evaluations.deliver"
PAUSES = (60, 300, 900, 3600, 10_800)
"""Seconds after the first, second, ... failed attempt; one more attempt than pauses. Each outlasts an attempt."""

FORGET = timedelta(days=2)
FLIPS = 5
MAX_ERROR = 1000

log = structlog.get_logger("touchstone.evaluations")


def notify(report: Report) -> list[Delivery]:
    """One delivery for each address of the run's schedule, with a job each; none where there is nothing to tell.

    Called again it makes nothing new.
    """
    schedule = report.run.schedule
    if schedule is None or not report.is_alarming:
        return []
    places = [(Channel.EMAIL, address) for address in schedule.emails]
    if schedule.webhook_url:
        # Its host only: the rest is as good as a password.
        places.append((Channel.WEBHOOK, find_place(schedule.webhook_url)))
    with transaction.atomic():
        Report.objects.select_for_update().get(pk=report.pk)
        known = list(report.deliveries.all())
        if known:
            return known
        made = [Delivery(report=report, channel=channel, address=address) for channel, address in places]
        Delivery.objects.bulk_create(made)
        for delivery in made:
            enqueue_job(kind=DELIVER_JOB, params={"delivery": delivery.pk}, is_part=True)
    return made


def notify_untold(*, now: datetime) -> int:
    """Tells of alarming reports whose process died before it could; how many."""
    untold = Report.objects.filter(
        verdict__in=[Verdict.WORSE, Verdict.FAILED],
        acknowledged_at=None,
        deliveries=None,
        run__schedule__isnull=False,
        created_at__gt=now - FORGET,
    ).exclude(run__schedule__emails__len=0, run__schedule__webhook_url="")
    return sum(bool(notify(report)) for report in untold.select_related("run__schedule"))


def retry_deliveries(*, now: datetime) -> int:
    """Gives a job to every delivery that waits for its next attempt and has none; how many."""
    waiting = [delivery for delivery in Delivery.objects.filter(state=DeliveryState.WAITING) if is_due(delivery, now)]
    busy = set(Job.objects.open().filter(kind=DELIVER_JOB).values_list("params__delivery", flat=True))
    due = [delivery for delivery in waiting if delivery.pk not in busy]
    for delivery in due:
        enqueue_job(kind=DELIVER_JOB, params={"delivery": delivery.pk}, is_part=True)
    return len(due)


def run_delivery(context: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """The job's handler: one attempt. What fails is written to the delivery; its next attempt is another job's."""
    delivery = _claim(params["delivery"])
    if delivery is None:
        return {}
    try:
        if delivery.channel == Channel.EMAIL:
            send_email(delivery)
        else:
            send_webhook(delivery)
    except NotDelivered as error:
        over = error.for_good or delivery.attempts > len(PAUSES)
        _close(delivery, state=DeliveryState.FAILED if over else DeliveryState.WAITING, error=str(error)[:MAX_ERROR])
    else:
        _close(delivery, state=DeliveryState.SENT, error="", sent_at=timezone.now())
    return {"delivery": delivery.pk, "state": delivery.state}


def is_due(delivery: Delivery, now: datetime) -> bool:
    """Whether the pause after its last attempt is over. An attempt whose process died counts."""
    if not delivery.attempts:
        return True
    pause = PAUSES[min(delivery.attempts, len(PAUSES)) - 1]
    return delivery.updated_at <= now - timedelta(seconds=pause)


def send_email(delivery: Delivery) -> None:
    """Raises NotDelivered."""
    if not settings.EMAIL_ENABLED:
        raise NotDelivered("E-mail is not set up: EMAIL_URL is empty.", for_good=True)
    context = describe_report(delivery.report)
    message = EmailMultiAlternatives(
        subject=" ".join(render_to_string("evaluations/mail_subject.txt", context).split())[:200],
        body=render_to_string("evaluations/mail_report.txt", context),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[delivery.address],
        # The same at every attempt: mail that comes twice is seen to be one.
        headers={"Message-ID": f"<touchstone-report-{delivery.report_id}-{delivery.pk}@touchstone>"},
    )
    message.attach_alternative(render_to_string("evaluations/mail_report.html", context), "text/html")
    try:
        message.send()
    except SMTPRecipientsRefused as error:
        codes = {code for code, _ in error.recipients.values()}
        raise NotDelivered(f"The mail server refused {delivery.address}.", for_good=min(codes) >= 500) from error
    except (SMTPException, OSError) as error:
        raise NotDelivered(f"The mail server did not take it: {error}") from error


def send_webhook(delivery: Delivery) -> None:
    """Raises NotDelivered."""
    report = delivery.report
    now = timezone.now()
    context = describe_report(report)
    body = json.dumps(
        {
            "event": "report",
            "verdict": report.verdict,
            "suite": report.run.suite.name,
            "run": report.run_id,
            "reasons": context["reasons"],
            "url": context["url"],
            "sent_at": now.isoformat(),
        },
        ensure_ascii=False,
    ).encode()
    schedule = report.run.schedule
    if schedule and (problem := find_problem(schedule)):
        raise NotDelivered(problem, for_good=True)
    if schedule is None or find_place(schedule.webhook_url) != delivery.address:
        raise NotDelivered("Its schedule does not tell this webhook any more.", for_good=True)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Touchstone",
        "X-Touchstone-Delivery": str(delivery.pk),
        "X-Touchstone-Signature": sign_body(schedule.webhook_secret, body, int(now.timestamp())),
    }
    post_webhook(schedule.webhook_url, body, headers)


def describe_report(report: Report) -> dict[str, Any]:
    """What a message says."""
    flips = report.data.get("flips", {})
    wrong = [flip for flip in flips.get("list", []) if flip["newly"] == "wrong"]
    run = report.run
    return {
        "suite": run.suite.name,
        "run": run.pk,
        "schedule": run.schedule.words if run.schedule else "",
        "baseline": report.baseline_id,
        "failed": report.verdict == Verdict.FAILED,
        "verdict": report.get_verdict_display(),
        "reasons": report.data.get("reasons", []),
        "newly_wrong": flips.get("newly_wrong", 0),
        "newly_right": flips.get("newly_right", 0),
        "flips": wrong[:FLIPS],
        "url": settings.SITE_URL + report.get_absolute_url(),
    }


def _claim(delivery_id: int) -> Delivery | None:
    """Takes the next attempt, written before it is made; None when there is none to make now."""
    with transaction.atomic():
        waiting = Delivery.objects.select_for_update().filter(pk=delivery_id, state=DeliveryState.WAITING)
        delivery = waiting.first()
        now = timezone.now()
        if delivery is None or not is_due(delivery, now):
            return None
        if delivery.attempts > len(PAUSES):
            _close(delivery, state=DeliveryState.FAILED, error=delivery.error or "Every attempt was cut short.")
            return None
        Delivery.objects.filter(pk=delivery_id).update(attempts=F("attempts") + 1, updated_at=now)
    related = ("report__run__suite", "report__run__schedule")
    return Delivery.objects.select_related(*related).defer("report__run__plan").get(pk=delivery_id)


def _close(delivery: Delivery, *, state: DeliveryState, error: str, sent_at: datetime | None = None) -> None:
    """What came of the attempt."""
    delivery.state, delivery.error, delivery.sent_at = state, error, sent_at
    delivery.save(update_fields=["state", "error", "sent_at", "updated_at"])
    if state == DeliveryState.SENT:
        log.info("report_told", delivery=delivery.pk, channel=delivery.channel)
    else:
        log.warning("report_not_told", delivery=delivery.pk, channel=delivery.channel, state=state, error=error)
    metrics.count("deliveries", channel=delivery.channel, state=state)
