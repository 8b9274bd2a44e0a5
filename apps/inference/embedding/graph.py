"""The BERT sentence encoder as an ONNX graph, written from its weights without torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    import onnx

MICROSOFT = "com.microsoft"
OPSET = 20
IR_VERSION = 9


@dataclass(frozen=True)
class BertConfig:
    """The sizes of a BERT encoder, named as in its config.json."""

    hidden_size: int
    num_attention_heads: int
    num_hidden_layers: int
    layer_norm_eps: float

    @classmethod
    def from_mapping(cls, config: Mapping[str, Any]) -> "BertConfig":
        """Read config.json. ValueError when it describes a model that this graph would compute wrongly."""
        if config.get("model_type") != "bert" or config.get("hidden_act") != "gelu":
            raise ValueError("only a BERT encoder with the gelu activation can be converted")
        if config.get("position_embedding_type", "absolute") != "absolute":
            raise ValueError("only absolute position embeddings can be converted")
        return cls(**{name: config[name] for name in cls.__dataclass_fields__})


@dataclass
class GraphParts:
    """Nodes and constants as the graph is written. A node has one output unless said, named like the node."""

    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def constant(self, name: str, values: "np.ndarray") -> str:
        import numpy as np
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, operator: str, inputs: list[str], name: str, domain: str = "", **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, domain=domain, **attributes))
        return name


class Arithmetic(Protocol):
    """How the two operations that hold nearly all the weights are written; all else stays in float32."""

    def add_linear(self, parts: GraphParts, name: str, weight: "np.ndarray", bias: "np.ndarray", hidden: str) -> str:
        """hidden @ weight + bias, for `weight` of inputs x outputs; returns the output's name."""

    def add_lookup(self, parts: GraphParts, name: str, table: "np.ndarray") -> str:
        """The rows of `table` for `input_ids`; returns the output's name."""


@dataclass(frozen=True)
class FloatArithmetic:
    """Everything in float32. Remembers what each linear operation reads, so that its range can be measured."""

    linear_inputs: dict[str, str] = field(default_factory=dict)

    def add_linear(self, parts: GraphParts, name: str, weight: "np.ndarray", bias: "np.ndarray", hidden: str) -> str:
        self.linear_inputs[name] = hidden
        product = parts.node("MatMul", [hidden, parts.constant(f"{name}.weight", weight)], f"{name}.product")
        return parts.node("Add", [product, parts.constant(f"{name}.bias", bias)], name)

    def add_lookup(self, parts: GraphParts, name: str, table: "np.ndarray") -> str:
        return parts.node("Gather", [parts.constant(f"{name}.table", table), "input_ids"], name)


def build_graph(config: BertConfig, weights: Mapping[str, "np.ndarray"], arithmetic: Arithmetic) -> "onnx.ModelProto":
    """BERT, mean pooling over the tokens and L2 normalisation.

    `weights` are float32, named as in the `transformers` library's BertModel (linear weights: outputs x inputs); a
    missing one is a KeyError. Input of the graph: `input_ids`, int32, (batch, tokens); output: `embedding`, float32,
    (batch, hidden_size).

    There is no attention mask: the texts of a batch have the same number of tokens. Without a mask onnxruntime takes
    its flash attention, which makes 256 tokens a fifth faster; and a batch brings nothing that padding would be worth.
    """
    from onnx import TensorProto, helper

    parts = GraphParts()
    hidden = add_embeddings(parts, config, weights, arithmetic)
    for layer in range(config.num_hidden_layers):
        hidden = add_layer(parts, config, weights, arithmetic, layer, hidden)
    add_pooling(parts, hidden)
    graph = helper.make_graph(
        parts.nodes,
        "sentence_encoder",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT32, ["batch", "tokens"])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", config.hidden_size])],
        parts.constants,
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="touchstone")


