"""The converted graph's weights, laid out for the compiled encoder in `kernels`."""

from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import onnx
    from numpy.typing import NDArray

    Constants = dict[str, NDArray[Any]]

CACHE_LINE = 64
"""Bytes: as many as a register, so that none is filled from two lines."""

KINDS = ("attention.self.projection", "attention.output.dense", "intermediate.dense", "output.dense")


class Linear(NamedTuple):
    """One kind of linear operation in every layer. `start`: where its weights begin within a layer's.

    `sums` are the sums of a column's weights, int32; `scales` and `biases` are per column too, `damping` (1 for none)
    per input. All have shape (layers, columns or inputs).
    """

    start: int
    sums: "NDArray[np.int32]"
    scales: "NDArray[np.float32]"
    biases: "NDArray[np.float32]"
    damping: "NDArray[np.float32]"


class Embeddings(NamedTuple):
    """`table`, int8, with a scale per row; `norm`, shape (2, hidden): gain and shift."""

    table: "NDArray[np.int8]"
    scales: "NDArray[np.float32]"
    positions: "NDArray[np.float32]"
    norm: "NDArray[np.float32]"


class Layers(NamedTuple):
    """`weights`, int8, shape (layers, bytes), as `pack_weight` orders them; `norms`, shape (layers, 4, hidden)."""

    weights: "NDArray[np.int8]"
    projection: Linear
    mixing: Linear
    widening: Linear
    narrowing: Linear
    norms: "NDArray[np.float32]"


@cache
def has_vnni() -> bool:
    """Whether this CPU multiplies bytes in registers of 512 bits: Intel's servers since 2019, AMD since Zen 4."""
    from llvmlite.binding import get_host_cpu_features

    return bool(get_host_cpu_features().get("avx512vnni"))


class Encoder:
    """The int8 graph of a model, for CPUs that `has_vnni`. Safe to share between threads: a call changes nothing."""

    def __init__(self, model: "onnx.ModelProto") -> None:
        """ValueError when the model's sizes are not multiples of a tile's, as MiniLM's are."""
        import numpy as np
        from onnx import helper, numpy_helper

        constants = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
        attributes = {
            each.name: helper.get_attribute_value(each) for node in model.graph.node for each in node.attribute
        }
        self._heads, self._epsilon = attributes["num_heads"], np.float32(attributes["epsilon"])
        self._embeddings = read_embeddings(constants)
        self._layers = read_layers(constants)
        check_sizes(self._layers, self._heads)

    def __call__(self, tokens: list[int]) -> "NDArray[np.float32]":
        """The vector of one text. ValueError when it has no tokens, or more than the model has positions for."""
        import numpy as np

        from apps.inference.embedding.kernels import encode

        if not 0 < len(tokens) <= len(self._embeddings.positions):
            raise ValueError(f"a text of {len(tokens)} tokens cannot be embedded")
        numbers = np.array(tokens, dtype=np.int32)
        vector: NDArray[np.float32] = encode(numbers, self._embeddings, self._layers, self._heads, self._epsilon)
        return vector


def check_sizes(layers: Layers, heads: int) -> None:
    from apps.inference.embedding.tiles import COLUMNS

    hidden, wide = layers.narrowing.biases.shape[1], layers.widening.biases.shape[1]
    if hidden % (heads * COLUMNS) or wide % COLUMNS:
        raise ValueError(f"{heads} heads of {hidden} numbers and {wide} inner ones do not come in groups of {COLUMNS}")


def read_embeddings(constants: "Constants") -> Embeddings:
    import numpy as np

    return Embeddings(
        table=np.array(constants["words.table"]),
        scales=np.array(constants["words.scale"][:, 0]),
        positions=np.array(constants["positions.table"]),
        norm=np.stack([constants["embeddings.gain"], constants["embeddings.shift"]]),
    )


def read_layers(constants: "Constants") -> Layers:
    import numpy as np

    count = sum(name.endswith(f"{KINDS[0]}.weight") for name in constants)
    prefixes = [f"encoder.layer.{layer}" for layer in range(count)]
    names = [[f"{prefix}.{kind}" for prefix in prefixes] for kind in KINDS]
    sizes = [constants[f"{kind[0]}.weight"].size for kind in names]
    starts = [sum(sizes[:place]) for place in range(len(KINDS))]
    weights = allocate_lines(count * sum(sizes)).reshape(count, sum(sizes))
    for kind, start, size in zip(names, starts, sizes, strict=True):
        for layer, name in enumerate(kind):
            weights[layer, start : start + size] = pack_weight(constants[f"{name}.weight"])
    norms = [
        [
            constants[f"{prefix}.{place}.{part}"]
            for place in ("attention.output", "output")
            for part in ("gain", "shift")
        ]
        for prefix in prefixes
    ]
    projection, mixing, widening, narrowing = map(partial(read_linear, constants), names, starts)
    return Layers(weights, projection, mixing, widening, narrowing, norms=np.array(norms))


def allocate_lines(size: int) -> "NDArray[np.int8]":
    """Bytes that begin with a line of the CPU's cache, in one piece, for which NumPy asks Linux for large pages."""
    import numpy as np

    spare = np.empty(size + CACHE_LINE, dtype=np.int8)
    start = -spare.ctypes.data % CACHE_LINE
    return spare[start : start + size]


def read_linear(constants: "Constants", names: list[str], start: int) -> Linear:
    """What one kind of operation has beside its weights, over the layers."""
    import numpy as np

    weights = [constants[f"{name}.weight"] for name in names]
    undamped = np.ones(len(weights[0]), dtype=np.float32)
    return Linear(
        start,
        sums=np.array([weight.sum(axis=0, dtype=np.int32) for weight in weights]),
        scales=np.array([constants[f"{name}.scale"] for name in names]),
        biases=np.array([constants[f"{name}.bias"] for name in names]),
        damping=np.array([constants.get(f"{name}.damping", undamped) for name in names]),
    )


def pack_weight(weight: "NDArray[np.int8]") -> "NDArray[np.int8]":
    """In the order of use: by tiles, in those by groups of inputs, in those by columns, whose group is in one place."""
    from apps.inference.embedding.tiles import COLUMNS, GROUP

    inputs, outputs = weight.shape
    return weight.reshape(inputs // GROUP, GROUP, outputs // COLUMNS, COLUMNS).transpose(2, 0, 3, 1).ravel()
