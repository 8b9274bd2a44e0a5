import time
from typing import Any

import pytest

from apps.inference.curated import forget_curated
from apps.inference.models import PerformanceReset
from apps.users.models import User
from apps.users.roles import Role
from tests.api import client_of, client_with_key
from tests.inference.factories import ModelFactory
from tests.inference.recording.calls import a_call, write
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

PERFORMANCE, CALLS = "/api/v1/inference/performance/", "/api/v1/inference/calls/"


@pytest.fixture(autouse=True)
def nothing_known() -> None:
    forget_curated()


def get(client: Any, address: str, status: int = 200, **given: Any) -> Any:
    response = client.get(address, given)
    assert response.status_code == status, response.json()
    return response.json()


def test_figures_of_everybody_are_for_who_may_see_calls() -> None:
    admin, other = client_of(Role.ADMIN), UserFactory()
    write(a_call(admin.user.pk), a_call(other.pk, outcome="timeout", cost=0), a_call(other.pk, cache="exact", cost=0))
    figures = get(admin, PERFORMANCE)
    assert (figures["whose"], figures["requests"], figures["failed"]) == ("all", 3, 1)
    assert {row["name"] for row in figures["people"]} == {admin.user.email, other.email}
    assert figures["caches"] == [{"name": "exact", "requests": 1}]
    assert figures["errors_by_code"] == [{"name": "timeout", "requests": 1}]
    assert {row["name"]: row["requests"] for row in figures["tiers"]} == {"small": 1, "cache": 1}
    assert sum(bar["requests"] for bar in figures["series"]) == 3
    assert [row["type"] for row in figures["cache_types"]] == ["routing", "chat", "sql", "inference", "text"]
    assert set(figures["cache_types"][0]) == {"type", "exact", "semantic", "misses", "hit_ratio"}
    own = get(admin, PERFORMANCE, whose="own")
    assert own["cache_types"] == []
    assert (own["whose"], own["requests"], own["people"]) == ("own", 1, [])


def test_a_program_reads_its_owners_figures() -> None:
    client = client_with_key("inference:read", role=Role.SERVICE)
    write(a_call(User.objects.get().pk), a_call(UserFactory().pk))
    assert get(client, PERFORMANCE)["requests"] == 1
    assert get(client, PERFORMANCE, 403, whose="all")["code"] == "permission_denied"


def test_breakers_are_for_who_may_see_providers() -> None:
    model = ModelFactory()
    [breaker] = [
        one for one in get(client_of(Role.ADMIN), PERFORMANCE)["breakers"] if model.provider.name == one["provider"]
    ]
    assert breaker["state"] == "closed"
    assert get(client_with_key("inference:read", role=Role.SERVICE), PERFORMANCE)["breakers"] == []


def test_a_wrong_parameter_is_named() -> None:
    for wrong in ({"window": "age"}, {"windw": "day"}):
        [error] = get(client_of(Role.ADMIN), PERFORMANCE, 400, **wrong)["errors"]
        assert error["field"] in wrong


def test_keys_need_the_scope() -> None:
    client = client_with_key("inference:use", role=Role.SERVICE)
    get(client, PERFORMANCE, 403)
    get(client, CALLS, 403)


def test_a_reset_is_for_admins() -> None:
    assert client_of(Role.CURATOR).post(f"{PERFORMANCE}reset/").status_code == 403
    assert not PerformanceReset.objects.exists()
    admin = client_of(Role.ADMIN)
    write(a_call(admin.user.pk, at=time.time()))
    answer = admin.post(f"{PERFORMANCE}reset/")
    assert answer.status_code == 200
    assert get(admin, PERFORMANCE, window="reset")["requests"] == 0
    assert get(admin, PERFORMANCE, window="hour")["requests"] == 1


def test_calls_are_ones_own_newest_first_and_in_pages() -> None:
    admin = client_of(Role.ADMIN)
    calls = [a_call(admin.user.pk, at=1_790_000_000 + number, target=f"alias-{number}") for number in range(3)]
    write(*calls, a_call(UserFactory().pk))
    listed = get(admin, CALLS, page_size=2)
    assert listed["count"] == 3
    assert [row["target"] for row in listed["results"]] == ["alias-2", "alias-1"]
    first = listed["results"][0]
    assert first["attempts"] == [
        {"model": "small-one", "provider": "somewhere", "outcome": "ok", "ms": 40.0, "cost": 0.002}
    ]
    assert first["cost"] == 0.002
    assert [row["target"] for row in get(admin, CALLS, target="alias-0")["results"]] == ["alias-0"]


@pytest.mark.usefixtures("tables_stay_known")
def test_a_page_of_calls_takes_as_many_questions_as_one_call(django_assert_max_num_queries: Any) -> None:
    admin = client_of(Role.ADMIN)
    write(*(a_call(admin.user.pk) for _ in range(30)))
    get(admin, CALLS)
    with django_assert_max_num_queries(6):
        get(admin, CALLS)
