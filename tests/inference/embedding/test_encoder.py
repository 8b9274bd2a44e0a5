from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from apps.inference.embedding import load_embedder, model
from apps.inference.embedding.encoder import Encoder, has_vnni, pack_weight
from apps.inference.embedding.graph import BertConfig
from apps.inference.embedding.int8 import build_int8_graph
from apps.inference.embedding.manifest import MODEL_FILE, MODEL_NAME
from apps.inference.embedding.model import open_encoder, open_session, run_session
from tests.inference.embedding.numpy_bert import embed_ids
from tests.inference.embedding.tiny import CONFIG, VOCABULARY, make_weights

pytestmark = [
    pytest.mark.unit,
    pytest.mark.skipif(not has_vnni(), reason="the CPU has no AVX512-VNNI"),
]

POSITIONS = CONFIG["max_position_embeddings"]
OUTLIER = "encoder.layer.0.output.LayerNorm.weight"


def make_text(length: int) -> list[int]:
    ids: list[int] = np.random.default_rng(length).integers(len(VOCABULARY), size=length).tolist()
    return ids


def build_model(weights: dict[str, np.ndarray]) -> onnx.ModelProto:
    return build_int8_graph(BertConfig.from_mapping(CONFIG), weights, [make_text(length) for length in range(4, 16)])


@pytest.fixture(scope="module", params=["even", "damped"])
def weights(request: pytest.FixtureRequest) -> dict[str, np.ndarray]:
    weights = make_weights()
    if request.param == "damped":
        weights[OUTLIER][3] *= 60
    return weights


@pytest.mark.parametrize("length", [1, 2, 3, 13, 14, 15, POSITIONS])
def test_vector_is_that_of_onnxruntime_and_of_the_definition(weights: dict[str, np.ndarray], length: int) -> None:
    graph = build_model(weights)
    ids = make_text(length)

    vector = Encoder(graph)(ids)

    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)
    # A number that falls on the other side of a rounding is all that may differ.
    assert vector @ run_session(open_session(graph.SerializeToString()))(ids) > 0.9995
    assert vector @ embed_ids(weights, ids) > 0.99


@pytest.mark.parametrize("length", [0, POSITIONS + 1])
def test_texts_without_tokens_or_beyond_the_positions_are_refused(length: int) -> None:
    with pytest.raises(ValueError, match=f"a text of {length} tokens"):
        Encoder(build_model(make_weights()))([5] * length)


def test_sizes_that_do_not_fill_tiles_are_refused() -> None:
    graph = build_model(make_weights())
    for node in graph.graph.node:
        for attribute in node.attribute:
            attribute.i = 4 if attribute.name == "num_heads" else attribute.i

    with pytest.raises(ValueError, match="4 heads of 64 numbers"):
        Encoder(graph)


def test_weight_is_packed_in_groups_of_four_inputs_by_column() -> None:
    weight = np.arange(8 * 64, dtype=np.int64).reshape(8, 64)

    packed = pack_weight(weight)  # type: ignore[arg-type]

    assert packed[:5].tolist() == [0, 64, 128, 192, 1]
    assert packed[4 * 32] == weight[4, 0]
    assert packed[8 * 32] == weight[0, 32]
    assert sorted(packed) == list(range(8 * 64))


def test_without_vnni_onnxruntime_runs_the_same_model(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["sort list", "read a file", ""]
    compiled = load_embedder(tiny_models).embed(texts)
    assert isinstance(open_encoder(tiny_models / MODEL_NAME / MODEL_FILE), Encoder)
    monkeypatch.setattr(model, "has_vnni", lambda: False)

    encode: Any = open_encoder(tiny_models / MODEL_NAME / MODEL_FILE)

    assert not isinstance(encode, Encoder)
    assert ((load_embedder(tiny_models).embed(texts) * compiled).sum(axis=1) > 0.9995).all()


def test_the_compiled_loops_can_be_switched_off(tiny_models: Path) -> None:
    encode: Any = open_encoder(tiny_models / MODEL_NAME / MODEL_FILE, compiled=False)

    assert not isinstance(encode, Encoder)
