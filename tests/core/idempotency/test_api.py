import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory
from django.urls import get_resolver
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.idempotency.api import IdempotentWrites
from apps.core.idempotency.models import IdempotencyRecord
from apps.core.idempotency.services import HEADER
from apps.core.models import Job
from apps.users.models import User
from apps.users.scopes import FUNCTIONS_WRITE
from tests.api import client_with_key
from tests.functions.factories import FunctionFactory
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


class JobMaker(IdempotentWrites):
    """Makes a job, and then fails when told to."""

    authentication_classes: list[Any] = []
    parser_classes = [MultiPartParser]
    permission_classes: list[Any] = []
    started = threading.Event()
    may_end = threading.Event()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        request.user, request.auth = request._request.sender, None
        super().initial(request, *args, **kwargs)

    def post(self, request: Request) -> Response:
        job = Job.objects.create(kind=request.data["kind"])
        if request.data["kind"] == "bad":
            raise ValidationError({"kind": ["is bad"]})
        if request.data["kind"] == "broken":
            raise ZeroDivisionError
        if request.data["kind"] == "slow":
            self.started.set()
            assert self.may_end.wait(60)
        return Response({"id": job.pk}, status=201, headers={"Location": f"/{job.pk}/", "X-Other": "1"})

    def get(self, request: Request) -> Response:
        return Response({"jobs": Job.objects.count()})


@pytest.fixture
def user() -> User:
    return UserFactory()


def send(user: User, kind: str = "good", key: str | None = "k", method: str = "post") -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    request = getattr(RequestFactory(), method)("/jobs/", {"kind": kind}, headers=headers)
    request.sender = user
    response = JobMaker.as_view()(request)
    response.render()
    return response


def test_the_second_time_nothing_happens_but_the_answer_is_the_same(user: User) -> None:
    first, second = send(user), send(user)
    assert Job.objects.count() == 1
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert second["Location"] == first["Location"]
    assert (first.get("Idempotent-Replayed"), second["Idempotent-Replayed"]) == (None, "true")


def test_without_a_key_every_request_counts(user: User) -> None:
    send(user, key=None)
    send(user, key=None)
    assert Job.objects.count() == 2
    assert not IdempotencyRecord.objects.exists()


def test_another_request_under_the_key(user: User) -> None:
    send(user)
    response = send(user, kind="better")
    assert (response.status_code, response.data["code"]) == (422, "idempotency_mismatch")
    assert Job.objects.count() == 1


def test_a_malformed_key_is_refused_before_anything_happens(user: User) -> None:
    response = send(user, key="x" * 256)
    assert (response.status_code, response.data["errors"][0]["field"]) == (400, "Idempotency-Key")
    assert not Job.objects.exists()


def test_what_failed_left_nothing_and_may_be_sent_mended(user: User) -> None:
    assert send(user, kind="bad").status_code == 400
    assert not Job.objects.exists()
    assert send(user, kind="good").status_code == 201


def test_an_error_of_ours_left_nothing_and_may_be_sent_again(user: User) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            send(user, kind="broken")
    assert not Job.objects.exists()


def test_reads_take_no_notice_of_the_key(user: User) -> None:
    assert send(user, method="get").data == {"jobs": 0}
    send(user, key=None)
    assert send(user, method="get").data == {"jobs": 1}


def test_a_method_that_is_none_of_the_views(user: User) -> None:
    assert send(user, method="put").status_code == 405
    assert not IdempotencyRecord.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_time_one_works(user: User) -> None:
    JobMaker.started.clear()
    JobMaker.may_end.clear()
    answers: list[Any] = []

    def work() -> None:
        try:
            answers.append(send(user, kind="slow"))
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert JobMaker.started.wait(60)
    meanwhile = send(user, kind="slow")
    JobMaker.may_end.set()
    thread.join()
    assert (meanwhile.status_code, meanwhile.data["code"]) == (409, "idempotency_in_progress")
    assert answers[0].status_code == 201
    assert send(user, kind="slow").content == answers[0].content
    assert Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_whoever_lost_the_key_to_another_try_changes_nothing(user: User) -> None:
    JobMaker.started.clear()
    JobMaker.may_end.clear()
    answers: list[Any] = []

    def work() -> None:
        try:
            answers.append(send(user, kind="slow"))
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert JobMaker.started.wait(60)
    IdempotencyRecord.objects.update(lock="another try", locked_until=timezone.now() + timedelta(minutes=1))
    JobMaker.may_end.set()
    thread.join()
    assert answers[0].status_code == 409
    assert not Job.objects.exists()
    assert IdempotencyRecord.objects.get().lock == "another try"


def test_every_write_of_the_api_understands_the_key() -> None:
    views = {view.cls for view in _api_views(get_resolver()) if hasattr(view, "cls")}
    writing = {cls for cls in views if _writes(cls)}
    assert {cls.__name__ for cls in writing if not issubclass(cls, IdempotentWrites)} == set()
    assert {"JobViewSet", "FunctionViewSet"} <= {cls.__name__ for cls in writing}


def _api_views(resolver: Any, prefix: str = "") -> list[Any]:
    found = []
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            found += _api_views(pattern, path)
        elif path.startswith("api/"):
            found.append(pattern.callback)
    return found


def _writes(cls: Any) -> bool:
    names = ["post", "put", "patch", "delete", "create", "update", "partial_update", "destroy"]
    extra = [action for action in getattr(cls, "get_extra_actions", list)() if set(action.mapping) - {"get"}]
    return bool(extra) or any(hasattr(cls, name) for name in names)


def test_an_address_may_have_a_key_of_its_own() -> None:
    client, function = client_with_key(FUNCTIONS_WRITE), FunctionFactory()
    answers = [client.post(f"/api/v1/functions/{function.pk}/retire/", headers={HEADER: "once"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert "Idempotent-Replayed" in answers[1]
