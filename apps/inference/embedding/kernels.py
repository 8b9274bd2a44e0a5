"""The int8 encoder in one call, compiled by numba: the arithmetic of `int8`'s graph.

Compiled when first called in a version of this file and kept beside it; import this module where it is used, since
numba takes a second to load. No kernel reads anything but its arguments and what stands here and in `tiles`. Loops go
over numbers one by one: that is what LLVM turns into instructions for 8 or 16 of them.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from apps.inference.compiling import compile_loops, loose
from apps.inference.embedding.tiles import COLUMNS, TALLEST, multiply_bytes, multiply_floats

if TYPE_CHECKING:
    from apps.inference.embedding.encoder import Embeddings, Layers, Linear

TILES = "f30be4e11aeeb90be2f6d1a557d9b2dc12403f718f869251073abbaf81428293"
"""SHA-256 of tiles.py. Name the new one when that changes: this file then changes too, and all is compiled anew."""

Floats = NDArray[np.float32]
F = TypeVar("F", bound=Callable[..., Any])

SIGN = np.int32(31)
ALL_BUT_SIGN = np.int32(0x7FFFFFFF)


def exact(function: F) -> F:
    return compile_loops(function, error_model="numpy")


@loose
def order(value: np.float32) -> np.int32:
    """A whole number that is ordered as the floats are: LLVM finds the least of those in registers, of floats not."""
    bits = np.float32(value).view(np.int32)
    return np.int32(bits ^ ((bits >> SIGN) & ALL_BUT_SIGN))


@loose
def unorder(key: np.int32) -> np.float32:
    return np.int32(key ^ ((key >> SIGN) & ALL_BUT_SIGN)).view(np.float32)


@loose
def find_range(values: Floats, damping: Floats, rows: int) -> tuple[np.float32, np.float32]:
    """The least and the largest of the damped numbers and 0."""
    low, high = np.int32(0), np.int32(0)
    for number in range(rows):
        row = values[number]
        for column in range(len(damping)):
            key = order(row[column] * damping[column])
            low, high = np.int32(min(low, key)), np.int32(max(high, key))
    return unorder(low), unorder(high)


@exact
def quantize(values: Floats, damping: Floats, rows: int, out: NDArray[np.uint8]) -> tuple[np.float32, np.int32]:
    """Round the damped numbers to bytes on one scale, as ONNX's DynamicQuantizeLinear does; the scale and the zero."""
    low, high = find_range(values, damping, rows)
    scale = (high - low) / np.float32(255) if high > low else np.float32(1)
    zero = np.rint(-low / scale)
    for number in range(rows):
        row, rounded = values[number], out[number]
        for column in range(len(damping)):
            level = np.rint(row[column] * damping[column] / scale) + zero
            rounded[column] = np.uint8(np.int32(min(max(level, np.float32(0)), np.float32(255))))
    return scale, np.int32(zero)


