"""The int8 recipe: weights quantised when the graph is written, activations as it runs.

Activations get one scale per tensor at run time (onnxruntime's DynamicQuantizeMatMul), so a channel that runs far above
the rest costs all the others their precision, and in BERT a few do so whatever the text says. Calibration texts show
which: each such channel is divided by a factor that its weights are multiplied by, which leaves the product as it was
(after SmoothQuant, Xiao et al. 2023, https://arxiv.org/abs/2211.10438). What rounding the weights shifts an operation's
mean output by on those texts is taken out of its bias (after Nagel et al. 2019, https://arxiv.org/abs/1906.04721).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from apps.inference.embedding.graph import MICROSOFT, BertConfig, FloatArithmetic, GraphParts, build_graph

if TYPE_CHECKING:
    import numpy as np
    import onnx

INT8_LIMIT = 127
OUTLIER_QUANTILE = 0.95
OUTLIER_POWER = 0.75
# Below it, what dividing the channels gains is not worth the time it takes.
WORTHWHILE_FACTOR = 2


@dataclass(frozen=True)
class Activity:
    """What a linear operation read over the calibration texts, per input channel: largest magnitude, and mean."""

    largest: "np.ndarray"
    mean: "np.ndarray"


@dataclass(frozen=True)
class Int8Arithmetic:
    """Linear operations in int8 x uint8 with a scale per output; the table in int8 with a scale per row."""

    activity: Mapping[str, Activity]

    def add_linear(self, parts: GraphParts, name: str, weight: "np.ndarray", bias: "np.ndarray", hidden: str) -> str:
        import numpy as np

        mean = self.activity[name].mean
        factors = find_damping(self.activity[name].largest)
        if factors.max() >= WORTHWHILE_FACTOR:
            hidden = parts.node("Mul", [hidden, parts.constant(f"{name}.damping", 1 / factors)], f"{name}.damped")
            weight, mean = weight * factors[:, np.newaxis], mean / factors
        values, scales = quantize_weight(weight)
        shift = mean @ (values * scales - weight)
        inputs = [
            hidden,
            parts.constant(f"{name}.weight", values),
            parts.constant(f"{name}.scale", scales),
            parts.constant(f"{name}.zero", np.zeros(scales.shape, dtype=np.int8)),
            parts.constant(f"{name}.bias", (bias - shift).astype(np.float32)),
        ]
        return parts.node("DynamicQuantizeMatMul", inputs, name, MICROSOFT)

    def add_lookup(self, parts: GraphParts, name: str, table: "np.ndarray") -> str:
        from onnx import TensorProto

        values, scales = quantize_rows(table)
        rows = parts.node("Gather", [parts.constant(f"{name}.table", values), "input_ids"], f"{name}.rows")
        floats = parts.node("Cast", [rows], f"{name}.floats", to=TensorProto.FLOAT)
        row_scales = parts.node("Gather", [parts.constant(f"{name}.scale", scales), "input_ids"], f"{name}.scales")
        return parts.node("Mul", [floats, row_scales], name)


def quantize_weight(weight: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
    """Round a weight (inputs x outputs) to int8: the values, and a float32 scale per output, weight ~ values * scales.

    A CPU without VNNI (before Intel's Cascade Lake and AMD's Zen 4) multiplies inputs 2i and 2i + 1 with unsigned
    bytes and adds the two products in 16 bits, saturating. So neither a value nor the sum of such a pair passes 127
    before rounding, and 255 * 128 just fits: the same vectors on every CPU, for a loss of a fifth of the range.
    """
    import numpy as np

    even, odd = weight[0::2], weight[1::2]
    pairs = np.abs(even[: len(odd)] + odd).max(axis=0, initial=0)
    scales = find_scales(np.maximum(pairs, np.abs(weight).max(axis=0)))
    return np.rint(weight / scales).astype(np.int8), scales


def quantize_rows(table: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
    """Round a table to int8: the values, and a float32 scale per row (rows x 1), table ~ values * scales."""
    import numpy as np

    scales = find_scales(np.abs(table).max(axis=1, keepdims=True))
    return np.rint(table / scales).astype(np.int8), scales


def find_scales(largest: "np.ndarray") -> "np.ndarray":
    """The float32 scale that brings each largest magnitude to 127; 1 where all is zero."""
    import numpy as np

    return np.where(largest > 0, largest / INT8_LIMIT, 1).astype(np.float32)


def find_damping(largest: "np.ndarray") -> "np.ndarray":
    """The factor (1 or more, float32) to divide each channel by, so that outliers come nearer to the rest."""
    import numpy as np

    usual = max(np.quantile(largest, OUTLIER_QUANTILE), np.finfo(np.float32).tiny)
    return np.maximum(largest / usual, 1).astype(np.float32) ** np.float32(OUTLIER_POWER)


def build_int8_graph(
    config: BertConfig, weights: "Mapping[str, np.ndarray]", calibration: Sequence[Sequence[int]]
) -> "onnx.ModelProto":
    """The graph in int8, tuned to the texts whose token ids are in `calibration`. Inputs and output as in float32."""
    return build_graph(config, weights, Int8Arithmetic(measure_activity(config, weights, calibration)))


def measure_activity(
    config: BertConfig, weights: "Mapping[str, np.ndarray]", calibration: Sequence[Sequence[int]]
) -> dict[str, Activity]:
    """Run the float32 graph over the calibration texts and watch what every linear operation reads."""
    import numpy as np
    import onnxruntime
    from onnx import TensorProto, helper

    arithmetic = FloatArithmetic()
    model = build_graph(config, weights, arithmetic)
    names = sorted(set(arithmetic.linear_inputs.values()))
    model.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

    runs = [session.run(names, {"input_ids": np.array([ids], dtype=np.int32)}) for ids in calibration]
    activity = {}
    for name, outputs in zip(names, zip(*runs, strict=True), strict=True):
        tokens = np.concatenate([output[0] for output in outputs])
        activity[name] = Activity(np.abs(tokens).max(axis=0), tokens.mean(axis=0, dtype=np.float64))
    return {linear: activity[name] for linear, name in arithmetic.linear_inputs.items()}
