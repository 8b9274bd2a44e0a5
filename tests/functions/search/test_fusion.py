import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.functions.search.fusion import FusionWeights, fuse_scores, stand_in_semantic

pytestmark = pytest.mark.unit

ANY = st.floats(-2, 2, width=32)
UNIT = st.floats(0, 1, width=32)
WEIGHTS = st.builds(FusionWeights, st.floats(0.125, 2, width=32), st.floats(0, 2, width=32), st.floats(0, 2, width=32))


def fuse(semantic, lexical, crowding, weights):
    arrays = [np.array([value], dtype=np.float32) for value in (semantic, lexical, crowding)]
    return float(fuse_scores(*arrays, weights)[0])


@settings(deadline=None)
@given(ANY, ANY, ANY, WEIGHTS)
def test_scores_are_from_0_to_1(semantic, lexical, crowding, weights):
    assert 0 <= fuse(semantic, lexical, crowding, weights) <= 1


@settings(deadline=None)
@given(UNIT, UNIT, UNIT, UNIT, WEIGHTS)
def test_more_likeness_never_scores_less_and_more_crowding_never_more(a, b, other, third, weights):
    low, high = sorted((a, b))
    assert fuse(low, other, third, weights) <= fuse(high, other, third, weights)
    assert fuse(other, low, third, weights) <= fuse(other, high, third, weights)
    assert fuse(other, third, low, weights) >= fuse(other, third, high, weights)


@settings(deadline=None)
@given(WEIGHTS)
def test_the_ends_are_reached(weights):
    assert fuse(1, 1, 0, weights) == pytest.approx(1)
    assert fuse(0, 0, 1, weights) == pytest.approx(0)


def test_only_proportions_of_weights_matter():
    one, ten = FusionWeights(1, 0.3, 0.2), FusionWeights(10, 3, 2)
    assert fuse(0.5, 0.4, 0.7, one) == pytest.approx(fuse(0.5, 0.4, 0.7, ten))


def test_inputs_are_left_alone():
    semantic, lexical, crowding = (np.full(3, value, dtype=np.float32) for value in (0.5, 0.4, 0.7))
    fuse_scores(semantic, lexical, crowding)
    assert (semantic[0], lexical[0], crowding[0]) == (np.float32(0.5), np.float32(0.4), np.float32(0.7))


@settings(deadline=None)
@given(ANY, ANY)
def test_more_words_stand_in_for_more_meaning(a, b):
    low, high = stand_in_semantic(np.array(sorted((a, b)), dtype=np.float32))
    assert 0 <= low <= high <= 1
