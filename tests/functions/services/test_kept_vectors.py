"""Vectors of measured queries: the same bits as made anew, and counted as if they had been."""

import uuid
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from apps.core.cache.registry import get_cache
from apps.functions.services import kept_vectors, measuring
from apps.functions.services.kept_vectors import NAMESPACE, KeptVectors, Stopwatch
from apps.inference.embedding import EmbeddingModelMissing
from apps.inference.ladder import TierFailed

pytestmark = pytest.mark.integration


@pytest.fixture
def text() -> str:
    return f"count the lines of {uuid.uuid4().hex}"


@pytest.fixture
def embedded() -> Iterator[Any]:
    kept_vectors.make_model_ready()
    with patch.object(measuring.inference, "embed_texts", wraps=measuring.inference.embed_texts) as embed:
        yield embed


def test_another_process_finds_the_same_bits_without_the_model(text: str, embedded: Any) -> None:
    made = KeptVectors(Stopwatch()).embed(text)
    forget_here()
    found = KeptVectors(Stopwatch()).embed(text)
    assert embedded.call_count == 1
    assert (found.tobytes(), found.dtype, found.shape) == (made.tobytes(), made.dtype, made.shape)
    assert np.array_equal(found, measuring.embed_afresh(text))


def test_a_kept_vector_counts_with_the_time_that_making_it_took(text: str) -> None:
    cache = get_cache(NAMESPACE)
    KeptVectors(Stopwatch()).embed(text)
    recipe = (measuring.inference.model_digest(), kept_vectors.name_arithmetic(), text)
    cache.set(recipe, {**cache.get(recipe), "seconds": 1000.0})
    watch = Stopwatch()
    started = watch()
    KeptVectors(watch).embed(text)
    assert 1000 <= watch() - started < 1500


def test_another_model_and_another_arithmetic_have_their_own(text: str, embedded: Any) -> None:
    KeptVectors(Stopwatch()).embed(text)
    with patch.object(kept_vectors.inference, "model_digest", return_value="another"):
        KeptVectors(Stopwatch()).embed(text)
    with patch.object(kept_vectors, "name_arithmetic", return_value="another"):
        KeptVectors(Stopwatch()).embed(text)
    assert embedded.call_count == 3


def test_without_a_model_there_is_none(text: str) -> None:
    KeptVectors(Stopwatch()).embed(text)
    with (
        patch.object(kept_vectors.inference, "model_digest", return_value=""),
        patch.object(measuring.inference, "embed_texts", side_effect=EmbeddingModelMissing("no model")),
        pytest.raises(TierFailed),
    ):
        KeptVectors(Stopwatch()).embed(text)


def forget_here() -> None:
    """As in a process that has just begun: what is kept is in Valkey only."""
    cache = get_cache(NAMESPACE)
    assert cache._behind is not None
    cache._behind.flush()
    cache.local.clear()
