"""What the tiles of this app show."""

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from apps.core.health import check_all
from apps.core.home.items import Decision
from apps.core.home.tiles import gather_decisions, gather_news, gather_steps
from apps.core.home.visits import find_since
from apps.core.models import Job
from apps.core.templatetags.core_tags import in_words, job_title

RECENT = timedelta(days=1)
MOST_JOBS = 5
BAD = "bad"
PARTS = {
    "database": "Database",
    "migrations": "Tables",
    "cache": "Valkey",
    "worker": "Worker",
    "beat": "Scheduler",
    "gateway": "Gateway",
    "index": "Search index",
    "model": "Embedding model",
    "language_model": "Language model",
    "providers": "Providers of models",
    "schedules": "Scheduled sweeps",
}
TONES = {"ok": "good", "degraded": "warn", "failed": "bad"}
WORDS = {"ok": "well", "degraded": "limited", "failed": "down"}


def show_steps(user: Any) -> dict[str, Any] | None:
    """Nothing once all is done."""
    steps = gather_steps(user)
    return {"steps": steps} if any(not step.is_done for step in steps) else None


def show_decisions(user: Any) -> dict[str, Any]:
    return {"decisions": gather_decisions(user)}


def show_news(user: Any) -> dict[str, Any]:
    since = find_since(user)
    # Who had no account then was not here.
    return {"news": gather_news(user, since), "since": since, "was_here": user.date_joined <= since}


def show_jobs(user: Any) -> dict[str, Any]:
    jobs = Job.objects.whole().open().select_related("created_by").defer("params", "result")
    return {"jobs": jobs[:MOST_JOBS]}


def show_health(user: Any) -> dict[str, Any]:
    found = check_all()
    rows = [
        {"title": PARTS.get(name) or in_words(name), "tone": TONES[one["status"]], "word": WORDS[one["status"]], **one}
        for name, one in sorted(found.items(), key=lambda item: list(PARTS).index(item[0]) if item[0] in PARTS else 99)
    ]
    return {"parts": rows, "ill": sum(row["status"] != "ok" for row in rows)}


def list_failed_jobs(user: Any) -> list[Decision]:
    """Jobs of the last day that failed and that nobody has seen, for who may start them again or say why."""
    if not user.has_perm("core.change_job"):
        return []
    failed = Job.objects.whole().unseen().filter(finished_at__gte=timezone.now() - RECENT)
    jobs = list(failed.only("pk", "kind", "error")[: MOST_JOBS + 1])
    if len(jobs) > MOST_JOBS:
        href = f"{reverse('core:jobs')}?seen=no"
        return [Decision("Many jobs failed since yesterday", href, "jobs", tone=BAD)]
    return [_describe_failed(job) for job in jobs]


def _describe_failed(job: Job) -> Decision:
    said = f"{job_title(job.kind)} #{job.pk} failed"
    action = reverse("core:see_job", args=[job.pk])
    return Decision(said, reverse("core:job", args=[job.pk]), "jobs", job.error, BAD, action=action, button="Seen")
