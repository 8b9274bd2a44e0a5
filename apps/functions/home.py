"""What this app puts on the first page."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from apps.core.home.items import News, Step
from apps.core.models import Job, JobState
from apps.functions.models import Function, Origin, Revision

MOST_EDITS = 4
MOST_IMPORTS = 3
LOOKED_THROUGH = 300


def list_news(user: Any, since: datetime) -> list[News]:
    """Imports, and functions that somebody wrote or edited by hand, each once."""
    return [*_list_imports(since), *_list_edits(since)]


def list_steps(user: Any) -> list[Step]:
    may_import = user.has_perm("functions.import_function")
    text = "A file of records, a table, or a source tree. They can be searched as soon as they are in."
    href = reverse("functions:import") if may_import else ""
    return [Step(1, "Bring in your functions", text, Function.objects.exists(), href, "Import")]


def _list_imports(since: datetime) -> list[News]:
    jobs = Job.objects.filter(kind="functions.import", state=JobState.SUCCEEDED, finished_at__gt=since)
    return [
        News(f"Imported {job.params.get('library', '')}", job.finished_at or job.updated_at, "upload",
             f"{reverse('functions:search')}?library={job.params.get('library', '')}",
             f"{job.result.get('created', 0):,} new, {job.result.get('changed', 0):,} changed")
        for job in jobs[:MOST_IMPORTS]
    ]  # fmt: skip


def _list_edits(since: datetime) -> list[News]:
    """Looked for among the newest revisions only: an import of a hundred thousand would hide what came before it."""
    newest = Revision.objects.filter(pk__in=Revision.objects.order_by("-pk").values("pk")[:LOOKED_THROUGH])
    edits = newest.filter(created_at__gt=since).exclude(origin=Origin.IMPORT).order_by("-pk")
    found: dict[int, News] = {}
    for edit in edits.select_related("function", "changed_by").defer("data", "function__code")[: 10 * MOST_EDITS]:
        function, what = edit.function, "New" if edit.number == 1 else "Edited"
        by = f"by {edit.changed_by}" if edit.changed_by else f"through the {edit.get_origin_display().lower()}"
        news = News(f"{what}: {function}", edit.created_at, "edit", function.get_absolute_url(), by)
        if len(found) < MOST_EDITS:
            found.setdefault(function.pk, news)
    return list(found.values())
