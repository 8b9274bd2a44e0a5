"""What a process keeps of a catalogue that PostgreSQL searches: a few facts, and whether anything has changed."""

from dataclasses import replace
from typing import Any

from django.db import connection

from apps.functions.index.vocabulary import make_vocabulary
from apps.functions.models import SearchStatistics
from apps.functions.search.bm25 import FIELDS
from apps.functions.search.fusion import TYPICAL_CROWDING
from apps.functions.services.live import LiveIndexHolder
from apps.functions.services.postgres.candidates import list_languages
from apps.functions.services.postgres.index import CatalogueFacts, PostgresIndex
from apps.inference import services as inference

NEVER = 2**62
"""Later than every transaction."""

# The mark to go by from now on, and what may have been committed since the last one: all of one snapshot.
CHANGES = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
    (SELECT row(count(*), max(change_xid), sum(change_xid))::text FROM functions_function
     WHERE change_xid >= %(since)s),
    (SELECT row(count(*), max(change_xid), sum(change_xid))::text FROM functions_searchentry
     WHERE change_xid >= %(since)s),
    (SELECT max(computed_at)::text FROM functions_searchstatistics)
"""


class PostgresHolder(LiveIndexHolder):
    """As the holder of files. PostgreSQL's index is always up to date: what is looked for is whether answers are."""

    def __init__(self) -> None:
        super().__init__()
        self._since = NEVER
        self._facts = CatalogueFacts()

    def _refresh_index(self) -> PostgresIndex:
        mark, *changes = _look(self._since)
        if isinstance(self._index, PostgresIndex) and tuple(changes) == self._fingerprint[1:]:
            return self._index
        # The next look is at what was written from here on, so that it costs no more with time.
        self._since, (_, *changes) = mark, _look(mark)
        if self._index is None or changes[-1] != self._fingerprint[-1]:
            self._facts = read_facts()
        self._fingerprint = (mark, *changes)
        self._index = PostgresIndex(replace(self._facts, languages=list_languages()))
        return self._index


def read_facts() -> CatalogueFacts:
    """What the last build counted; nothing before the first."""
    model = inference.model_digest()
    known = SearchStatistics.objects.first()
    if known is None or len(known.average_lengths) != len(FIELDS):
        return CatalogueFacts(average_lengths=(1.0,) * len(FIELDS), crowding=TYPICAL_CROWDING, model=model)
    return CatalogueFacts(
        documents=known.documents,
        average_lengths=tuple(known.average_lengths),
        frequencies=known.frequencies,
        vocabulary=make_vocabulary(known.words),
        curated=known.curated,
        crowding=known.typical_crowding,
        model=model,
    )


def _look(since: int) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(CHANGES, {"since": since})
        row: tuple[Any, ...] = cursor.fetchone()
        return row
