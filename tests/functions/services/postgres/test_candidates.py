import numpy as np
import pytest
from django.core.management import call_command
from django.db import connection

from apps.functions.models import DIMENSIONS, FunctionEmbedding
from apps.functions.services.postgres import candidates
from apps.functions.services.postgres.candidates import Scope, find_candidates
from tests.functions.services.postgres.conftest import build, make

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("own_index"),
]

LEVELS = ["'heap' & 'queue' & 'stack'", "'heap' & 'queue'", "'heap'"]


def find_by_words(monkeypatch, by_level: int) -> list[int]:
    """What the levels find beside a vector that finds nothing."""
    monkeypatch.setattr(candidates, "BY_MEANING", 0)
    monkeypatch.setattr(candidates, "BY_LEVEL", by_level)
    vector = np.full(DIMENSIONS, 0.05, dtype=np.float32)
    return sorted(find_candidates(LEVELS, vector, Scope("python"), model="", crowding=0.0).ids)


class TestLevels:
    def test_a_full_level_leaves_some_to_those_that_narrow_it(self, monkeypatch):
        functions = [make(name, f"{name}.") for name in ("heap", "heap_queue", "heap_queue_stack")]
        make("queue_stack", "queue_stack.")
        build()
        wide, middle, narrow = (function.pk for function in functions)
        assert find_by_words(monkeypatch, 1) == [wide, middle, narrow]
        assert find_by_words(monkeypatch, 2) == [wide, middle, narrow]

    def test_a_level_that_is_not_full_has_all_there_are(self, monkeypatch):
        functions = [make(name, f"{name}.") for name in ("heap_queue_stack", "heap_queue", "heap")]
        build()
        assert find_by_words(monkeypatch, 30) == [function.pk for function in functions]


class TestIndexes:
    def test_nothing_waits_to_be_entered_into_them(self, functions):
        build()
        assert read_options() == {name: ["fastupdate=off"] for name in WORDS}

    def test_those_of_an_older_version_are_changed(self, functions):
        build()
        call_command("migrate", "functions", "0006", verbosity=0)
        make("yodel", "Yodel loudly from a mountain.")
        assert count_waiting() > 0
        make("alphorn", "Blow an alphorn on a mountain.")
        call_command("migrate", "functions", verbosity=0)
        assert read_options() == {name: ["fastupdate=off"] for name in WORDS}
        assert count_waiting() == 0

    def test_where_no_vector_is_of_the_model_none_is_read(self, functions):
        build()
        assert FunctionEmbedding.objects.exists()
        plan = explain_nearest("another model")
        assert "functions_search_models" in plan
        assert "functions_search_vectors" not in plan


WORDS = ("functions_search_words", "functions_search_names")


def read_options() -> dict[str, list[str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, reloptions FROM pg_class WHERE relname = ANY(%s)", [list(WORDS)])
        return dict(cursor.fetchall())


def count_waiting() -> int:
    """Pages of the indexes' lists of what waits, which this empties."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(gin_clean_pending_list(name::regclass)) FROM unnest(%s::text[]) AS name", [list(WORDS)]
        )
        return int(cursor.fetchone()[0])


def explain_nearest(model: str) -> str:
    vector = np.full(DIMENSIONS, 0.05, dtype=np.float32)
    nearest = candidates.NEAREST.format(columns="function_id", filters="", dimensions=DIMENSIONS)
    values = {"model": model, "vector": candidates.write_vector(vector), "nearest": candidates.BY_MEANING}
    return "\n".join(row[0] for row in candidates._search(f"EXPLAIN {nearest}", values))
