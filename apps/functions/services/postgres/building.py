"""Making PostgreSQL ready to search: triggers on, entries and features filled, indexes made, words counted."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import Avg, Exists, OuterRef, QuerySet
from django.utils import timezone
from numpy.typing import NDArray

from apps.core.jobs.context import JobContext
from apps.functions.index.packing import pack_terms
from apps.functions.index.vocabulary import count_words
from apps.functions.models import Function, SearchEntry, SearchFeatures, SearchStatistics
from apps.functions.search.bm25 import FIELDS, average_length, count_terms
from apps.functions.search.crowding import SAMPLE, measure_crowding
from apps.functions.search.documents import embedding_text
from apps.functions.search.fusion import TYPICAL_CROWDING
from apps.functions.services.embedding import content_digest, to_document
from apps.inference import services as inference

CHUNK = 1_000
COUNTED = 20_000
"""So many functions, evenly spread, stand for all when words are counted."""

TELLING = 2
"""A word that fewer of those have is counted when it is asked for."""

TABLES = ("functions_function", "functions_functionembedding", "functions_library")
INDEXES = {
    "functions_search_scope": "(language, library_id)",
    "functions_search_library": "(library_id)",
    # While few have a vector of the model in use, or none, a search by meaning goes by these alone.
    "functions_search_models": "(model_digest) WHERE vector IS NOT NULL",
    # What is written goes into them at once: every search would read a list of what waits, from end to end.
    "functions_search_words": "USING gin (words) WITH (fastupdate = off)",
    "functions_search_names": "USING gin (name_keys) WITH (fastupdate = off)",
    # More neighbours than pgvector's defaults: with those, groups of many near copies are cut off from the rest.
    "functions_search_vectors": "USING hnsw (vector halfvec_ip_ops) WITH (m = 24, ef_construction = 200)",
}

FILL = """
SELECT functions_put_search_entry(f) FROM functions_function f
WHERE f.id = ANY(%s) AND f.state = 'published' FOR SHARE OF f
"""
# A run of embeddings that read a text before it was edited may have stored its vector after the edit.
FORGET = """
UPDATE functions_searchentry SET vector = NULL, model_digest = '', content_digest = '',
    change_xid = pg_current_xact_id()::text::bigint
WHERE function_id = %s AND content_digest = %s
"""
ANOTHER_MODEL = """
UPDATE functions_searchentry entry SET vector = known.vector::halfvec, model_digest = known.model_digest,
    content_digest = known.content_digest, change_xid = pg_current_xact_id()::text::bigint
FROM functions_functionembedding known
WHERE known.function_id = entry.function_id AND known.model_digest = %s AND entry.model_digest <> %s
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """Unit vectors that stand for all, shape (n, d), with the keys of their functions."""

    ids: NDArray[np.int64]
    vectors: NDArray[np.float32]


def build_search(context: JobContext) -> dict[str, Any]:
    """The whole of it, and again what is missing: a second run goes on from what is stored."""
    model = inference.model_digest()
    enable_triggers()
    filled = fill_entries(context)
    with connection.cursor() as cursor:
        cursor.execute(ANOTHER_MODEL, [model, model])
    fill_terms(context)
    make_indexes(context)
    measure_all_crowding(context, model)
    statistics = count_words_of_catalogue(model)
    with_vectors = SearchEntry.objects.filter(model_digest=model, vector__isnull=False).count()
    return {
        "generation": f"postgres-{statistics.computed_at:%Y%m%d%H%M%S}",
        "documents": statistics.documents,
        "with_vectors": with_vectors,
        "entries_added": filled,
    }


def enable_triggers() -> None:
    """From here on PostgreSQL follows every edit."""
    if not triggers_enabled():
        with transaction.atomic(), connection.cursor() as cursor:
            for table in TABLES:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER functions_search")


def disable_triggers() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER functions_search")


def triggers_enabled() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_trigger WHERE tgname = 'functions_search' AND tgenabled = 'O'"
            " AND tgrelid = ANY(%s::regclass[])",
            [list(TABLES)],
        )
        return bool(cursor.fetchone()[0] == len(TABLES))


def fill_entries(context: JobContext) -> int:
    """Makes the entries of functions that were written before the triggers were on."""
    known = SearchEntry.objects.filter(function=OuterRef("pk"))
    missing = list(Function.objects.published().filter(~Exists(known)).order_by("pk").values_list("pk", flat=True))
    for done, chunk in _chunks(missing):
        with connection.cursor() as cursor:
            cursor.execute(FILL, [chunk])
        context.report(done, len(missing), f"{done:,} of {len(missing):,} entered")
    return len(missing)


def make_indexes(context: JobContext) -> None:
    """Those that are missing; the one of vectors takes minutes for a million."""
    for place, (name, columns) in enumerate(INDEXES.items()):
        context.report(place, len(INDEXES), f"making {name}")
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {name} ON functions_searchentry {columns}")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE functions_searchentry")


