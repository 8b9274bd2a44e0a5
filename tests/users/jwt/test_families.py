"""A family of tokens, whatever is done with it in whatever order."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pytest_django import Settings

from apps.core.audit.models import AuditEntry
from apps.users.jwt.models import Ending, TokenFamily
from apps.users.jwt.services import find_family, refresh_family, revoke_families, revoke_token, start_family
from apps.users.jwt.tokens import TokenRefused
from apps.users.models import User
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def user() -> User:
    return UserFactory()


def code_of(error: pytest.ExceptionInfo[TokenRefused]) -> str:
    return str(error.value.get_codes())


def refusal_of_access(text: str) -> str:
    with pytest.raises(TokenRefused) as refused:
        find_family(access=text)
    return code_of(refused)


def refusal_of_refresh(text: str) -> str:
    with pytest.raises(TokenRefused) as refused:
        refresh_family(refresh=text)
    return code_of(refused)


def test_a_pair_works_and_is_rotated(user: User) -> None:
    first = start_family(user=user, name="nightly", address="192.0.2.7")
    assert find_family(access=first.access).user == user
    second = refresh_family(refresh=first.refresh)
    assert second.refresh != first.refresh
    assert find_family(access=second.access) == find_family(access=first.access) == first.family
    family = TokenFamily.objects.get()
    assert (family.name, family.created_from) == ("nightly", "192.0.2.7")
    assert family.refreshed_at
    assert abs(family.expires_at - timezone.now() - timedelta(days=14)) < timedelta(minutes=1)


def test_a_replayed_refresh_token_ends_its_family_and_no_other(user: User) -> None:
    first, other = start_family(user=user), start_family(user=user)
    second = refresh_family(refresh=first.refresh)
    assert refusal_of_refresh(first.refresh) == "token_reused"
    assert refusal_of_refresh(second.refresh) == refusal_of_refresh(first.refresh) == "token_revoked"
    assert refusal_of_access(first.access) == refusal_of_access(second.access) == "token_revoked"
    assert TokenFamily.objects.get(pk=first.family.pk).ending == Ending.REUSED
    assert find_family(access=other.access) == other.family


def test_the_end_of_a_replayed_family_is_kept_also_within_a_transaction_that_fails(user: User) -> None:
    first = start_family(user=user)
    refresh_family(refresh=first.refresh)
    with transaction.atomic():
        assert refusal_of_refresh(first.refresh) == "token_reused"
    assert TokenFamily.objects.get().revoked_at


def test_either_token_ends_the_family_spent_or_not(user: User) -> None:
    for which in ("access", "refresh"):
        first = start_family(user=user)
        second = refresh_family(refresh=first.refresh)
        revoke_token(token=getattr(first, which))
        assert refusal_of_access(second.access) == refusal_of_refresh(second.refresh) == "token_revoked"
        revoke_token(token=getattr(first, which))


def test_a_family_keeps_the_date_and_cause_of_its_end(user: User) -> None:
    first = start_family(user=user)
    refresh_family(refresh=first.refresh)
    refusal_of_refresh(first.refresh)
    ended = TokenFamily.objects.get()
    assert revoke_families(families=[ended]) == 0
    assert TokenFamily.objects.get().revoked_at == ended.revoked_at
    assert TokenFamily.objects.get().ending == Ending.REUSED


def test_a_deleted_family_is_unknown(user: User) -> None:
    pair = start_family(user=user)
    TokenFamily.objects.all().delete()
    assert refusal_of_access(pair.access) == refusal_of_refresh(pair.refresh) == "token_unknown"


def test_a_family_does_not_pass_to_another_user(user: User) -> None:
    pair = start_family(user=user)
    TokenFamily.objects.update(user=UserFactory())
    assert refusal_of_access(pair.access) == refusal_of_refresh(pair.refresh) == "token_unknown"


def test_a_deactivated_owner_gets_nothing_done(user: User) -> None:
    pair = start_family(user=user)
    User.objects.update(is_active=False)
    assert refusal_of_access(pair.access) == refusal_of_refresh(pair.refresh) == "token_owner_inactive"


def test_a_new_password_ends_all_families(user: User) -> None:
    pair = start_family(user=user)
    user.set_password("another horse 8")
    user.save()
    assert refusal_of_access(pair.access) == refusal_of_refresh(pair.refresh) == "token_revoked"
    assert find_family(access=start_family(user=user).access).user == user


def test_a_new_secret_key_ends_none_while_the_former_is_named(user: User, settings: Settings) -> None:
    pair = start_family(user=user)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new one", [settings.SECRET_KEY]
    second = refresh_family(refresh=pair.refresh)
    assert find_family(access=second.access).user == user


def test_what_happens_to_a_family_is_in_the_audit_log_and_its_tokens_are_not(user: User) -> None:
    first, other = start_family(user=user, name="nightly"), start_family(user=user)
    refresh_family(refresh=first.refresh)
    refusal_of_refresh(first.refresh)
    revoke_families(families=[other.family])
    entries = AuditEntry.objects.filter(event__startswith="jwt.").order_by("pk")
    assert [entry.event for entry in entries] == ["jwt.begun", "jwt.begun", "jwt.reused", "jwt.revoked"]
    written = str(list(entries.values()))
    for pair in (first, other):
        assert pair.family.jti not in written
        assert pair.refresh not in written
        assert pair.access not in written


@pytest.mark.django_db(transaction=True)
def test_of_simultaneous_refreshes_exactly_one_wins(user: User) -> None:
    pair = start_family(user=user)

    def refresh(_: int) -> str:
        try:
            refresh_family(refresh=pair.refresh)
        except TokenRefused as error:
            return str(error.get_codes())
        finally:
            connection.close()
        return "won"

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(refresh, range(8)))
    assert outcomes == ["token_reused"] + ["token_revoked"] * 6 + ["won"]
    assert TokenFamily.objects.get().ending == Ending.REUSED


class Families(RuleBasedStateMachine):
    """One family, and what its holders know: every token they were ever given, and which is the newest."""

    @initialize()
    def start(self) -> None:
        self.user = UserFactory()
        first = start_family(user=self.user)
        self.refresh, self.access = [first.refresh], [first.access]
        self.alive = True

    @rule()
    def refresh_with_the_newest(self) -> None:
        if not self.alive:
            assert refusal_of_refresh(self.refresh[-1]) == "token_revoked"
            return
        pair = refresh_family(refresh=self.refresh[-1])
        assert pair.refresh not in self.refresh
        self.refresh.append(pair.refresh)
        self.access.append(pair.access)

    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        if len(self.refresh) < 2:
            return
        spent = data.draw(st.sampled_from(self.refresh[:-1]))
        assert refusal_of_refresh(spent) == ("token_reused" if self.alive else "token_revoked")
        self.alive = False

    @rule(data=st.data())
    def revoke(self, data: st.DataObject) -> None:
        revoke_token(token=data.draw(st.sampled_from(self.refresh + self.access)))
        self.alive = False

    @rule(data=st.data())
    def take_one_kind_for_the_other(self, data: st.DataObject) -> None:
        assert refusal_of_access(data.draw(st.sampled_from(self.refresh))) == "token_wrong_type"
        assert refusal_of_refresh(data.draw(st.sampled_from(self.access))) == "token_wrong_type"

    @invariant()
    def every_access_token_lives_as_long_as_the_family(self) -> None:
        for access in getattr(self, "access", []):
            if self.alive:
                assert find_family(access=access).user == self.user
            else:
                assert refusal_of_access(access) == "token_revoked"


@pytest.mark.slow
def test_whatever_is_done_in_whatever_order(db: None) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        Families, settings=hypothesis_settings(max_examples=25, stateful_step_count=12, deadline=None)
    )
