"""Vectors of measured queries, kept between sweeps: a nightly sweep asks the same questions again and again.

A kept vector is bit for bit what the model would make, and counts with the time that making it took: so a sweep finds
the same answers and tells the same latencies, in less time.
"""

import base64
import hashlib
import platform
import time
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from apps.core.cache.registry import get_cache
from apps.functions.services.measuring import embed_afresh
from apps.inference import embedding
from apps.inference import services as inference
from apps.inference.ladder import TierFailed

if TYPE_CHECKING:
    import numpy as np

NAMESPACE = "functions.measured_vectors"
CPU_INFO = Path("/proc/cpuinfo")
LIBRARIES = ("onnxruntime", "tokenizers", "numpy", "numba")


class Stopwatch:
    """A clock in seconds that can be put forward or back, by what something would have taken."""

    def __init__(self) -> None:
        self._added = 0.0

    def __call__(self) -> float:
        return time.perf_counter() + self._added

    def add(self, seconds: float) -> None:
        self._added += seconds


class KeptVectors:
    """For the searches of one batch, by the model as it is when the batch begins. `watch` is what times them."""

    def __init__(self, watch: Stopwatch) -> None:
        self._watch = watch
        self._cache = get_cache(NAMESPACE)
        self._model = inference.model_digest()

    def embed(self, text: str) -> "np.ndarray":
        """The query's vector, shape (dimensions,), float32. Raises TierFailed when there is no model."""
        started = time.perf_counter()
        vector, seconds = self._recall(text) or self._make(text)
        self._watch.add(seconds - (time.perf_counter() - started))
        return vector

    def _recall(self, text: str) -> "tuple[np.ndarray, float] | None":
        kept = self._cache.get(self._recipe(text)) if self._model else None
        if kept is None:
            return None
        import numpy as np

        return np.frombuffer(base64.b64decode(kept["vector"]), dtype=np.float32).copy(), kept["seconds"]

    def _make(self, text: str) -> "tuple[np.ndarray, float]":
        make_model_ready()
        started = time.perf_counter()
        vector = embed_afresh(text)
        seconds = time.perf_counter() - started
        kept = {"vector": base64.b64encode(vector.tobytes()).decode(), "seconds": seconds}
        self._cache.set(self._recipe(text), kept)
        return vector, seconds

    def _recipe(self, text: str) -> tuple[str, str, str]:
        return self._model, name_arithmetic(), text


@cache
def make_model_ready() -> None:
    """Once a process: loading the model, and compiling it where it is compiled, is not what an embedding takes."""
    with suppress(TierFailed):  # whoever embeds will hear of it
        embed_afresh("")


@cache
def name_arithmetic() -> str:
    """A digest of what may round differently: the encoder's code, the libraries it runs on, and the CPU's abilities."""
    code = [path.read_bytes() for path in sorted(Path(embedding.__file__).parent.glob("*.py"))]
    libraries = [f"{name} {version(name)}".encode() for name in LIBRARIES]
    return hashlib.blake2b(b"\0".join([*code, *libraries, read_abilities()]), digest_size=8).hexdigest()


def read_abilities() -> bytes:
    """By these, libraries choose between loops that do the same in another order."""
    try:
        lines = CPU_INFO.read_bytes().splitlines()
        return next(line for line in lines if line.startswith((b"flags", b"Features")))
    except (OSError, StopIteration):
        return f"{platform.machine()} {platform.processor()}".encode()
