from datetime import timedelta

import pytest
from django.utils import timezone

from apps.users.jwt.models import TokenFamily
from apps.users.jwt.services import KEPT_FOR, start_family
from apps.users.tasks import prune_tokens_task
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_families_go_a_while_after_their_end() -> None:
    kept, gone = (start_family(user=UserFactory()).family for _ in range(2))
    edge = timezone.now() - KEPT_FOR
    TokenFamily.objects.filter(pk=kept.pk).update(expires_at=edge + timedelta(minutes=1))
    TokenFamily.objects.filter(pk=gone.pk).update(expires_at=edge - timedelta(minutes=1))
    assert prune_tokens_task() == 1
    assert TokenFamily.objects.get() == kept
