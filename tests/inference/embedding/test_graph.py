import numpy as np
import pytest

from apps.inference.embedding.graph import BertConfig, FloatArithmetic, build_graph
from apps.inference.embedding.model import open_session
from tests.inference.embedding.numpy_bert import embed_ids
from tests.inference.embedding.tiny import CONFIG, HIDDEN, VOCABULARY, make_weights

pytestmark = pytest.mark.unit


def run_float(ids: list[list[int]], seed: int = 7) -> np.ndarray:
    model = build_graph(BertConfig.from_mapping(CONFIG), make_weights(seed), FloatArithmetic())
    vectors: np.ndarray = open_session(model.SerializeToString()).run(None, {"input_ids": np.array(ids, np.int32)})[0]
    return vectors


@pytest.mark.parametrize("length", [1, 2, 7, CONFIG["max_position_embeddings"]])
@pytest.mark.parametrize("seed", [7, 8])
def test_float_graph_computes_what_bert_is_defined_to_compute(length: int, seed: int) -> None:
    ids = np.random.default_rng(length).integers(len(VOCABULARY), size=length).tolist()

    (vector,) = run_float([ids], seed)

    np.testing.assert_allclose(vector, embed_ids(make_weights(seed), ids), atol=1e-4)


def test_texts_of_a_batch_do_not_mix() -> None:
    texts = [[2, 10, 11, 3], [2, 60, 5, 3], [2, 10, 11, 3]]

    vectors = run_float(texts)

    assert vectors.shape == (3, HIDDEN)
    np.testing.assert_allclose(vectors, [embed_ids(make_weights(), ids) for ids in texts], atol=1e-4)


def test_order_of_tokens_matters() -> None:
    first, second = run_float([[2, 10, 11, 3], [2, 11, 10, 3]])

    assert first @ second < 0.999


@pytest.mark.parametrize(
    "changed",
    [{"model_type": "roberta"}, {"hidden_act": "relu"}, {"position_embedding_type": "relative_key"}],
)
def test_other_kinds_of_model_are_refused(changed: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="only"):
        BertConfig.from_mapping({**CONFIG, **changed})


def test_missing_weight_is_named() -> None:
    weights = make_weights()
    del weights["encoder.layer.1.output.dense.bias"]

    with pytest.raises(KeyError, match=r"layer\.1\.output\.dense\.bias"):
        build_graph(BertConfig.from_mapping(CONFIG), weights, FloatArithmetic())