def fill_terms(context: JobContext) -> None:
    """Counts the terms of functions that are new or have another text, and checks that their vectors are of it."""
    known = SearchFeatures.objects.filter(function=OuterRef("pk"))
    missing = list(SearchEntry.objects.filter(~Exists(known)).order_by("pk").values_list("pk", flat=True))
    for done, chunk in _chunks(missing):
        with transaction.atomic():
            # Locked, so that no edit comes between the reading and the writing.
            rows = Function.objects.select_for_update(of=("self",)).filter(pk__in=chunk).with_library().order_by("pk")
            store_terms(list(rows))
        context.report(done, len(missing), f"the words of {done:,} of {len(missing):,} counted")


def store_terms(functions: Sequence[Function]) -> None:
    documents = [to_document(function) for function in functions]
    SearchFeatures.objects.bulk_create(
        [SearchFeatures(function_id=document.id, terms=pack_terms(document)) for document in documents],
        ignore_conflicts=True,
    )
    digests = dict(SearchEntry.objects.filter(pk__in=[one.id for one in documents]).values_list("pk", "content_digest"))
    for document in documents:
        digest = digests.get(document.id)
        if digest and digest != content_digest(embedding_text(document)):
            with connection.cursor() as cursor:
                cursor.execute(FORGET, [document.id, digest])


def measure_all_crowding(context: JobContext, model: str) -> None:
    """Of those functions whose own is not known: measured beside a sample of all."""
    waiting = SearchFeatures.objects.filter(crowding=None).order_by("pk")
    with_vector = SearchEntry.objects.filter(model_digest=model, vector__isnull=False)
    missing = list(waiting.filter(Exists(with_vector.filter(pk=OuterRef("pk")))).values_list("pk", flat=True))
    sample = read_sample(with_vector) if missing else None
    for done, chunk in _chunks(missing):
        assert sample is not None
        rows = list(with_vector.filter(pk__in=chunk).values_list("pk", "vector"))
        SearchFeatures.objects.bulk_update(
            [SearchFeatures(pk=pk, crowding=crowding) for pk, crowding in _measure(rows, sample)], ["crowding"]
        )
        context.report(done, len(missing), f"the neighbours of {done:,} of {len(missing):,} looked at")


def read_sample(with_vector: QuerySet[SearchEntry]) -> Sample:
    ids = _spread(list(with_vector.order_by("pk").values_list("pk", flat=True)), SAMPLE)
    rows = list(with_vector.filter(pk__in=ids).values_list("pk", "vector"))
    keys, vectors = _stack(rows)
    return Sample(keys, vectors)


def count_words_of_catalogue(model: str) -> SearchStatistics:
    """In how many functions each word is, and how long their texts are: of all, or estimated from COUNTED of them."""
    keys = list(SearchEntry.objects.order_by("pk").values_list("pk", flat=True))
    sampled = _spread(keys, COUNTED)
    terms, words, lengths = Counter[str](), Counter[str](), np.zeros(len(FIELDS), dtype=np.int64)
    curated = False
    for _, chunk in _chunks(sampled):
        for function in Function.objects.filter(pk__in=chunk).with_library():
            document = to_document(function)
            counted = count_terms(document)
            terms.update(counted.counts.keys())
            words.update(count_words([document]))
            curated = curated or document.is_curated
            lengths += counted.lengths
    least = 1 if len(sampled) == len(keys) else TELLING
    stands_for = len(keys) / max(len(sampled), 1)
    typical = SearchFeatures.objects.aggregate(mean=Avg("crowding"))["mean"]
    statistics, _ = SearchStatistics.objects.update_or_create(
        pk=1,
        defaults={
            "documents": len(keys),
            "average_lengths": list(average_length(lengths.tolist(), len(sampled))),
            "frequencies": {term: round(n * stands_for) for term, n in terms.items() if n >= least},
            "words": words,
            "curated": curated,
            "typical_crowding": TYPICAL_CROWDING if typical is None else typical,
            "model_digest": model,
            "computed_at": timezone.now(),
        },
    )
    return statistics


def _measure(rows: Sequence[tuple[int, Any]], sample: Sample) -> Iterator[tuple[int, float]]:
    """The crowding of each; a function that is in the sample has itself among its neighbours."""
    keys, vectors = _stack(rows)
    inside = np.isin(keys, sample.ids)
    crowding = np.zeros(len(keys), dtype=np.float32)
    for own, chosen in ((True, inside), (False, ~inside)):
        if chosen.any():
            crowding[chosen] = measure_crowding(vectors[chosen], sample.vectors, itself_in_sample=own)
    yield from zip(keys.tolist(), crowding.tolist(), strict=True)


def _stack(rows: Sequence[tuple[int, Any]]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    keys = np.array([key for key, _ in rows], dtype=np.int64)
    vectors = np.array([vector for _, vector in rows], dtype=np.float32).reshape(len(rows), -1)
    return keys, vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def _spread(keys: list[int], count: int) -> list[int]:
    """At most `count` of these, evenly spread."""
    if len(keys) <= count:
        return keys
    return [keys[place] for place in np.linspace(0, len(keys) - 1, count).astype(int).tolist()]


def _chunks(keys: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    """With how many came before."""
    for start in range(0, len(keys), CHUNK):
        yield start, list(keys[start : start + CHUNK])
