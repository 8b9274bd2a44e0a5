"""How fast this machine's memory can be read, which bounds what reads all of a large model for every token."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

MEGABYTES = 800
ROUNDS = 3


def measure_read_bandwidth(*, megabytes: int = MEGABYTES, threads: int = os.cpu_count() or 1) -> float:
    """Bytes a second that sums over an array far larger than any cache read together, in the best of a few rounds."""
    parts = np.array_split(np.ones(megabytes * 1_000_000 // 8), threads)
    rates = []
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(np.sum, parts))
        for _ in range(ROUNDS):
            started = time.perf_counter()
            list(pool.map(np.sum, parts))
            rates.append(sum(part.nbytes for part in parts) / (time.perf_counter() - started))
    return max(rates)
