"""How search through PostgreSQL stands, in the words of the index of files."""

from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from apps.functions.models import Function, SearchEntry, SearchFeatures, SearchStatistics
from apps.functions.services.postgres.building import triggers_enabled
from apps.inference import services as inference

SIZE = "SELECT pg_total_relation_size('functions_searchentry') + pg_total_relation_size('functions_searchfeatures')"


def read_state() -> dict[str, Any]:
    """The fields of `indexing.IndexState`. What waits for a build is found all the same, only less well ranked."""
    known = SearchStatistics.objects.first() if triggers_enabled() else None
    published = Function.objects.published()
    with_vector = SearchEntry.objects.filter(vector__isnull=False)
    ready = SearchFeatures.objects.filter(function=OuterRef("pk"))
    waiting = SearchEntry.objects.filter(~Exists(ready) | Q(Exists(ready.filter(crowding=None)), vector__isnull=False))
    with connection.cursor() as cursor:
        cursor.execute(SIZE)
        size = cursor.fetchone()[0]
    computed = known.computed_at if known else None
    return {
        "generation": f"postgres-{computed:%Y%m%d%H%M%S}" if computed else "",
        "digest": f"postgres-{computed.isoformat()}" if computed else "",
        "documents": SearchEntry.objects.count() if known else 0,
        "with_vectors": with_vector.count() if known else 0,
        "published": published.count(),
        "waiting_embedding": published.without_embedding(inference.model_digest()).count(),
        "changes_waiting": waiting.count() if known else published.count(),
        "built_at": computed,
        "model_digest": known.model_digest if known else "",
        "megabytes": round(size / 1e6, 1),
        "watermark": 0,
    }
