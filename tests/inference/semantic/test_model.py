import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from apps.inference.semantic.features import FEATURES, compare
from apps.inference.semantic.model import MODEL_FILE, ModelError, load_model, read_model
from apps.inference.semantic.words import Question
from tests.inference.semantic.questions import VOCABULARY, read, texts

pytestmark = pytest.mark.unit

VECTOR = np.eye(384, dtype=np.float32)[0]
OTHER = np.eye(384, dtype=np.float32)[1]


def estimate(first: Question, second: Question, one: np.ndarray = VECTOR, two: np.ndarray = VECTOR) -> float:
    model, features = load_model(), compare(first, second, float(one @ two), VOCABULARY.vectors)[None]
    return float(model.estimate(features, model.wording.score(features, [(first, second)]), one[None], two[None])[0])


@pytest.fixture
def content() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(MODEL_FILE.read_text("utf-8"))
    return loaded


@given(texts, texts)
def test_the_shipped_model_gives_a_probability_either_way_round(first: str, second: str) -> None:
    one, two = read(first), read(second)
    assert 0 <= estimate(one, two) <= 1
    assert estimate(one, two, VECTOR, OTHER) == estimate(two, one, OTHER, VECTOR)


def test_the_same_question_is_likelier_than_another() -> None:
    question = read("how do I learn a language quickly")
    assert estimate(question, question) > 0.7
    assert estimate(question, read("where can I buy a used bicycle"), VECTOR, OTHER) < 0.1


def test_the_threshold_is_one_that_the_model_reaches() -> None:
    model = load_model()
    assert 0.5 < model.threshold <= model.calibration.probabilities[-1]


def test_pairs_are_judged_together_as_they_are_alone() -> None:
    model, question = load_model(), read("how do I learn a language")
    stored = [read(text) for text in ("how do I learn", "where is it", "how do I learn a language")]
    rows = np.stack([compare(question, other, 0.9, VOCABULARY.vectors) for other in stored])
    worded = model.wording.score(rows, [(question, other) for other in stored])
    vectors = np.stack([VECTOR] * 3)
    together = model.estimate(rows, worded, vectors, vectors)
    alone = [model.estimate(rows[[row]], worded[[row]], vectors[:1], vectors[:1])[0] for row in range(3)]
    np.testing.assert_array_equal(together, alone)


def test_a_file_for_other_features_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match="other features"):
        read_model({**content, "features": FEATURES[1:]})


@pytest.mark.parametrize("place", [-1, 10**6])
def test_a_node_that_leads_nowhere_is_refused(content: dict[str, Any], place: int) -> None:
    content["trees"]["left"][0] = place
    with pytest.raises(ModelError, match="nowhere"):
        read_model(content)


@pytest.mark.parametrize("part", [{"levels": "AAAA"}, {"beside": {"cosine": 1.0}}])
def test_a_file_for_other_wordings_is_refused(content: dict[str, Any], part: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match="other wordings"):
        read_model({**content, "wording": {**content["wording"], **part}})
