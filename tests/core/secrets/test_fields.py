import copy
import hmac
import pickle

import pytest
from django.core.exceptions import FieldError
from django.db import connection

from apps.core.secrets import SecretUnreadable
from apps.core.secrets.fields import ENTER_AGAIN, UnreadableText
from apps.core.secrets.keys import make_key
from apps.evaluations.models import Schedule
from tests.evaluations.factories import ScheduleFactory

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


def stored(schedule: Schedule) -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT webhook_url, webhook_secret FROM evaluations_schedule WHERE id = %s", [schedule.pk])
        return cursor.fetchone()


def test_the_database_sees_no_secret():
    schedule = ScheduleFactory(webhook_url="https://hooks.example.com/token", webhook_secret="s3cret")
    assert all(text.startswith("gAAAAA") for text in stored(schedule))
    read = Schedule.objects.get(pk=schedule.pk)
    assert (read.webhook_url, read.webhook_secret) == ("https://hooks.example.com/token", "s3cret")


def test_an_empty_text_stays_empty_and_can_be_looked_up():
    without, with_one = ScheduleFactory(), ScheduleFactory(webhook_url="https://hooks.example.com/")
    assert stored(without) == ("", "")
    assert list(Schedule.objects.filter(webhook_url="")) == [without]
    assert list(Schedule.objects.exclude(webhook_url="")) == [with_one]


@pytest.mark.parametrize("lookup", ["webhook_url", "webhook_url__contains", "webhook_url__in", "webhook_url__gt"])
def test_it_cannot_be_looked_up_by_its_text(lookup):
    with pytest.raises(FieldError):
        list(Schedule.objects.filter(**{lookup: "https://hooks.example.com/"}))


def test_without_its_key_it_says_so_and_saving_the_row_loses_nothing(settings):
    schedule = ScheduleFactory(webhook_secret="s3cret")
    known, before = settings.SECRETS_KEYS, stored(schedule)
    settings.SECRETS_KEYS = [make_key()]
    read = Schedule.objects.get(pk=schedule.pk)
    assert (read.webhook_secret, read.unreadable) == (ENTER_AGAIN, ["webhook_secret"])
    read.words = "every hour"
    read.save()
    copy.deepcopy(read).save()
    assert stored(schedule) == before
    settings.SECRETS_KEYS = known
    assert Schedule.objects.get(pk=schedule.pk).webhook_secret == "s3cret"


def test_what_says_that_it_cannot_be_read_signs_nothing(settings):
    text = UnreadableText.of("gAAAAA")
    with pytest.raises(SecretUnreadable):
        hmac.new(text.encode(), b"body", "sha256")
    with pytest.raises(SecretUnreadable):
        pickle.loads(pickle.dumps(text)).encode()
