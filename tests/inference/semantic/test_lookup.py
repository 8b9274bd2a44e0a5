import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.inference.semantic.calibration import Calibration
from apps.inference.semantic.features import FEATURES
from apps.inference.semantic.gate import Difference
from apps.inference.semantic.lookup import Entries, Level
from apps.inference.semantic.model import Meaning, Model, Trees
from apps.inference.semantic.vocabulary import Axes
from apps.inference.semantic.wording import BESIDE, BUCKETS, Wording
from tests.inference.semantic.questions import VOCABULARY, point_to, texts

pytestmark = pytest.mark.unit

EAST, NORTH_EAST, NORTH = point_to(1, 0, 0), point_to(1, 0.3, 0), point_to(0, 1, 0)


def make_model(dimensions: int = 3) -> Model:
    """One tree that asks for the cosine: up to 0.9 a pair is the same with 0.2, above with 0.8."""
    stump = Trees(
        roots=np.array([0], dtype=np.int32),
        features=np.array([FEATURES.index("cosine"), 0, 0], dtype=np.int32),
        thresholds=np.array([0.9, 0.0, 0.0]),
        left=np.array([1, 1, 2], dtype=np.int32),
        right=np.array([2, 1, 2], dtype=np.int32),
        values=np.array([0.0, -1.0, 1.0]),
        depth=1,
    )
    meaning = Meaning(np.zeros((3, dimensions), dtype=np.float32), 0.0)
    axes = Axes(np.zeros(1, dtype=np.float32), np.ones((1, 1), dtype=np.float32))
    wording = Wording(np.zeros(BUCKETS, dtype=np.float32), np.zeros(len(BESIDE), dtype=np.float32), 0.0)
    return Model("digest", axes, meaning, wording, stump, Calibration((-1.0, 1.0), (0.2, 0.8)), threshold=0.7)


def make_entries(most: int = 100, dimensions: int = 3) -> Entries:
    return Entries(make_model(dimensions), VOCABULARY, dimensions=dimensions, most=most)


def test_a_near_question_is_answered_by_its_meaning() -> None:
    entries = make_entries()
    entries.add("me", 1, "how do I learn a language", EAST)
    found = entries.find("me", "how does one learn a language", NORTH_EAST)
    assert found.level is Level.SEMANTIC
    assert found.hit is not None
    assert (found.hit.key, found.hit.probability) == (1, pytest.approx(0.8))


def test_a_far_one_is_not() -> None:
    entries = make_entries()
    entries.add("me", 1, "how do I learn a language", EAST)
    assert entries.find("me", "how do I learn a language well", NORTH).hit is None


def test_a_stricter_threshold_than_the_fitted_one_holds() -> None:
    entries = make_entries()
    entries.add("me", 1, "how do I learn a language", EAST)
    found = entries.find("me", "how does one learn a language", NORTH_EAST, threshold=0.9)
    assert found.hit is None
    assert found.candidates[0].probability == pytest.approx(0.8)


def test_the_rules_refuse_however_near_it_is() -> None:
    entries = make_entries()
    entries.add("me", 1, "what are 5 miles in metres", EAST)
    found = entries.find("me", "what are 6 miles in metres", EAST, threshold=0.0)
    assert found.hit is None
    assert found.candidates[0].differences == (Difference.NUMBERS,)


def test_the_nearest_that_passes_is_taken_where_a_nearer_one_is_refused() -> None:
    entries = make_entries()
    entries.add("me", "six", "what are 6 miles in metres", EAST)
    entries.add("me", "five", "tell me what 5 miles are in metres", NORTH_EAST)
    found = entries.find("me", "what are 5 miles in metres", EAST)
    assert found.hit is not None
    assert found.hit.key == "five"


def test_nobody_is_answered_with_what_another_stored() -> None:
    entries = make_entries()
    entries.add("you", 1, "how do I learn a language", EAST)
    assert entries.find("me", "how do I learn a language", EAST).hit is None
    assert entries.find_exact("me", "how do I learn a language") is None


@given(texts)
def test_the_same_text_is_always_found_but_for_white_space(text: str) -> None:
    entries = make_entries()
    entries.add("me", 1, text, EAST)
    found = entries.find("me", f" {text}\n", NORTH, threshold=1.0)
    assert found.level is Level.EXACT
    assert found.hit is not None
    assert found.hit.key == 1


def test_a_key_gets_the_new_text() -> None:
    entries = make_entries()
    entries.add("me", 1, "old", EAST)
    entries.add("me", 1, "new", NORTH)
    assert (entries.find_exact("me", "old"), entries.find_exact("me", "new"), entries.count("me")) == (None, 1, 1)


def test_the_oldest_goes_where_there_is_no_room() -> None:
    entries = make_entries(most=2)
    for key in ("first", "second", "third"):
        entries.add("me", key, key, EAST)
    assert [entries.find_exact("me", key) for key in ("first", "second", "third")] == [None, "second", "third"]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 90)), max_size=150))
def test_what_is_kept_is_what_was_added_and_not_removed(steps: list[tuple[bool, int]]) -> None:
    entries, kept = make_entries(), set()
    for add, key in steps:
        if add:
            entries.add("me", key, f"text {key}", EAST)
            kept.add(key)
        else:
            assert entries.remove("me", key) is (key in kept)
            kept.discard(key)
    assert {key for key in range(91) if entries.find_exact("me", f"text {key}") == key} == kept
    assert entries.count("me") == len(kept)


def test_vectors_stay_with_their_questions_when_others_are_removed() -> None:
    entries = make_entries()
    for key, vector in (("east", EAST), ("north", NORTH), ("between", point_to(1, 1, 0))):
        entries.add("me", key, f"the question of {key}", vector)
    entries.remove("me", "east")
    nearest = max(entries.find("me", "another question", NORTH).candidates, key=lambda each: each.cosine)
    assert (nearest.key, nearest.cosine) == ("north", pytest.approx(1.0))


def test_what_is_cleared_is_gone() -> None:
    entries = make_entries()
    entries.add("me", 1, "a question", EAST)
    entries.clear("me")
    assert entries.find("me", "a question", EAST).hit is None
    assert entries.remove("me", 1) is False


def test_a_vector_of_another_model_is_refused() -> None:
    with pytest.raises(ValueError, match="a vector of 3 numbers"):
        make_entries().add("me", 1, "a question", np.zeros(4, dtype=np.float32))


def test_room_for_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        make_entries(most=0)


def test_near_ones_are_found_among_many_by_their_sketches() -> None:
    random = np.random.default_rng(7)
    stored = random.standard_normal((3000, 384)).astype(np.float32)
    stored /= np.linalg.norm(stored, axis=1, keepdims=True)
    entries = make_entries(most=3000, dimensions=384)
    for key, vector in enumerate(stored):
        entries.add("me", key, f"question {'a' * key}", vector)
    for key in range(0, 3000, 60):
        asked = stored[key] + 0.02 * random.standard_normal(384).astype(np.float32)
        asked /= np.linalg.norm(asked)
        found = entries.find("me", "another question", asked).candidates
        assert [(each.key, each.cosine) for each in found] == [(key, pytest.approx(float(asked @ stored[key])))]
