import hashlib
import hmac
import json
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from apps.core.jobs.services import run_inline, run_job
from apps.core.models import Job, JobState
from apps.core.secrets.keys import make_key
from apps.evaluations.models import Channel, Delivery, DeliveryState, Report, Verdict
from apps.evaluations.services import notifying
from apps.evaluations.services.notifying import DELIVER_JOB, PAUSES, notify, notify_untold, retry_deliveries
from apps.evaluations.services.webhooks import NotDelivered
from apps.evaluations.tasks import tend_deliveries_task
from tests.evaluations.factories import ReportFactory, RunFactory, ScheduleFactory
from tests.evaluations.services.test_webhooks import receiver  # noqa: F401 - a fixture

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

FLIP = {"newly": "wrong", "query": "count <b>lines</b>", "change": "Tier rules became lexical."}
DATA = {
    "reasons": ["Accuracy fell by 3.1 points."],
    "flips": {"newly_wrong": 12, "newly_right": 1, "list": [FLIP, {**FLIP, "newly": "right", "query": "better now"}]},
}


@pytest.fixture(autouse=True)
def set_up(settings):
    settings.EMAIL_ENABLED = True
    settings.SITE_URL = "https://touchstone.example"


def make_report(*, verdict=Verdict.WORSE, **schedule) -> Report:
    plan = ScheduleFactory(**schedule)
    run = RunFactory(suite=plan.suite, schedule=plan, baseline=RunFactory(suite=plan.suite))
    return ReportFactory(run=run, verdict=verdict, data=DATA)


def attempt(delivery: Delivery) -> Delivery:
    """What the delivery's job does."""
    assert run_inline(kind=DELIVER_JOB, params={"delivery": delivery.pk}).state == JobState.SUCCEEDED
    delivery.refresh_from_db()
    return delivery


def let_pass(delivery: Delivery, seconds: float) -> datetime:
    """The time that it is then."""
    now = timezone.now()
    Delivery.objects.filter(pk=delivery.pk).update(updated_at=now - timedelta(seconds=seconds))
    return now


def test_each_address_gets_a_delivery_and_a_job():
    report = make_report(emails=["a@example.com", "b@example.com"], webhook_url="https://hooks.example.com/")
    deliveries = notify(report)
    assert [(delivery.channel, delivery.address) for delivery in deliveries] == [
        (Channel.EMAIL, "a@example.com"),
        (Channel.EMAIL, "b@example.com"),
        (Channel.WEBHOOK, "https://hooks.example.com/"),
    ]
    assert [job.params["delivery"] for job in Job.objects.order_by("pk")] == [delivery.pk for delivery in deliveries]
    assert notify(report) == deliveries
    assert Job.objects.count() == 3


@pytest.mark.parametrize("verdict", [Verdict.BETTER, Verdict.NO_DIFFERENCE, Verdict.NOT_ENOUGH, Verdict.FIRST])
def test_what_is_not_alarming_is_not_told(verdict):
    assert notify(make_report(verdict=verdict, emails=["a@example.com"])) == []


def test_a_run_that_somebody_started_is_not_told():
    assert notify(ReportFactory(verdict=Verdict.WORSE)) == []


def test_the_mail_says_what_is_worse_and_leads_to_the_report():
    report = make_report(emails=["a@example.com"])
    delivery = attempt(notify(report)[0])
    assert (delivery.state, delivery.error, delivery.attempts) == (DeliveryState.SENT, "", 1)
    assert delivery.sent_at is not None
    [message] = mail.outbox
    html, kind = message.alternatives[0]
    url = f"https://touchstone.example{report.get_absolute_url()}"
    assert (message.to, message.from_email, kind) == (["a@example.com"], "touchstone@localhost", "text/html")
    assert message.subject == f"Worse: {report.run.suite}, run {report.run_id}"
    for text in (message.body, html):
        assert "Accuracy fell by 3.1 points." in text
        assert "Tier rules became lexical." in text
        assert "better now" not in text
        assert url in text
    assert "count <b>lines</b>" in message.body
    assert "count &lt;b&gt;lines" in html
    assert message.extra_headers["Message-ID"].endswith(f"-{delivery.pk}@touchstone>")


