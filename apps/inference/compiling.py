"""How loops are compiled by numba: once for a version of their file, kept beside it, without holding the GIL."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compile_loops(function: F, **options: Any) -> F:
    """`options` are numba's own. What is compiled is called as the function was."""
    try:
        return cast(F, numba.njit(function, cache=True, nogil=True, **options))
    except RuntimeError:  # there is no folder where it could be kept: every process compiles anew
        return cast(F, numba.njit(function, nogil=True, **options))


def loose(function: F) -> F:
    """Compiled with sums taken in any order, always the same one on a CPU; no number may be infinite."""
    return compile_loops(function, error_model="numpy", fastmath=True)
