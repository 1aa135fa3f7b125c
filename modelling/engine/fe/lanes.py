"""Moves of three components of four nodes at once between a vector of nodes and rows of lanes, for compiled loops.

A loop that moves them one by one takes 48 loads and 48 stores an element; this takes 32 and 22. numba has no words for
vectors of a fixed width, so these two are told to its compiler directly. The code that numba keeps
of `kernels` does not notice a change here: empty `__pycache__` after one.
"""

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

_INDEX = ir.IntType(32)


def _load_four(_: Any, x: Any, nodes: Any, rz: Any, ry: Any, rx: Any, at: Any) -> Any:
    """Put x[j], x[j + 1], x[j + 2] for the four j of `nodes` into rz, ry, rx at places at .. at + 3."""

    def generate(context: Any, builder: Any, _: Any, values: Any) -> Any:
        scalar, n_bytes = context.get_value_type(x.dtype), x.dtype.bitwidth // 8
        pair, four = ir.VectorType(scalar, 2), ir.VectorType(scalar, 4)
        pairs, third = [], ir.Constant(four, ir.Undefined)
        for lane, j in enumerate(_unpack(builder, values[1])):
            place = _point(context, builder, x, values[0], j)
            pairs.append(builder.load(builder.bitcast(place, pair.as_pointer()), align=n_bytes))
            single = builder.load(_step_on(builder, place), align=n_bytes)
            third = builder.insert_element(third, single, ir.Constant(_INDEX, lane))
        low = builder.shuffle_vector(pairs[0], pairs[1], _order(0, 1, 2, 3))
        high = builder.shuffle_vector(pairs[2], pairs[3], _order(0, 1, 2, 3))
        first = builder.shuffle_vector(low, high, _order(0, 2, 4, 6))
        second = builder.shuffle_vector(low, high, _order(1, 3, 5, 7))
        for kind, row, value in zip((rz, ry, rx), values[2:5], (first, second, third), strict=True):
            place = _point(context, builder, kind, row, values[5])
            builder.store(value, builder.bitcast(place, four.as_pointer()), align=n_bytes)
        return context.get_dummy_value()

    return types.void(x, nodes, rz, ry, rx, at), generate


def _add_four(_: Any, y: Any, nodes: Any, rz: Any, ry: Any, rx: Any, at: Any) -> Any:
    """Add rz, ry, rx at places at .. at + 3 to y[j], y[j + 1], y[j + 2] for the four j of `nodes`, in turn."""

    def generate(context: Any, builder: Any, _: Any, values: Any) -> Any:
        n_bytes = y.dtype.bitwidth // 8
        four = ir.VectorType(context.get_value_type(y.dtype), 4)
        rows = []
        for kind, row in zip((rz, ry, rx), values[2:5], strict=True):
            place = _point(context, builder, kind, row, values[5])
            rows.append(builder.load(builder.bitcast(place, four.as_pointer()), align=n_bytes))
        low = builder.shuffle_vector(rows[0], rows[1], _order(0, 4, 1, 5))
        high = builder.shuffle_vector(rows[0], rows[1], _order(2, 6, 3, 7))
        for lane, j in enumerate(_unpack(builder, values[1])):
            place = _point(context, builder, y, values[0], j)
            source, at_lane = (low, high)[lane // 2], 2 * (lane % 2)
            _add(builder, place, builder.shuffle_vector(source, source, _order(at_lane, at_lane + 1)), n_bytes)
            _add(
                builder, _step_on(builder, place), builder.extract_element(rows[2], ir.Constant(_INDEX, lane)), n_bytes
            )
        return context.get_dummy_value()

    return types.void(y, nodes, rz, ry, rx, at), generate


def _unpack(builder: Any, four: Any) -> list[Any]:
    return [builder.extract_value(four, lane) for lane in range(4)]


def _point(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    return builder.gep(context.make_array(kind)(context, builder, array).data, [at])


def _step_on(builder: Any, place: Any) -> Any:
    return builder.gep(place, [ir.Constant(_INDEX, 2)])


def _order(*lanes: int) -> Any:
    return ir.Constant(ir.VectorType(_INDEX, len(lanes)), list(lanes))


def _add(builder: Any, place: Any, value: Any, n_bytes: int) -> None:
    place = builder.bitcast(place, value.type.as_pointer())
    builder.store(builder.fadd(builder.load(place, align=n_bytes), value), place, align=n_bytes)


load_four = cast(Callable[..., None], intrinsic(_load_four))
add_four = cast(Callable[..., None], intrinsic(_add_four))
