"""Imports over the API: what becomes a job, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.core.models import Job
from tests.api import IMPORT, RECORD, client_of, fault

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


class TestImport:
    @pytest.fixture(autouse=True)
    def uploads(self, settings: Settings, tmp_path: Path) -> Path:
        settings.UPLOADS_DIR = tmp_path / "uploads"
        return settings.UPLOADS_DIR

    def upload(self, client: APIClient, content: bytes, name: str = "functions.jsonl", **options: Any) -> Any:
        body = {"file": SimpleUploadedFile(name, content), "library": "texts", **options}
        return client.post(IMPORT, body, format="multipart")

    def test_a_file_becomes_a_job(self, uploads: Path) -> None:
        client = client_of()
        response = self.upload(client, json.dumps(RECORD).encode(), strict="true", retire_missing="on")
        assert response.status_code == 202
        job = Job.objects.get()
        assert response.json()["id"] == job.pk
        assert response["Location"].endswith(f"/api/v1/jobs/{job.pk}/")
        assert client.get(response["Location"]).json()["kind"] == "functions.import"
        assert job.created_by == client.user
        wanted = {"library": "texts", "strict": True, "retire_missing": True, "remove_after": True}
        assert job.params | wanted == job.params
        assert Path(job.params["path"]).read_bytes() == json.dumps(RECORD).encode()

    def test_records_become_a_job_too(self) -> None:
        body = {"library": "texts", "records": [RECORD, {"name": "größe"}], "language": "py"}
        response = client_of().post(IMPORT, body, format="json")
        assert response.status_code == 202
        job = Job.objects.get()
        lines = Path(job.params["path"]).read_text().splitlines()
        assert [json.loads(line) for line in lines] == body["records"]
        assert (job.params["library"], job.params["strict"]) == ("texts", False)

    @pytest.mark.parametrize(
        ("options", "field"),
        [
            ({"library": ""}, "library"),
            ({"library": "a\x07"}, "library"),
            ({"strict": "perhaps"}, "strict"),
            ({"language": "klingon"}, "language"),
            ({"librari": "x"}, "librari"),
            ({"name": "picture.png", "content": b"\x89PNG\0"}, "file"),
            ({"content": b""}, "file"),
        ],
    )
    def test_what_is_wrong_with_a_file_is_named_and_nothing_kept(
        self, options: dict[str, Any], field: str, uploads: Path
    ) -> None:
        arguments = {"content": json.dumps(RECORD).encode(), **options}
        assert fault(self.upload(client_of(), arguments.pop("content"), **arguments)) == field
        assert not Job.objects.exists()
        assert not list(uploads.glob("*"))

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"library": "texts"}, "records"),
            ({"library": "texts", "records": []}, "records"),
            ({"library": "texts", "records": [5]}, "records.0"),
            ({"records": [RECORD]}, "library"),
            ({"library": "texts", "records": [RECORD], "file": "x"}, "file"),
        ],
    )
    def test_what_is_wrong_with_records_is_named(self, body: dict[str, Any], field: str) -> None:
        assert fault(client_of().post(IMPORT, body, format="json")) == field
        assert not Job.objects.exists()

    def test_a_file_that_is_too_large(self, settings: Settings, uploads: Path) -> None:
        settings.IMPORT_MAX_UPLOAD_BYTES = 100
        response = self.upload(client_of(), b"x" * 2_000_000)
        assert (response.status_code, response.json()["code"]) == (413, "too_large")
        assert fault(self.upload(client_of(), b"x" * 200)) == "file"
        assert not list(uploads.glob("*"))

    def test_the_same_file_sent_twice_under_a_key_is_one_job(self) -> None:
        client = client_of()
        client.credentials(HTTP_IDEMPOTENCY_KEY="upload-1")
        answers = [self.upload(client, json.dumps(RECORD).encode()) for _ in range(2)]
        assert answers[0].json() == answers[1].json()
        assert answers[1]["Idempotent-Replayed"] == "true"
        assert answers[0]["Location"] == answers[1]["Location"]
        assert Job.objects.count() == 1
        assert self.upload(client, b'{"name": "other"}').status_code == 422