def test_a_failed_sweep_is_told_with_its_reason():
    report = make_report(verdict=Verdict.FAILED, emails=["a@example.com"])
    report.data = {"reasons": ["The target's index is gone."]}
    report.save()
    attempt(notify(report)[0])
    assert mail.outbox[0].subject.startswith("Sweep failed: ")
    assert "The target's index is gone." in mail.outbox[0].body


def test_a_name_with_a_line_break_makes_no_header():
    report = make_report(emails=["a@example.com"], suite__name="x\nBcc: evil@example.com")
    attempt(notify(report)[0])
    assert "\n" not in mail.outbox[0].subject


def test_without_a_mail_server_it_failed_and_says_why(settings):
    settings.EMAIL_ENABLED = False
    delivery = attempt(notify(make_report(emails=["a@example.com"]))[0])
    assert (delivery.state, delivery.error) == (DeliveryState.FAILED, "E-mail is not set up: EMAIL_URL is empty.")
    assert mail.outbox == []


def test_the_webhook_arrives_signed(receiver, settings):  # noqa: F811
    settings.WEBHOOK_PRIVATE_NETWORKS = True
    report = make_report(webhook_url=receiver.url, webhook_secret="a shared secret")
    delivery = attempt(notify(report)[0])
    assert delivery.state == DeliveryState.SENT
    [(_, headers, body)] = receiver.got
    said = json.loads(body)
    assert said == {
        "event": "report",
        "verdict": "worse",
        "suite": report.run.suite.name,
        "run": report.run_id,
        "reasons": ["Accuracy fell by 3.1 points."],
        "url": f"https://touchstone.example{report.get_absolute_url()}",
        "sent_at": said["sent_at"],
    }
    signature = dict(part.split("=") for part in headers["X-Touchstone-Signature"].split(","))
    wanted = hmac.new(b"a shared secret", f"{signature['t']}.".encode() + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(signature["v1"], wanted)
    assert abs(timezone.now().timestamp() - int(signature["t"])) < 60
    assert headers["X-Touchstone-Delivery"] == str(delivery.pk)


def test_a_webhook_whose_key_is_lost_fails_for_good_and_says_why(receiver, settings):  # noqa: F811
    settings.WEBHOOK_PRIVATE_NETWORKS = True
    settings.EMAIL_ENABLED = True
    report = make_report(emails=["a@example.com"], webhook_url=receiver.url, webhook_secret="s")
    settings.SECRETS_KEYS = [make_key()]
    mailed, told = notify(Report.objects.get(pk=report.pk))
    assert attempt(mailed).state == DeliveryState.SENT
    assert told.address == "a webhook that cannot be read"
    told = attempt(told)
    wanted = "The webhook's address and secret cannot be read with SECRETS_KEYS: enter it again in the schedule."
    assert (told.state, told.error) == (DeliveryState.FAILED, wanted)
    assert receiver.got == []


def test_a_webhook_to_the_inside_fails_for_good(receiver):  # noqa: F811
    delivery = attempt(notify(make_report(webhook_url=receiver.url, webhook_secret="s"))[0])
    assert delivery.state == DeliveryState.FAILED
    assert "WEBHOOK_PRIVATE_NETWORKS" in delivery.error
    assert receiver.got == []


def test_a_failed_attempt_waits_longer_each_time_and_gives_up_at_last(receiver, settings):  # noqa: F811
    settings.WEBHOOK_PRIVATE_NETWORKS = True
    receiver.status = 503
    delivery = attempt(notify(make_report(webhook_url=receiver.url, webhook_secret="s"))[0])
    Job.objects.all().delete()
    for number, pause in enumerate(PAUSES, 1):
        assert (delivery.state, delivery.attempts) == (DeliveryState.WAITING, number)
        assert retry_deliveries(now=let_pass(delivery, pause - 5)) == 0
        now = let_pass(delivery, pause + 5)
        assert retry_deliveries(now=now) == 1
        assert retry_deliveries(now=now) == 0, "it has its job already"
        run_job(Job.objects.get(state=JobState.QUEUED).pk)
        delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.FAILED, len(PAUSES) + 1)
    assert "503" in delivery.error
    assert len(receiver.got) == len(PAUSES) + 1
    assert retry_deliveries(now=let_pass(delivery, 10**6)) == 0


