"""Many vectors are compared by a sketch first, and exactly where it matters."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from apps.functions.index import LiveIndex, Overlay, build_index, open_current, ranking, sketch
from apps.functions.search.documents import Document
from apps.functions.search.query import parse_query

pytestmark = pytest.mark.unit

COUNT, DIMENSIONS = 600, 32


@pytest.fixture
def vectors() -> Any:
    """Unit vectors that differ along a few directions more than along others, as those of texts do."""
    random = np.random.default_rng(7)
    given = random.normal(size=(COUNT, DIMENSIONS)) * np.linspace(2, 0.2, DIMENSIONS)
    return (given / np.linalg.norm(given, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def indexes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vectors: Any) -> tuple[LiveIndex, LiveIndex]:
    """The same functions without and with a sketch; every fifth has no vector, every second is Go's."""
    entries = [
        (Document(id=row + 1, name=f"sort_{row}", language=("go", "rust")[row % 2]), vectors[row] if row % 5 else None)
        for row in range(COUNT)
    ]
    whole = build(tmp_path / "whole", entries)
    monkeypatch.setattr(sketch, "SKETCHED_FROM", 100)
    monkeypatch.setattr(sketch, "AXES", 16)
    monkeypatch.setattr(ranking, "COMPARED_EXACTLY", 150)
    return whole, build(tmp_path / "sketched", entries)


def build(root: Path, entries: Any) -> LiveIndex:
    build_index(root, entries, model_digest="m", watermark=0)
    return LiveIndex(open_current(root), Overlay())


def test_it_finds_what_comparing_all_finds(indexes: tuple[LiveIndex, LiveIndex], vectors: Any) -> None:
    same = 0
    for row in range(0, 100, 5):
        query = parse_query("sort")
        one, other = (index.search(query, vectors[row + 1]) for index in indexes)
        assert one.hits[0].id == other.hits[0].id == row + 2
        scores = {hit.id: hit.score for hit in one.hits}
        assert all(hit.score == pytest.approx(scores[hit.id], abs=1e-6) for hit in other.hits if hit.id in scores)
        same += len({hit.id for hit in one.hits} & {hit.id for hit in other.hits})
    assert same >= 190  # of 200


def test_what_is_compared_exactly_is_chosen_among_what_is_shown(indexes: tuple[LiveIndex, LiveIndex]) -> None:
    query = parse_query("sort")
    vector = np.ones(DIMENSIONS, dtype=np.float32)
    for language in ("go", "rust"):
        one, other = (index.search(query, vector, language=language) for index in indexes)
        assert {hit.id % 2 for hit in other.hits} == {hit.id % 2 for hit in one.hits}
        assert other.hits[0].score == pytest.approx(one.hits[0].score, abs=1e-6)


def test_few_vectors_need_none(tmp_path: Path, vectors: Any) -> None:
    sketch.write_sketch(tmp_path, vectors, np.ones(COUNT, dtype=np.bool_))
    assert sketch.open_sketch(tmp_path) is None


def test_the_axes_are_at_right_angles_and_tell_most(vectors: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sketch, "AXES", 16)
    axes = sketch.find_axes(vectors)
    assert np.allclose(axes.T @ axes, np.eye(16), atol=1e-5)
    assert np.square(vectors @ axes).sum() > 0.8 * len(vectors)
