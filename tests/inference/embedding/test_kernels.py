import hashlib
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from apps.inference.embedding import kernels, tiles
from apps.inference.embedding.encoder import Linear, has_vnni, pack_weight
from apps.inference.embedding.kernels import (
    add_norm,
    apply,
    apply_gelu,
    apply_softmax,
    attend,
    choose_height,
    order,
    quantize,
    unorder,
)
from apps.inference.embedding.tiles import COLUMNS, TALLEST

pytestmark = pytest.mark.unit

needs_vnni = pytest.mark.skipif(not has_vnni(), reason="the CPU has no AVX512-VNNI")
numbers = st.floats(-1000, 1000, width=32, allow_subnormal=False)
matrices = arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=20), elements=numbers)
rows_of_text = st.integers(1, 3 * TALLEST + 1)


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_kernels_name_the_tiles_that_they_were_compiled_with() -> None:
    assert hashlib.sha256(Path(tiles.__file__).read_bytes()).hexdigest() == kernels.TILES


@settings(deadline=None)
@given(st.lists(numbers, min_size=2, max_size=8))
def test_order_is_that_of_the_numbers(values: list[float]) -> None:
    floats = [np.float32(value + 0.0) for value in values]

    assert sorted(floats) == [unorder(key) for key in sorted(map(order, floats))]


@settings(deadline=None)
@given(matrices)
def test_bytes_are_within_half_a_step_and_zero_is_exact(values: np.ndarray) -> None:
    out = np.empty(values.shape, dtype=np.uint8)

    scale, zero = quantize(values, np.ones(values.shape[1], dtype=np.float32), len(values), out)

    assert scale == pytest.approx((max(values.max(), 0) - min(values.min(), 0)) / 255) or (values == 0).all()
    assert 0 <= zero <= 255
    # Half a step for the number and half for the zero, which is a byte as well.
    assert (np.abs((out.astype(np.float64) - zero) * scale - values) <= scale * 1.001).all()


def test_what_is_rounded_is_damped_before() -> None:
    values, damping = draw(3, 8), np.linspace(0.1, 1, 8, dtype=np.float32)
    damped, direct = np.empty((3, 8), dtype=np.uint8), np.empty((3, 8), dtype=np.uint8)

    assert quantize(values, damping, 3, damped) == quantize(values * damping, np.ones_like(damping), 3, direct)
    np.testing.assert_array_equal(damped, direct)


def test_rows_beyond_the_text_count_for_nothing() -> None:
    values, out = draw(3, 8), np.zeros((3, 8), dtype=np.uint8)
    values[2] = 1000

    scale, _ = quantize(values, np.ones(8, dtype=np.float32), 2, out)

    assert scale < 1
    assert (out[2] == 0).all()


@settings(deadline=None)
@given(rows_of_text)
def test_tiles_cover_the_rows_with_less_than_two_to_spare_in_each(rows: int) -> None:
    height = choose_height(rows)

    assert height % 2 == 0
    assert 2 <= height <= TALLEST
    assert height * math.ceil(rows / TALLEST) < rows + 2 * math.ceil(rows / TALLEST)


@needs_vnni
@settings(deadline=None)
@given(rows_of_text, st.integers(1, 3), st.integers(1, 3), st.integers(0, 2))
def test_product_is_exact_in_whole_numbers(rows: int, groups: int, blocks: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    inputs, outputs = 4 * groups, COLUMNS * blocks
    weight = random.integers(-127, 128, size=(inputs, outputs), dtype=np.int8)
    # Whole numbers from -100 to 155 with both ends there: the scale is 1, and nothing is rounded.
    values = random.integers(-100, 156, size=(rows + 1, inputs)).astype(np.float32)
    values[0, :2] = -100, 155
    biases = random.integers(-9, 9, size=(1, outputs)).astype(np.float32)
    scales = 2.0 ** random.integers(-2, 2, size=(1, outputs)).astype(np.float32)
    sums = weight.sum(axis=0, dtype=np.int32)[np.newaxis]
    linear = Linear(0, sums, scales, biases, np.ones((1, inputs), dtype=np.float32))
    out = np.empty((rows + 1, outputs), dtype=np.float32)

    apply(linear, 0, pack_weight(weight)[np.newaxis], values, rows, out)

    expected = values[:rows].astype(np.int64) @ weight.astype(np.int64) * scales + biases
    np.testing.assert_array_equal(out[:rows], expected.astype(np.float32))


@settings(deadline=None)
@given(st.integers(0, 5))
def test_norm_of_a_sum(seed: int) -> None:
    first, second, (gain, shift) = draw(3, 40, seed=seed), draw(3, 40, seed=seed + 9), draw(2, 40, seed=seed)
    out = np.zeros((3, 40), dtype=np.float32)

    add_norm(first, second, 2, gain, shift, np.float32(1e-12), out)

    total = (first + second).astype(np.float64)[:2]
    centred = total - total.mean(axis=1, keepdims=True)
    expected = centred / centred.std(axis=1, keepdims=True) * gain + shift
    np.testing.assert_allclose(out[:2], expected, atol=2e-6)
    assert (out[2] == 0).all()


def test_gelu_is_that_of_the_error_function() -> None:
    values = np.linspace(-12, 12, 4001, dtype=np.float32)[np.newaxis].copy()
    expected = [value / 2 * (1 + math.erf(value / math.sqrt(2))) for value in values[0].astype(np.float64)]

    apply_gelu(values, 1)

    np.testing.assert_allclose(values[0], expected, rtol=1e-6, atol=1e-6)


@settings(deadline=None)
@given(st.integers(1, 40), st.floats(0.01, 100))
def test_softmax_leaves_nothing_to_what_is_beyond_the_text(rows: int, spread: float) -> None:
    padded = (rows + COLUMNS - 1) // COLUMNS * COLUMNS
    scores = draw(rows, padded, seed=rows) * np.float32(spread)
    raised = np.exp((scores[:, :rows] - scores[:, :rows].max(axis=1, keepdims=True)).astype(np.float64) / 2)

    apply_softmax(scores, rows, np.float32(0.5))

    np.testing.assert_allclose(scores[:, :rows], raised / raised.sum(axis=1, keepdims=True), atol=1e-6)
    assert (scores[:, rows:] < 1e-30).all()


@needs_vnni
@settings(deadline=None)
@given(rows_of_text, st.sampled_from([1, 2]))
def test_attention_is_what_it_is_defined_to_be(rows: int, heads: int) -> None:
    width = COLUMNS * 2 // heads
    projected, out = draw(rows + 1, 3 * COLUMNS * 2, seed=rows), np.empty((rows + 1, COLUMNS * 2), dtype=np.float32)

    attend(projected, rows, heads, out)

    for head in range(heads):
        query, key, value = (
            projected[:rows, part * COLUMNS * 2 + head * width :][:, :width].astype(np.float64) for part in range(3)
        )
        raised = np.exp(query @ key.T / math.sqrt(width))
        expected = raised / raised.sum(axis=1, keepdims=True) @ value
        np.testing.assert_allclose(out[:rows, head * width :][:, :width], expected, atol=1e-5)
