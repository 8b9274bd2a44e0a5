from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import Conflict, InvalidInput
from apps.core.idempotency.models import IdempotencyRecord
from apps.core.idempotency.services import (
    KEEP,
    KeyReused,
    StoredAnswer,
    check_key,
    claim_key,
    digest_request,
    prune_records,
    release_key,
    store_answer,
)
from tests.users.factories import UserFactory

ANSWER = StoredAnswer(201, {"Location": "/x/"}, '{"id": 1}')
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def digest(data: Any = None, **other: str) -> str:
    return digest_request(**{"method": "POST", "path": "/a/", "precondition": "", "data": data, **other})


class TestDigest:
    pytestmark = pytest.mark.unit

    @given(JSON, JSON)
    def test_equal_for_equal_data_only(self, one: Any, other: Any) -> None:
        # JSON tells true from 1, which Python's equality does not.
        assert (digest(one) == digest(other)) is (repr(_sorted(one)) == repr(_sorted(other)))

    @pytest.mark.parametrize("other", [{"method": "PATCH"}, {"path": "/b/"}, {"precondition": '"1-1"'}])
    def test_another_request_with_the_same_body_is_another(self, other: dict[str, str]) -> None:
        assert digest({"a": 1}) != digest({"a": 1}, **other)

    def test_the_order_of_members_does_not_count(self) -> None:
        assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})

    def test_files_count_by_name_and_content_and_can_be_read_again(self) -> None:
        def form(name: str, content: bytes) -> QueryDict:
            data = QueryDict(mutable=True)
            data.update({"library": "x", "file": SimpleUploadedFile(name, content)})
            return data

        first = form("a.jsonl", b"one")
        assert digest(first) == digest(form("a.jsonl", b"one"))
        assert first["file"].read() == b"one"
        assert digest(first) != digest(form("a.jsonl", b"two"))
        assert digest(first) != digest(form("b.jsonl", b"one"))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(inner) for inner in value] if isinstance(value, list) else value


class TestKey:
    pytestmark = pytest.mark.unit

    @pytest.mark.parametrize("key", ["a", "x" * 255, "2f6c-…".replace("…", "9"), "two words"])
    def test_names_that_will_do(self, key: str) -> None:
        assert check_key(key) == key

    @pytest.mark.parametrize("key", ["", "x" * 256, "ключ", "a\nb", "a\0"])
    def test_names_that_will_not(self, key: str) -> None:
        with pytest.raises(InvalidInput, match="Idempotency-Key"):
            check_key(key)


@pytest.mark.integration
@pytest.mark.django_db
class TestClaim:
    def claim(self, user: Any, key: str = "k", fingerprint: str = "f") -> IdempotencyRecord:
        return claim_key(user_id=user.pk, key=key, fingerprint=fingerprint)

    def test_the_first_works_and_the_next_gets_its_answer(self) -> None:
        user = UserFactory()
        record = self.claim(user)
        assert not record.is_answered
        store_answer(record=record, answer=ANSWER)
        again = self.claim(user)
        assert (again.status, again.headers, again.body) == (201, {"Location": "/x/"}, '{"id": 1}')

    def test_while_the_first_works_the_next_is_sent_away(self) -> None:
        user = UserFactory()
        self.claim(user)
        with pytest.raises(Conflict) as caught:
            self.claim(user)
        assert caught.value.code == "idempotency_in_progress"

    @pytest.mark.parametrize("answered", [True, False])
    def test_another_request_is_refused_whether_or_not_the_first_is_over(self, answered: bool) -> None:
        user = UserFactory()
        record = self.claim(user)
        if answered:
            store_answer(record=record, answer=ANSWER)
        with pytest.raises(KeyReused):
            self.claim(user, fingerprint="other")

    def test_keys_of_two_users_have_nothing_to_do_with_each_other(self) -> None:
        store_answer(record=self.claim(UserFactory()), answer=ANSWER)
        assert not self.claim(UserFactory()).is_answered

    def test_after_a_failure_the_key_is_free(self) -> None:
        user = UserFactory()
        release_key(self.claim(user))
        assert not self.claim(user, fingerprint="mended").is_answered

    def test_a_request_that_died_is_taken_over_and_can_answer_no_more(self) -> None:
        user = UserFactory()
        dead = self.claim(user)
        IdempotencyRecord.objects.update(locked_until=timezone.now() - timedelta(seconds=1))
        heir = self.claim(user)
        with pytest.raises(Conflict):
            store_answer(record=dead, answer=ANSWER)
        release_key(dead)
        store_answer(record=heir, answer=ANSWER)
        assert self.claim(user).is_answered

    def test_an_answer_is_not_released(self) -> None:
        user = UserFactory()
        record = self.claim(user)
        store_answer(record=record, answer=ANSWER)
        release_key(record)
        assert self.claim(user).is_answered

    def test_a_day_later_the_key_is_new(self) -> None:
        user = UserFactory()
        store_answer(record=self.claim(user), answer=ANSWER)
        IdempotencyRecord.objects.update(created_at=timezone.now() - KEEP - timedelta(seconds=1))
        assert not self.claim(user, fingerprint="other").is_answered

    def test_pruning_takes_only_what_is_old(self) -> None:
        user = UserFactory()
        self.claim(user, "old")
        IdempotencyRecord.objects.update(created_at=timezone.now() - KEEP - timedelta(seconds=1))
        self.claim(user, "new")
        assert prune_records() == 1
        assert list(IdempotencyRecord.objects.values_list("key", flat=True)) == ["new"]
