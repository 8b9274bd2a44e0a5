"""Figures of several systems are put beside ours, and a set is cut by language."""

import numpy as np
import pytest

from apps.functions.search.documents import Document
from benchmarks.peers import find_ratios, list_quality, list_speed, take_language
from benchmarks.search_sets import QuerySet

pytestmark = pytest.mark.unit


def make_row(given: str, system: str, mrr: float, build: float | None = None) -> dict[str, object]:
    return {
        "set": given, "system": system, "MRR@10": mrr, "p50 ms": 4 * mrr, "p95 ms": 9.0, "build s": build,
        "memory MB": 100,
    }  # fmt: skip


ROWS = [
    make_row("cosqa", "Touchstone", 0.5, build=20.0),
    make_row("cosqa", "other", 0.25, build=30.0),
    make_row("mbxp java", "Touchstone", 0.8),
    make_row("mbxp java", "other", 0.4),
    make_row("mbxp python", "Touchstone", 0.6),
    make_row("mbxp python", "other", 0.0),
]


def test_a_ratio_compares_with_ours_on_the_same_set() -> None:
    ratios = find_ratios(ROWS)
    assert [row["MRR@10, times ours"] for row in ratios] == [0.5, 0.5, 0.0]
    assert [row["build s, times ours"] for row in ratios] == [1.5, None, None]
    assert {row["system"] for row in ratios} == {"other"}


def test_quality_has_one_column_for_the_languages_of_mbxp() -> None:
    assert list_quality(ROWS) == [
        {"system": "Touchstone", "cosqa": 0.5, "mbxp, mean": 0.7},
        {"system": "other", "cosqa": 0.25, "mbxp, mean": 0.2},
    ]


def test_speed_is_of_the_set_whose_build_is_timed() -> None:
    speed = list_speed(ROWS, find_ratios(ROWS))
    assert [row["p50 ms, times ours"] for row in speed] == [1, 0.5]
    assert [row["build s"] for row in speed] == [20.0, 30.0]


def test_a_language_is_a_set_of_its_own() -> None:
    languages = ["java", "python", "java"]
    documents = [Document(id=number, name=f"f{number}", language=name) for number, name in enumerate(languages, 1)]
    given = QuerySet("mbxp", documents, ["a", "b", "c"], np.arange(3), list(languages))
    part = take_language(given, "java")
    assert (part.name, part.queries, part.languages) == ("mbxp java", ["a", "c"], ["java", "java"])
    assert [part.answers_of(place) for place in range(2)] == [{1}, {3}]
