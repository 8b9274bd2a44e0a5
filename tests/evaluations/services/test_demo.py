"""When the demo's suite is filled and swept for the first time."""

from dataclasses import replace

import pytest

from apps.core.jobs.registry import get_followers
from apps.core.models import Job, JobState
from apps.evaluations.services import demo
from apps.evaluations.services.suites import create_suite
from apps.functions.services.indexing import IndexState

READY = IndexState(
    generation="7", digest="d", documents=10, with_vectors=10, published=10, waiting_embedding=0, changes_waiting=0,
    built_at=None, model_digest="model", megabytes=1.0, watermark=1,
)  # fmt: skip


@pytest.mark.unit
class TestSearchable:
    def test_with_all_of_it_by_meaning(self) -> None:
        assert demo.is_searchable(READY, "model")

    @pytest.mark.parametrize(
        "changes",
        [
            {"with_vectors": 9},  # embedded while the index was built: only the next one has it
            {"published": 11},
            {"model_digest": ""},
            {"model_digest": "an older model"},
            {"documents": 0, "published": 0, "with_vectors": 0},
        ],
        ids=str,
    )
    def test_not_before(self, changes: dict[str, object]) -> None:
        assert not demo.is_searchable(replace(READY, **changes), "model")

    def test_by_words_where_there_is_no_model(self) -> None:
        assert demo.is_searchable(replace(READY, with_vectors=0, model_digest="", waiting_embedding=10), "")


@pytest.mark.integration
@pytest.mark.django_db
class TestFilling:
    @pytest.fixture(autouse=True)
    def ready(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(demo, "index_state", lambda: READY)
        monkeypatch.setattr(demo, "model_digest", lambda: "model")
        create_suite(name=demo.NAME)

    @pytest.mark.parametrize("kind", demo.BEFORE)
    def test_waits_for_jobs_that_come_before(self, kind: str) -> None:
        job = Job.objects.create(kind=kind, state=JobState.RUNNING)
        demo.fill_when_ready()
        assert list(Job.objects.all()) == [job]

    def test_starts_once(self) -> None:
        demo.fill_when_ready()
        demo.fill_when_ready()
        assert [job.kind for job in Job.objects.all()] == [demo.KIND]

    @pytest.mark.parametrize("kind", ["functions.build_index", "functions.embed"])
    def test_follows_what_it_waits_for(self, kind: str) -> None:
        assert demo.fill_when_ready in get_followers(kind)