def test_what_failed_and_then_got_through_is_sent(receiver, settings):  # noqa: F811
    settings.WEBHOOK_PRIVATE_NETWORKS = True
    receiver.status = 500
    delivery = attempt(notify(make_report(webhook_url=receiver.url, webhook_secret="s"))[0])
    receiver.status = 200
    let_pass(delivery, PAUSES[0] + 5)
    delivery = attempt(delivery)
    assert (delivery.state, delivery.attempts, delivery.error) == (DeliveryState.SENT, 2, "")
    attempt(delivery)
    assert len(receiver.got) == 2


def test_a_second_job_does_not_send_while_an_attempt_may_be_under_way():
    delivery = notify(make_report(emails=["a@example.com"]))[0]
    assert notifying._claim(delivery.pk).attempts == 1
    attempt(delivery)
    assert mail.outbox == []
    let_pass(delivery, PAUSES[0] + 5)
    assert attempt(delivery).state == DeliveryState.SENT
    assert len(mail.outbox) == 1


def test_attempts_whose_processes_died_are_counted():
    delivery = notify(make_report(emails=["a@example.com"]))[0]
    Delivery.objects.update(attempts=len(PAUSES) + 1)
    let_pass(delivery, 10**6)
    assert attempt(delivery).state == DeliveryState.FAILED
    assert delivery.error == "Every attempt was cut short."
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("error", "for_good"),
    [
        (SMTPServerDisconnected("gone"), False),
        (TimeoutError("timed out"), False),
        (SMTPRecipientsRefused({"a@example.com": (550, b"unknown")}), True),
        (SMTPRecipientsRefused({"a@example.com": (451, b"later")}), False),
    ],
)
def test_a_mail_server_that_refuses_is_asked_again_where_that_helps(monkeypatch, error, for_good):
    def fail(self):
        raise error

    monkeypatch.setattr(EmailMultiAlternatives, "send", fail)
    delivery = notify(make_report(emails=["a@example.com"]))[0]
    with pytest.raises(NotDelivered) as caught:
        notifying.send_email(delivery)
    assert caught.value.for_good is for_good


def test_the_task_tells_what_a_dead_process_left_untold():
    report = make_report(emails=["a@example.com"])
    make_report()
    make_report(verdict=Verdict.BETTER, emails=["a@example.com"])
    assert tend_deliveries_task() == 1
    delivery = report.deliveries.get()
    assert notify_untold(now=timezone.now()) == 0
    assert attempt(delivery).state == DeliveryState.SENT


def test_an_old_or_acknowledged_report_is_left_alone():
    for change in ({"created_at": timezone.now() - timedelta(days=3)}, {"acknowledged_at": timezone.now()}):
        Report.objects.filter(pk=make_report(emails=["a@example.com"]).pk).update(**change)
    assert notify_untold(now=timezone.now()) == 0


def test_a_delivery_outlives_its_schedule():
    report = make_report(emails=["a@example.com"], webhook_url="https://hooks.example.com/", webhook_secret="s")
    by_mail, by_webhook = notify(report)
    report.run.schedule.periodic_task.delete()
    assert attempt(by_mail).state == DeliveryState.SENT
    assert attempt(by_webhook).error == "Its schedule does not tell this webhook any more."