@exact
def choose_height(rows: int) -> int:
    """The even number of rows that the tiles share most evenly."""
    tiles = (rows + TALLEST - 1) // TALLEST
    return ((rows + tiles - 1) // tiles + 1) // 2 * 2


@exact
def apply(linear: "Linear", layer: int, weights: NDArray[np.int8], values: Floats, rows: int, out: Floats) -> None:
    """A linear operation. A last tile that would end beyond the text begins earlier; a spare row may be written to."""
    inputs, outputs = values.shape[1], out.shape[1]
    rounded = np.empty(values.shape, dtype=np.uint8)
    scale, zero = quantize(values, linear.damping[layer], rows, rounded)
    height = choose_height(rows)
    first = weights[layer].ctypes.data + linear.start
    sums, scales = linear.sums[layer].ctypes.data, linear.scales[layer].ctypes.data
    biases = linear.biases[layer].ctypes.data
    for block in range(outputs // COLUMNS):
        there = block * COLUMNS * 4
        for tile in range(0, rows, height):
            row = max(0, min(tile, rows - height))
            left, here = rounded.ctypes.data + row * inputs, out.ctypes.data + row * outputs * 4 + there
            columns = (sums + there, scales + there, biases + there)
            right = first + block * COLUMNS * inputs
            multiply_bytes(height, left, inputs, right, here, outputs * 4, columns, scale, zero)


@loose
def add_norm(
    first: Floats, second: Floats, rows: int, gain: Floats, shift: Floats, epsilon: np.float32, out: Floats
) -> None:
    """Layer norm of a sum; `out` is neither of the two."""
    share = np.float32(1) / np.float32(len(gain))
    for number in range(rows):
        one, two, norm = first[number], second[number], out[number]
        total = np.float32(0)
        for column in range(len(gain)):
            total += one[column] + two[column]
        mean, spread = total * share, np.float32(0)
        for column in range(len(gain)):
            away = one[column] + two[column] - mean
            spread += away * away
        factor = np.float32(1) / np.sqrt(spread * share + epsilon)
        for column in range(len(gain)):
            norm[column] = (one[column] + two[column] - mean) * factor * gain[column] + shift[column]


@loose
def apply_gelu(values: Floats, rows: int) -> None:
    """x / 2 * (1 + erf(x / sqrt(2))), with erf as a fraction of polynomials whose error is below 1e-6."""
    for number in range(rows):
        row = values[number]
        for column in range(len(row)):
            x = min(max(row[column] * np.float32(0.70710678), np.float32(-4)), np.float32(4))
            s = x * x
            p = np.float32(-2.72614225801306e-10) * s + np.float32(2.77068142495902e-08)
            p = p * s + np.float32(-2.10102402082508e-06)
            p = p * s + np.float32(-5.69250639462346e-05)
            p = p * s + np.float32(-7.34990630326855e-04)
            p = p * s + np.float32(-2.95459980854025e-03)
            p = p * s + np.float32(-1.60960333262415e-02)
            q = np.float32(-1.45660718464996e-05) * s + np.float32(-2.13374055278905e-04)
            q = q * s + np.float32(-1.68282697438203e-03)
            q = q * s + np.float32(-7.37332916720468e-03)
            q = q * s + np.float32(-1.42647390514189e-02)
            row[column] *= np.float32(0.5) * (np.float32(1) + x * p / q)


@loose
def apply_softmax(scores: Floats, rows: int, factor: np.float32) -> None:
    """Over each of the rows times `factor`, in place. What stands beyond the text's columns comes to nearly nothing."""
    for number in range(rows):
        row = scores[number]
        for column in range(rows, len(row)):
            row[column] = np.float32(-1e30)
        key = order(row[0])
        for column in range(len(row)):
            key = np.int32(max(key, order(row[column])))
        top, total = unorder(key), np.float32(0)
        for column in range(len(row)):
            # The lowest is well above where numbers become subnormal, which are slow.
            x = max((row[column] - top) * factor, np.float32(-80))
            power = np.floor(x * np.float32(1.44269504) + np.float32(0.5))
            rest = x - power * np.float32(0.693147182)
            p = np.float32(1.9875691500e-4) * rest + np.float32(1.3981999507e-3)
            p = p * rest + np.float32(8.3334519073e-3)
            p = p * rest + np.float32(4.1665795894e-2)
            p = p * rest + np.float32(1.6666665459e-1)
            p = p * rest + np.float32(5.0000001201e-1)
            p = p * rest * rest + rest + np.float32(1)
            row[column] = p * np.int32((np.int32(power) + np.int32(127)) << np.int32(23)).view(np.float32)
            total += row[column]
        share = np.float32(1) / total
        for column in range(len(row)):
            row[column] *= share


@exact
def attend(projected: Floats, rows: int, heads: int, out: Floats) -> None:
    """Multi-head self-attention. `projected`: queries, keys and values side by side, each shaped as `out`."""
    hidden = out.shape[1]
    width = hidden // heads
    padded = (rows + COLUMNS - 1) // COLUMNS * COLUMNS
    keys, values = np.zeros((width, padded), dtype=np.float32), np.empty((rows, width), dtype=np.float32)
    scores = np.empty((len(out), padded), dtype=np.float32)
    factor = np.float32(1) / np.sqrt(np.float32(width))
    height = choose_height(rows)
    for head in range(heads):
        start = head * width
        for column in range(width):
            for row in range(rows):
                keys[column, row] = projected[row, hidden + start + column]
        for row in range(rows):
            for column in range(width):
                values[row, column] = projected[row, 2 * hidden + start + column]
        for block in range(0, padded * 4, COLUMNS * 4):
            for tile in range(0, rows, height):
                row = max(0, min(tile, rows - height))
                left = projected.ctypes.data + (row * 3 * hidden + start) * 4
                here = scores.ctypes.data + row * padded * 4 + block
                right = keys.ctypes.data + block
                multiply_floats(height, left, 3 * hidden * 4, right, padded * 4, width, here, padded * 4)
        apply_softmax(scores, rows, factor)
        for block in range(0, width * 4, COLUMNS * 4):
            for tile in range(0, rows, height):
                row = max(0, min(tile, rows - height))
                left = scores.ctypes.data + row * padded * 4
                here = out.ctypes.data + (row * hidden + start) * 4 + block
                multiply_floats(height, left, padded * 4, values.ctypes.data + block, width * 4, rows, here, hidden * 4)


@loose
def pool(states: Floats, rows: int) -> Floats:
    """The mean over the tokens, brought to length 1."""
    total, square = np.zeros(states.shape[1], dtype=np.float32), np.float32(0)
    for row in range(rows):
        for column in range(len(total)):
            total[column] += states[row, column]
    for column in range(len(total)):
        square += total[column] * total[column]
    share = np.float32(1) / np.sqrt(square)
    for column in range(len(total)):
        total[column] *= share
    return total


@exact
def encode(
    tokens: NDArray[np.int32], embeddings: "Embeddings", layers: "Layers", heads: int, epsilon: np.float32
) -> Floats:
    """The vector of a text, shape (hidden,). Arrays of states have a spare row, since tiles have an even number."""
    rows, hidden = len(tokens), embeddings.table.shape[1]
    states, middle = np.empty((rows + 1, hidden), dtype=np.float32), np.empty((rows + 1, hidden), dtype=np.float32)
    other, attended = np.empty((rows + 1, hidden), dtype=np.float32), np.empty((rows + 1, hidden), dtype=np.float32)
    projected = np.empty((rows + 1, 3 * hidden), dtype=np.float32)
    wide = np.empty((rows + 1, layers.widening.biases.shape[1]), dtype=np.float32)
    for row in range(rows):
        for column in range(hidden):
            other[row, column] = embeddings.table[tokens[row], column] * embeddings.scales[tokens[row]]
    add_norm(other, embeddings.positions, rows, embeddings.norm[0], embeddings.norm[1], epsilon, states)
    for layer in range(len(layers.weights)):
        norm = layers.norms[layer]
        apply(layers.projection, layer, layers.weights, states, rows, projected)
        attend(projected, rows, heads, attended)
        apply(layers.mixing, layer, layers.weights, attended, rows, other)
        add_norm(other, states, rows, norm[0], norm[1], epsilon, middle)
        apply(layers.widening, layer, layers.weights, middle, rows, wide)
        apply_gelu(wide, rows)
        apply(layers.narrowing, layer, layers.weights, wide, rows, other)
        add_norm(other, middle, rows, norm[2], norm[3], epsilon, states)
    return pool(states, rows)
