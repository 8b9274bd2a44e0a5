import pytest
from django.core.exceptions import FieldError
from django.db import connection

from apps.core.secrets import SecretUnreadable
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


def test_without_its_key_it_is_not_read(settings):
    schedule = ScheduleFactory(webhook_secret="s3cret")
    settings.SECRETS_KEYS = ["bm9uZS1vZi10aGVzZS1rZXlzLWlzLXVzZWQtbGF0ZXI="]
    with pytest.raises(SecretUnreadable):
        Schedule.objects.get(pk=schedule.pk)
    assert Schedule.objects.defer("webhook_secret").get(pk=schedule.pk).words == schedule.words
