"""What this app adds to the health page."""

from django.conf import settings

from apps.core.health import Unhealthy


def check_index() -> str:
    """In a few words how large the search index is."""
    if settings.SEARCH_BACKEND == "postgres":
        return _check_postgres()
    # The index brings numpy, which a start that serves no search does without.
    from apps.functions.index import read_manifest

    manifest = read_manifest(settings.INDEX_DIR)
    if manifest is None:
        raise Unhealthy("there is no search index yet")
    return f"{manifest.documents:,} functions, {manifest.with_vectors:,} with vectors"


def _check_postgres() -> str:
    from apps.functions.models import SearchStatistics

    known = SearchStatistics.objects.first()
    if known is None:
        raise Unhealthy("nothing was built in PostgreSQL yet")
    return f"{known.documents} functions in PostgreSQL"
