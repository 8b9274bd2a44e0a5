import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.functions.search.bm25 import FIELDS
from apps.functions.search.reranking import FEATURES, Candidates, measure_features, score_features

pytestmark = pytest.mark.unit

FIELD_BITS = st.integers(0, 255)


def bits(*fields: str) -> int:
    return sum(1 << FIELDS.index(field) for field in fields)


def make_candidates(own, alike=None, runs=(), covers=(), shares=(), **data) -> Candidates:
    """Two terms, the second weighing three times as much; one column a function."""
    own = np.array(own, dtype=np.uint8)
    count = own.shape[1]
    values = {"fused": np.full(count, 0.5, dtype=np.float32), "curated": np.ones(count, dtype=np.bool_)}
    return Candidates(
        weights=np.array([1, 3], dtype=np.float32),
        own=own,
        alike=np.zeros_like(own) if alike is None else np.array(alike, dtype=np.uint8),
        runs=np.array(runs, dtype=np.uint8).reshape(len(runs), count),
        covers=np.array(covers, dtype=np.bool_).reshape(len(runs), 2),
        shares=np.array(shares, dtype=np.float32),
        hinted=np.zeros(count, dtype=np.bool_),
        **(values | data),
    )


def features_of(candidates: Candidates) -> list[dict[str, float]]:
    return [dict(zip(FEATURES, row, strict=True)) for row in measure_features(candidates).tolist()]


def test_what_is_told_is_kept_apart_from_what_the_code_has():
    both, half, code = features_of(
        make_candidates(
            own=[[bits("name"), bits("description"), bits("body")], [bits("action", "body"), 0, bits("body")]],
            alike=[[0, 0, 0], [0, bits("keywords"), 0]],
        )
    )
    assert (both["told"], both["alike"], both["coded"], both["complete"], both["typed"]) == (1, 0, 0, 1, 0.75)
    assert (half["told"], half["alike"], half["complete"]) == (0.25, 0.75, 1)
    assert (code["told"], code["coded"], code["complete"]) == (0, 1, 0)


def test_a_run_written_as_one_word_stands_for_its_words():
    [found, missing] = features_of(
        make_candidates(own=[[0, 0], [0, 0]], runs=[[bits("name"), 0]], covers=[[True, True]], shares=[1.0])
    )
    assert (found["told"], found["run"]) == (1, 1)
    assert (missing["told"], missing["run"]) == (0, 0)


def test_all_the_words_beat_a_closer_meaning_in_curated_functions_only():
    own = [[bits("description"), 0], [bits("name"), bits("name")]]
    fused = np.array([0.5, 0.6], dtype=np.float32)
    curated = measure_features(make_candidates(own, fused=fused))
    plain = measure_features(make_candidates(own, fused=fused, curated=np.zeros(2, dtype=np.bool_)))
    assert np.argmax(score_features(curated, with_meaning=True, beside_curated=True)) == 0
    assert np.argmax(score_features(plain, with_meaning=True, beside_curated=False)) == 1


def test_beside_a_curated_function_a_plain_one_stands_first_only_if_it_tells_more():
    both, half = [bits("name"), bits("name")], [0, bits("name")]

    def choose(plain: list[int], curated: list[int]) -> int:
        own = np.array([plain, curated]).T
        features = measure_features(make_candidates(own, curated=np.array([False, True])))
        return int(np.argmax(score_features(features, with_meaning=True, beside_curated=True)))

    assert choose(plain=both, curated=half) == 0
    assert choose(plain=both, curated=both) == 1
    assert choose(plain=half, curated=half) == 1


@settings(deadline=None)
@given(st.lists(st.tuples(FIELD_BITS, FIELD_BITS, FIELD_BITS, FIELD_BITS, st.floats(0, 1), st.booleans()), min_size=1))
def test_scores_are_from_0_to_1_and_do_not_hang_on_the_others(rows):
    columns = list(zip(*rows, strict=True))
    candidates = make_candidates(
        own=columns[:2],
        alike=columns[2:4],
        fused=np.array(columns[4], dtype=np.float32),
        curated=np.array(columns[5], dtype=np.bool_),
    )
    features = measure_features(candidates)
    assert ((features >= 0) & (features <= 1 + 1e-6)).all()
    for with_meaning in (True, False):
        for beside in (True, False):
            scores = score_features(features, with_meaning=with_meaning, beside_curated=beside)
            assert ((scores >= 0) & (scores <= 1)).all()
            assert score_features(features[:1], with_meaning=with_meaning, beside_curated=beside) == scores[:1]
