import json
from io import StringIO
from itertools import count
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command

from apps.core.audit.models import AuditEntry
from apps.core.secrets import decrypt, encrypt, is_current, rotation, stores
from apps.core.secrets.keys import make_key
from apps.core.secrets.rotation import rotate_secrets
from apps.evaluations.models import Schedule
from tests.core.secrets.test_fields import stored
from tests.evaluations.factories import ScheduleFactory
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


def run_command() -> tuple[int, dict[str, Any]]:
    out = StringIO()
    try:
        call_command("rotate_secrets", "--json", stdout=out)
    except SystemExit as error:
        return int(error.code or 0), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def make_rows(wanted: int = 1) -> list[Schedule]:
    return ScheduleFactory.create_batch(wanted, webhook_url="https://hooks.example.com/t", webhook_secret="s3cret")


def test_every_secret_is_read_with_the_new_key_alone(settings):
    schedules = make_rows(3)
    totp = Authenticator.objects.create(
        user=UserFactory(), type=Authenticator.Type.TOTP, data={"secret": encrypt("TOTP"), "last_step": 7}
    )
    codes = Authenticator.objects.create(
        user=UserFactory(), type=Authenticator.Type.RECOVERY_CODES,
        data={"seed": encrypt("seed"), "used_mask": 3, "migrated_codes": [encrypt("1"), encrypt("2")]},
    )  # fmt: skip
    settings.SECRETS_KEYS = [make_key(), *settings.SECRETS_KEYS]
    assert rotate_secrets().rewritten == 8
    settings.SECRETS_KEYS = settings.SECRETS_KEYS[:1]
    assert {schedule.webhook_secret for schedule in Schedule.objects.all()} == {"s3cret"}
    assert all(is_current(text) for schedule in schedules for text in stored(schedule))
    totp.refresh_from_db()
    assert (decrypt(totp.data["secret"]), totp.data["last_step"]) == ("TOTP", 7)
    codes.refresh_from_db()
    assert [decrypt(code) for code in codes.data["migrated_codes"]] == ["1", "2"]
    assert (decrypt(codes.data["seed"]), codes.data["used_mask"]) == ("seed", 3)


def test_again_it_rewrites_nothing(settings):
    make_rows(2)
    settings.SECRETS_KEYS = [make_key(), *settings.SECRETS_KEYS]
    rotate_secrets()
    before = list(map(stored, Schedule.objects.all()))
    again = rotate_secrets()
    assert (again.rewritten, again.current, again.unreadable) == (0, 4, [])
    assert list(map(stored, Schedule.objects.all())) == before


def test_cut_short_it_goes_on_from_there(settings, monkeypatch):
    make_rows(5)
    settings.SECRETS_KEYS = [make_key(), *settings.SECRETS_KEYS]
    monkeypatch.setattr(rotation, "ROWS_AT_ONCE", 2)
    write, calls = stores.Store.write, count(1)

    def write_three(self, pk, fresh):
        if next(calls) > 3:
            raise KeyboardInterrupt
        write(self, pk, fresh)

    with monkeypatch.context() as patch:
        patch.setattr(stores.Store, "write", write_three)
        with pytest.raises(KeyboardInterrupt):
            rotate_secrets()
    done = rotate_secrets()
    assert done.current == 2
    assert done.rewritten == 8


def test_what_no_key_opens_is_named_and_left(settings):
    [lost] = make_rows()
    before = stored(lost)
    settings.SECRETS_KEYS = [make_key()]
    [good] = make_rows()
    settings.SECRETS_KEYS = [make_key(), *settings.SECRETS_KEYS]
    done = rotate_secrets()
    assert sorted(done.unreadable) == [
        f"evaluations.Schedule.webhook_secret {lost.pk}",
        f"evaluations.Schedule.webhook_url {lost.pk}",
    ]
    assert stored(lost) == before
    assert all(is_current(text) for text in stored(good))


def test_the_command_says_what_it_did(settings):
    make_rows()
    settings.SECRETS_KEYS = [make_key(), *settings.SECRETS_KEYS]
    assert run_command() == (0, {"rewritten": 2, "current": 0, "unreadable": []})
    entry = AuditEntry.objects.get(event="secrets.rotated")
    assert entry.additional_data == {"rewritten": 2, "unreadable": 0}
    settings.SECRETS_KEYS = [make_key()]
    status, result = run_command()
    assert status == 1
    assert len(result["unreadable"]) == 2
