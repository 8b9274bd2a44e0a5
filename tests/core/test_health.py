import pytest
from django.db import OperationalError
from redis.exceptions import ConnectionError as RedisConnectionError

from apps.core import health, metrics

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_live_needs_nothing(client):
    assert client.get("/health/live").json() == {"status": "ok"}


def test_ready_names_each_dependency(client):
    response = client.get("/health/ready")
    checks = response.json()["checks"]
    assert response.status_code == 200
    assert {"database", "cache", "migrations", "model", "index"} <= set(checks)
    assert checks["database"]["status"] == "ok"
    assert "pgvector" in checks["database"]["detail"]


def test_without_the_database_it_is_not_ready(client, monkeypatch):
    def fail():
        raise OperationalError("the socket is gone\nDETAIL: nothing")

    monkeypatch.setattr(health.connection, "cursor", fail)
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["checks"]["database"] == {
        "status": "failed",
        "detail": "PostgreSQL does not answer: the socket is gone",
        "ms": response.json()["checks"]["database"]["ms"],
    }


def test_without_the_cache_it_is_degraded_but_serves(client, monkeypatch):
    def fail(alias):
        raise RedisConnectionError("gone")

    monkeypatch.setattr(health, "get_redis_connection", fail)
    response = client.get("/health/ready")
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"


def test_metrics_are_a_closed_catalogue(client):
    metrics.count("cache_hits", namespace="test", tier="local")
    with pytest.raises(KeyError):
        metrics.count("made_up")
    with pytest.raises(ValueError, match="label"):
        metrics.count("cache_hits", colour="red")
    page = client.get("/metrics").content.decode()
    assert 'touchstone_cache_hits_total{namespace="test",tier="local"}' in page
    assert "touchstone_jobs" in page
    assert "django_http_requests" in page


def test_every_metric_of_ours_is_in_the_docs():
    from pathlib import Path

    page = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text()
    counted = [metric._name for metric in (*metrics.COUNTERS.values(), *metrics.HISTOGRAMS.values())]
    read = [f"touchstone_{name}" for name in metrics._gauges]
    assert [name for name in (*counted, *read) if f"`{name}" not in page] == []


@pytest.mark.parametrize(
    ("given", "kept"), [("abc-123", True), ("x" * 65, False), ("a b", False), ("<script>", False), ("", False)]
)
def test_the_request_id_is_taken_when_harmless_and_returned(client, given, kept):
    response = client.get("/health/live", headers={"X-Request-ID": given})
    assert (response["X-Request-ID"] == given) == kept
    assert len(response["X-Request-ID"]) in (len(given), 32)
