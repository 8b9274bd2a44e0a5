"""Products of a few rows by 32 columns, written as LLVM code: no loop in Python compiles to AVX512-VNNI's instruction.

The rows of a tile are summed in registers, so that each weight is read once, and weights are asked for ahead of use.
`kernels` names the digest of this file, since numba looks only at that one to tell whether compiled code is stale.
"""

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

COLUMNS = 32
"""Of a tile: two registers wide."""

GROUP = 4
"""How many bytes of a row VNNI multiplies and adds at once."""

TALLEST = 14
"""Rows of the largest tile: with two registers each, what 32 registers hold beside the operands."""

AHEAD = 4096
"""How many bytes before their use weights are asked for. Measured: half as much is slower, twice as much no faster."""

LANES, REGISTER = 16, 64
"""Of a register: how many numbers of 32 bits, and bytes."""

BYTE, INT, LONG, FLOAT = ir.IntType(8), ir.IntType(32), ir.IntType(64), ir.FloatType()
INTS, FLOATS = ir.VectorType(INT, LANES), ir.VectorType(FLOAT, LANES)


def written(emitter: Callable[..., Any]) -> Callable[..., None]:
    """A function that compiled code can call, of its emitter, which has the context of typing first."""
    return cast(Callable[..., None], intrinsic(emitter))


def place(builder: Any, address: Any, offset: int, kind: Any) -> Any:
    """The pointer to a `kind`, `offset` bytes after the address."""
    return builder.inttoptr(builder.add(address, LONG(offset)), kind.as_pointer())


def load(builder: Any, address: Any, offset: int, kind: Any) -> Any:
    return builder.load(place(builder, address, offset, kind), align=4)


def spread(builder: Any, value: Any, vector: Any) -> Any:
    """The vector that is `value` throughout."""
    nothing = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(nothing, value, INT(0))
    return builder.shuffle_vector(first, nothing, ir.Constant(INTS, [0] * LANES))


def call(builder: Any, name: str, result: Any, arguments: list[Any]) -> Any:
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)


def add_bytes(builder: Any, total: Any, left: Any, right: Any) -> Any:
    return call(builder, "llvm.x86.avx512.vpdpbusd.512", INTS, [total, left, right])


def add_floats(builder: Any, total: Any, left: Any, right: Any) -> Any:
    return call(builder, "llvm.fma.v16f32", FLOATS, [left, right, total])


def ask_for(builder: Any, address: Any, offset: int) -> None:
    """Have the CPU fetch what lies there. Beyond the end of the weights it does nothing."""
    call(builder, "llvm.prefetch.p0", ir.VoidType(), [place(builder, address, offset, BYTE), INT(0), INT(3), INT(1)])


def add_steps(
    builder: Any,
    add: Any,
    starts: list[list[Any]],
    left: Any,
    left_stride: Any,
    right: Any,
    right_stride: Any,
    steps: Any,
) -> list[list[Any]]:
    """A tile's sums, rows x 2 registers: in each step 4 bytes of every row by 128 bytes of the other operand.

    `left` and `right` are addresses, strides are bytes: from row to row on the left, from step to step on the right.
    """
    sums = [[cgutils.alloca_once_value(builder, start) for start in row] for row in starts]
    vector = starts[0][0].type
    with cgutils.for_range(builder, steps, intp=LONG) as loop:
        here = builder.add(right, builder.mul(loop.index, right_stride))
        halves = [load(builder, here, half * REGISTER, vector) for half in range(2)]
        if add is add_bytes:
            for half in range(2):
                ask_for(builder, here, AHEAD + half * REGISTER)
        there = builder.add(left, builder.mul(loop.index, LONG(GROUP)))
        for row, places in enumerate(sums):
            start = builder.add(there, builder.mul(left_stride, LONG(row)))
            value = spread(builder, load(builder, start, 0, vector.element), vector)
            for half, total in enumerate(places):
                builder.store(add(builder, builder.load(total), value, halves[half]), total)
    return [[builder.load(total) for total in row] for row in sums]


def for_height(builder: Any, height: Any, write: Callable[[int], None]) -> None:
    """Have a tile's code written for each even height, and the one for `height` run."""
    for rows in range(2, TALLEST + 1, 2):
        with builder.if_then(builder.icmp_signed("==", height, LONG(rows))):
            write(rows)


def keep(builder: Any, vector: Any, out: Any, stride: Any, row: int, half: int) -> None:
    address = builder.add(out, builder.mul(stride, LONG(row)))
    builder.store(vector, place(builder, address, half * REGISTER, vector.type), align=4)


@written
def multiply_bytes(
    typing: Any,
    height: Any,
    left: Any,
    width: Any,
    right: Any,
    out: Any,
    stride: Any,
    columns: Any,
    scale: Any,
    zero: Any,
) -> Any:
    """`height` rows of `width` unsigned bytes by 32 packed columns, as floats into rows `stride` bytes apart.

    `columns` are three addresses: of the columns' sums, scales and biases. A byte b means (b - zero) * scale.
    """

    def write(context: Any, builder: Any, signature: Any, arguments: list[Any]) -> Any:
        height, left, width, right, out, stride, columns, scale, zero = arguments
        sums, scales, biases = cgutils.unpack_tuple(builder, columns, 3)
        shift = spread(builder, builder.neg(zero), INTS)
        starts = [builder.mul(shift, load(builder, sums, half * REGISTER, INTS)) for half in range(2)]
        factor = spread(builder, scale, FLOATS)
        factors = [builder.fmul(factor, load(builder, scales, half * REGISTER, FLOATS)) for half in range(2)]
        offsets = [load(builder, biases, half * REGISTER, FLOATS) for half in range(2)]

        def write_tile(rows: int) -> None:
            steps = builder.udiv(width, LONG(GROUP))
            tile = add_steps(builder, add_bytes, [starts] * rows, left, width, right, LONG(GROUP * COLUMNS), steps)
            for row in range(rows):
                for half in range(2):
                    total = builder.sitofp(tile[row][half], FLOATS)
                    keep(builder, add_floats(builder, offsets[half], total, factors[half]), out, stride, row, half)

        for_height(builder, height, write_tile)
        return context.get_dummy_value()

    addresses = types.UniTuple(types.intp, 3)
    return types.void(*[types.intp] * 6, addresses, types.float32, types.int32), write


@written
def multiply_floats(
    typing: Any, height: Any, left: Any, width: Any, right: Any, right_stride: Any, steps: Any, out: Any, stride: Any
) -> Any:
    """`height` rows, `width` bytes apart, by `steps` rows of 32 columns, into rows `stride` bytes apart."""

    def write(context: Any, builder: Any, signature: Any, arguments: list[Any]) -> Any:
        height, left, width, right, right_stride, steps, out, stride = arguments
        nothing = ir.Constant(FLOATS, [0.0] * LANES)

        def write_tile(rows: int) -> None:
            tile = add_steps(builder, add_floats, [[nothing] * 2] * rows, left, width, right, right_stride, steps)
            for row in range(rows):
                for half in range(2):
                    keep(builder, tile[row][half], out, stride, row, half)

        for_height(builder, height, write_tile)
        return context.get_dummy_value()

    return types.void(*[types.intp] * 8), write
