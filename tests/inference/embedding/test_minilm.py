"""The real model, as set-up converted it: in the folder TOUCHSTONE_MODELS, or var/models."""

import os
from pathlib import Path

import numpy as np
import pytest

from apps.inference.embedding import Embedder, load_embedder
from apps.inference.embedding.convert import RECIPE
from apps.inference.embedding.manifest import MODEL_NAME, verify_folder
from apps.inference.embedding.wheel import read_pinned_source
from tests.inference.embedding.references import PAIRS, SENTENCES, VECTORS

pytestmark = pytest.mark.integration

MODELS = Path(os.environ.get("TOUCHSTONE_MODELS", Path(__file__).parents[3] / "var" / "models"))


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return load_embedder(MODELS)


def test_model_is_whole_and_of_the_pinned_source() -> None:
    manifest = verify_folder(MODELS / MODEL_NAME)

    assert (manifest.recipe, manifest.source) == (RECIPE, read_pinned_source())
    assert (manifest.dimensions, manifest.max_tokens) == (384, 256)


def test_int8_is_close_to_float32_for_every_sentence(embedder: Embedder) -> None:
    cosines = (embedder.embed(SENTENCES) * np.load(VECTORS).astype(np.float32)).sum(axis=1)

    assert len(SENTENCES) == len(cosines) >= 20
    assert cosines.min() > 0.98
    assert cosines.mean() > 0.99


def test_sentence_is_nearest_to_the_one_that_means_the_same(embedder: Embedder) -> None:
    first = embedder.embed([pair[0] for pair in PAIRS])
    second = embedder.embed([pair[1] for pair in PAIRS])

    assert (first @ second.T).argmax(axis=1).tolist() == list(range(len(PAIRS)))


def test_known_cosine_of_the_published_model(embedder: Embedder) -> None:
    """The example in the documentation of sentence-transformers (https://sbert.net), worked out there with torch."""
    vectors = embedder.embed(["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."])

    similarities = vectors @ vectors.T
    assert similarities[0, 1] == pytest.approx(0.6660, abs=0.03)
    assert similarities[0, 2] == pytest.approx(0.1046, abs=0.03)
    assert similarities[1, 2] == pytest.approx(0.1411, abs=0.03)
