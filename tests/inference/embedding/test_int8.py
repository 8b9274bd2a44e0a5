import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from apps.inference.embedding import int8
from apps.inference.embedding.graph import BertConfig
from apps.inference.embedding.int8 import (
    build_int8_graph,
    find_damping,
    measure_activity,
    quantize_rows,
    quantize_weight,
)
from apps.inference.embedding.model import open_session
from tests.inference.embedding.numpy_bert import embed_ids
from tests.inference.embedding.tiny import CONFIG, VOCABULARY, make_weights

pytestmark = pytest.mark.unit

BERT = BertConfig.from_mapping(CONFIG)
OUTLIER = "encoder.layer.0.output.LayerNorm.weight"
matrices = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, max_side=9),
    elements=st.floats(-1000, 1000, width=32, allow_subnormal=False),
)


def make_texts(count: int, seed: int) -> list[list[int]]:
    random = np.random.default_rng(seed)
    return [[2, *random.integers(4, len(VOCABULARY), size=random.integers(2, 14)).tolist(), 3] for _ in range(count)]


def lowest_cosine(weights: dict[str, np.ndarray]) -> float:
    """Between the int8 graph, calibrated on some texts, and numpy in float64, over other texts."""
    model = build_int8_graph(BERT, weights, make_texts(12, seed=1))
    session = open_session(model.SerializeToString())
    return min(
        float(session.run(None, {"input_ids": np.array([ids], np.int32)})[0][0] @ embed_ids(weights, ids))
        for ids in make_texts(20, seed=2)
    )


def test_int8_graph_stays_close_to_the_definition() -> None:
    assert lowest_cosine(make_weights()) > 0.99


def test_damping_channels_that_outrun_the_rest_keeps_the_rest_precise(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = make_weights()
    weights[OUTLIER][3] *= 250
    activity = measure_activity(BERT, weights, make_texts(12, seed=1))
    assert activity["encoder.layer.1.attention.self.projection"].largest.argmax() == 3

    damped = lowest_cosine(weights)
    monkeypatch.setattr(int8, "WORTHWHILE_FACTOR", float("inf"))
    undamped = lowest_cosine(weights)

    assert damped > 0.997
    assert 1 - damped < 0.6 * (1 - undamped)


@given(matrices)
def test_weight_is_within_half_a_step_and_no_pair_can_saturate(weight: np.ndarray) -> None:
    values, scales = quantize_weight(weight)

    assert values.dtype == np.int8
    assert (np.abs(values * scales - weight) <= scales * 0.5001).all()
    whole = values[: len(values) // 2 * 2].astype(np.int32)
    assert (np.abs(whole[0::2] + whole[1::2]) * 255 <= np.iinfo(np.int16).max).all()


@given(matrices)
def test_table_is_within_half_a_step_of_each_row(table: np.ndarray) -> None:
    values, scales = quantize_rows(table)

    assert scales.shape == (len(table), 1)
    assert (np.abs(values * scales - table) <= scales * 0.5001).all()


def test_small_rows_keep_their_precision_beside_large_ones() -> None:
    table = np.array([[1000.0, -500.0], [0.001, 0.0005], [0, 0]], dtype=np.float32)

    values, scales = quantize_rows(table)

    np.testing.assert_allclose(values * scales, table, rtol=0.01)


def test_only_outliers_are_damped() -> None:
    largest = np.ones(100, dtype=np.float32)
    largest[7] = 81

    factors = find_damping(largest)

    assert factors[7] == pytest.approx(27)
    assert (np.delete(factors, 7) == 1).all()
    assert find_damping(np.zeros(8, dtype=np.float32)).tolist() == [1] * 8


def test_even_channels_cost_no_operation() -> None:
    damped = make_weights()
    damped[OUTLIER][3] *= 60
    operators = [
        [node.name for node in build_int8_graph(BERT, weights, make_texts(12, seed=1)).graph.node]
        for weights in (make_weights(), damped)
    ]

    name = "encoder.layer.1.attention.self.projection.damped"
    assert name in operators[1]
    assert name not in operators[0]


def test_same_input_makes_the_same_graph() -> None:
    first, second = (build_int8_graph(BERT, make_weights(), make_texts(3, seed=1)) for _ in range(2))

    assert first.SerializeToString(deterministic=True) == second.SerializeToString(deterministic=True)
