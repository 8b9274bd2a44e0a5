"""Files that are not what they say, too large, packed, or called like a place elsewhere."""

import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.core.models import Job
from apps.core.uploads import bound_bodies, file_limit
from apps.evaluations.models import Case
from apps.users.roles import Role
from tests.api import IMPORT, client_of
from tests.evaluations.factories import SuiteFactory
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.critical]

MEGABYTE = 1024 * 1024


def pack_zip(name: str = "functions.json") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, b"0" * MEGABYTE)
    return packed.getvalue()


def pack_tar() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("../../etc/cron.d/evil")
        member.size = 4
        archive.addfile(member, io.BytesIO(b"evil"))
    return packed.getvalue()


NOT_WHAT_THEY_SAY = [
    ("a.json", pack_zip()),
    ("a.json", pack_zip("../../etc/passwd")),
    ("a.jsonl", gzip.compress(b"0" * 10 * MEGABYTE)),
    ("a.csv", pack_tar()),
    ("a.csv", b"\x7fELF\x02\x01\x01\0" + b"\0" * 100),
    ("a.jsonl", b"\xff\xfe{\0}\0"),
    ("a.json", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
]


@pytest.fixture
def curator(client: Client, settings, tmp_path: Path) -> Client:
    settings.UPLOADS_DIR = tmp_path / "uploads"
    client.force_login(UserFactory(role=Role.CURATOR))
    return client


@pytest.mark.parametrize(("name", "body"), NOT_WHAT_THEY_SAY)
def test_an_import_takes_no_file_that_is_not_what_it_says(curator: Client, settings, name: str, body: bytes) -> None:
    response = curator.post(reverse("functions:import"), {"file": SimpleUploadedFile(name, body), "library": "x"})
    assert response.status_code == 422
    assert response.context["form"].errors["file"]
    assert not Job.objects.exists()
    assert list(settings.UPLOADS_DIR.glob("*")) == []


@pytest.mark.parametrize(("name", "body"), [row for row in NOT_WHAT_THEY_SAY if not row[0].endswith(".json")])
def test_a_suite_takes_no_file_that_is_not_what_it_says(curator: Client, name: str, body: bytes) -> None:
    suite = SuiteFactory(target="functions.search")
    address = reverse("evaluations:import_cases", args=[suite.pk])
    response = curator.post(address, {"file": SimpleUploadedFile(name, body)}, follow=True)
    assert response.status_code in (200, 422)
    assert "file: " in response.content.decode() or "line 1: " in response.content.decode()
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    "name", ["../../../etc/cron.d/a.jsonl", "..\\..\\a.jsonl", "/etc/a.jsonl", "a\0.jsonl", ".jsonl", "..", "-rf.jsonl"]
)
def test_no_name_of_a_file_leads_elsewhere(curator: Client, settings, tmp_path: Path, name: str) -> None:
    body = json.dumps({"name": "f", "language": "python", "description": "Does."}).encode()
    file = SimpleUploadedFile("x.jsonl", body)
    file._name = name  # the class would clean it, as no sender does
    response = curator.post(reverse("functions:import"), {"file": file, "library": "x"})
    assert response.status_code in (302, 400, 422)
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert all(path.parent.parent == settings.UPLOADS_DIR for path in kept)
    assert len(kept) == (response.status_code == 302)


@pytest.mark.parametrize("route", ["account_login", "functions:new", "evaluations:new_suite"])
def test_what_takes_no_file_takes_no_large_body(curator: Client, route: str) -> None:
    response = curator.post(reverse(route), headers={"Content-Length": str(12 * MEGABYTE + 1)})
    assert response.status_code == 413
    assert b"at most 12 MB" in response.content


def test_a_stranger_sends_nothing_large(settings) -> None:
    response = Client().post(reverse("functions:import"), headers={"Content-Length": str(13 * MEGABYTE)})
    assert response.status_code == 413


def test_a_file_is_as_large_as_it_may_be(curator: Client, settings) -> None:
    for size, status in ((file_limit(), 422), (file_limit() + 1, 413)):
        headers = {"Content-Length": str(size)}
        response = curator.generic("POST", reverse("functions:import"), b"", "text/plain", headers=headers)
        assert response.status_code == status
    settings.IMPORT_MAX_UPLOAD_BYTES = 10
    response = curator.post(reverse("functions:import"), {"file": SimpleUploadedFile("a.json", b"[]" * 10)})
    assert response.status_code == 422


def test_the_api_says_so_as_a_problem() -> None:
    for path in (IMPORT, "/api/v1/suites/"):
        headers = {"Content-Length": str(1024 * MEGABYTE)}
        response = client_of().post(path, "{}", content_type="application/json", headers=headers)
        assert response.status_code == 413
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["code"] == "too_large"


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 100_000, b'{"records": [' + b"1" * 5_000 + b"]}"])
def test_json_beyond_reason_is_refused(body: bytes) -> None:
    response = client_of().post(IMPORT, body, content_type="application/json")
    assert response.status_code == 400


class Exchange:
    """A request to the gateway, of 40 bytes at a time without an end, and what it is answered."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.asked = 0
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        self.asked += 1
        return {"type": "http.request", "body": b"x" * 40, "more_body": True}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    async def application(self, scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "http.request":
            self.heard.append(message["body"])
        assert (await receive())["type"] == "http.disconnect"
        await send({"type": "http.response.start", "status": 200, "headers": []})

    def assert_refused(self) -> None:
        start, body = self.sent
        headers = dict(start["headers"])
        assert (start["status"], headers[b"content-type"]) == (413, b"application/problem+json")
        assert headers[b"connection"] == b"close"
        assert int(headers[b"content-length"]) == len(body["body"])
        assert json.loads(body["body"])["code"] == "too_large"


def test_the_gateway_refuses_a_body_without_a_length_once_it_is_too_large() -> None:
    exchange = Exchange()
    bounded = bound_bodies(exchange.application, 100)
    async_to_sync(bounded)({"headers": []}, exchange.receive, exchange.send)
    assert b"".join(exchange.heard) == b"x" * 80
    assert exchange.asked == 3, "the rest is not read"
    exchange.assert_refused()


def test_an_answer_that_has_begun_is_not_answered_again() -> None:
    exchange = Exchange()

    async def stream(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (await receive())["type"] == "http.request":
            pass
        await send({"type": "http.response.body", "body": b""})

    async_to_sync(bound_bodies(stream, 100))({"headers": []}, exchange.receive, exchange.send)
    assert [message["type"] for message in exchange.sent] == ["http.response.start", "http.response.body"]
    assert exchange.sent[0]["status"] == 200


def test_the_gateway_answers_what_says_that_it_is_too_large() -> None:
    exchange = Exchange()
    bounded = bound_bodies(exchange.application, 100)
    async_to_sync(bounded)({"headers": [(b"content-length", b"101")]}, exchange.receive, exchange.send)
    assert (exchange.heard, exchange.asked) == ([], 0)
    exchange.assert_refused()
