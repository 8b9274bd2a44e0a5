from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from apps.inference.models import Call
from apps.inference.tasks import prune_task
from tests.inference.recording.calls import a_call, write

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_old_calls_go_once_a_day() -> None:
    old: Any = timezone.now() - timedelta(days=settings.CALLS_KEEP_DAYS + 1)
    write(a_call(), a_call(at=old.timestamp()))
    assert prune_task() == 1
    assert Call.objects.count() == 1
    assert settings.CELERY_BEAT_SCHEDULE["inference.prune"]["task"] == prune_task.name