def add_embeddings(
    parts: GraphParts, config: BertConfig, weights: Mapping[str, "np.ndarray"], arithmetic: Arithmetic
) -> str:
    """Word + position + segment embeddings. A single text is all of segment 0, so its row joins the positions."""
    import numpy as np

    segment = weights["embeddings.token_type_embeddings.weight"][0]
    words = arithmetic.add_lookup(parts, "words", weights["embeddings.word_embeddings.weight"])
    parts.constant("positions.table", weights["embeddings.position_embeddings.weight"] + segment)
    parts.constant("first", np.array([0], dtype=np.int64))
    parts.node("Shape", ["input_ids"], "length", start=1, end=2)
    parts.node("Slice", ["positions.table", "first", "length"], "positions")
    return add_sum_norm(parts, config, weights, "embeddings", words, "positions")


def add_layer(
    parts: GraphParts,
    config: BertConfig,
    weights: Mapping[str, "np.ndarray"],
    arithmetic: Arithmetic,
    layer: int,
    hidden: str,
) -> str:
    """One post-norm transformer layer: attention, then the feed-forward block, each added to what it read."""
    source = f"encoder.layer.{layer}"

    def add_dense(name: str, entering: str) -> str:
        weight, bias = weights[f"{name}.dense.weight"], weights[f"{name}.dense.bias"]
        return arithmetic.add_linear(parts, f"{name}.dense", weight.T, bias, entering)

    attended = add_attention(parts, config, weights, arithmetic, f"{source}.attention.self", hidden)
    mixed = add_dense(f"{source}.attention.output", attended)
    middle = add_sum_norm(parts, config, weights, f"{source}.attention.output", mixed, hidden)
    wide = add_dense(f"{source}.intermediate", middle)
    active = parts.node("Gelu", [wide], f"{source}.gelu", MICROSOFT)
    narrow = add_dense(f"{source}.output", active)
    return add_sum_norm(parts, config, weights, f"{source}.output", narrow, middle)


def add_attention(
    parts: GraphParts,
    config: BertConfig,
    weights: Mapping[str, "np.ndarray"],
    arithmetic: Arithmetic,
    source: str,
    hidden: str,
) -> str:
    """Multi-head self-attention, its three projections in one product."""
    import numpy as np
    from onnx import helper

    names = ("query", "key", "value")
    weight = np.concatenate([weights[f"{source}.{name}.weight"].T for name in names], axis=1)
    bias = np.concatenate([weights[f"{source}.{name}.bias"] for name in names])
    projected = arithmetic.add_linear(parts, f"{source}.projection", weight, bias, hidden)
    outputs = [f"{source}.{name}" for name in names]
    parts.nodes.append(helper.make_node("Split", [projected], outputs, name=f"{source}.split", axis=2, num_outputs=3))
    return parts.node("MultiHeadAttention", outputs, source, MICROSOFT, num_heads=config.num_attention_heads)


def add_sum_norm(
    parts: GraphParts,
    config: BertConfig,
    weights: Mapping[str, "np.ndarray"],
    source: str,
    first: str,
    second: str,
) -> str:
    """Layer norm of a sum, in two nodes: the fused SkipLayerNormalization is four times slower on a CPU."""
    inputs = [
        parts.node("Add", [first, second], f"{source}.sum"),
        parts.constant(f"{source}.gain", weights[f"{source}.LayerNorm.weight"]),
        parts.constant(f"{source}.shift", weights[f"{source}.LayerNorm.bias"]),
    ]
    return parts.node("LayerNormalization", inputs, f"{source}.norm", epsilon=config.layer_norm_eps)


def add_pooling(parts: GraphParts, hidden: str) -> str:
    import numpy as np

    axis = parts.constant("token_axis", np.array([1], dtype=np.int64))
    parts.node("ReduceMean", [hidden, axis], "mean", keepdims=0)
    return parts.node("LpNormalization", ["mean"], "embedding", axis=1, p=2)
