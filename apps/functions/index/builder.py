"""Building a generation of the index, in two passes over the entries and with little memory."""

import hashlib
import os
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from apps.functions.index.arrays import encode, open_array, write_array, write_lists, write_strings
from apps.functions.index.manifest import MANIFEST, Manifest
from apps.functions.index.postings import write_postings
from apps.functions.index.sketch import write_sketch
from apps.functions.index.spool import Entry, Spool, spool_entries
from apps.functions.index.store import building_folder, next_generation, publish, remove_old_generations
from apps.functions.index.vocabulary import write_vocabulary
from apps.functions.search.bm25 import average_length
from apps.functions.search.crowding import choose_sample, measure_crowding
from apps.functions.search.fusion import TYPICAL_CROWDING

READ = 1 << 20


def build_index(root: Path, entries: Iterable[Entry], *, model_digest: str, watermark: int) -> Manifest:
    """Build the index of these functions in the folder `root` and make it the current one.

    `entries` is read once, as a stream. Waits for another build of the same folder. Should anything fail, the current
    index stays as it is. Raises ValueError for an id that comes twice or a wrong vector, and OSError.
    """
    root = Path(root)
    with building_folder(root) as folder:
        spool = spool_entries(folder, entries)
        write_postings(folder, spool)
        _write_names(folder, spool)
        write_vocabulary(folder, spool.words)
        _write_crowding(folder)
        write_sketch(folder, open_array(folder / "vectors.npy"), open_array(folder / "has_vector.npy"))
        for path in folder.glob("spool_*"):
            path.unlink()
        manifest = _write_manifest(root, folder, spool, model_digest, watermark)
        publish(root, folder, manifest.generation)
        remove_old_generations(root)
    return manifest


def _write_names(folder: Path, spool: Spool) -> None:
    found = sorted((encode(key), rows) for key, rows in spool.rows_by_name.items())
    write_strings(folder, "names", [key for key, _ in found])
    write_lists(folder, "name_rows", [rows for _, rows in found])


def _write_crowding(folder: Path) -> None:
    vectors, has_vector = open_array(folder / "vectors.npy"), open_array(folder / "has_vector.npy")
    crowding = np.full(len(has_vector), TYPICAL_CROWDING, dtype=np.float32)
    rows = np.flatnonzero(has_vector)
    if len(rows):
        sampled = choose_sample(len(rows))
        in_sample = np.zeros(len(rows), dtype=np.bool_)
        in_sample[sampled] = True
        sample = vectors[rows[sampled]]
        for inside in (True, False):
            part = rows[in_sample == inside]
            crowding[part] = _measure(vectors, part, sample, inside)
        crowding[~np.asarray(has_vector)] = crowding[rows].mean()
    write_array(folder / "crowding.npy", crowding)


def _measure(vectors: np.ndarray, rows: np.ndarray, sample: np.ndarray, inside: bool) -> np.ndarray:
    blocks = [rows[start : start + 8_192] for start in range(0, len(rows), 8_192)]
    measured = [measure_crowding(vectors[block], sample, itself_in_sample=inside) for block in blocks]
    return np.concatenate([np.zeros(0, dtype=np.float32), *measured])


def _write_manifest(root: Path, folder: Path, spool: Spool, model_digest: str, watermark: int) -> Manifest:
    files = {path.name: path.stat().st_size for path in sorted(folder.iterdir())}
    digest = _digest(folder, files, model_digest, (*spool.languages, "", *spool.libraries))
    manifest = Manifest(
        generation=next_generation(root, digest),
        digest=digest,
        model_digest=model_digest,
        watermark=watermark,
        built_at=time.time(),
        documents=spool.documents,
        with_vectors=spool.with_vectors,
        dimensions=spool.dimensions,
        average_lengths=average_length(spool.total_lengths.tolist(), spool.documents),
        languages=tuple(spool.languages),
        libraries=tuple(spool.libraries),
        files=files,
    )
    with (folder / MANIFEST).open("w", encoding="utf-8") as file:
        file.write(manifest.to_json())
        file.flush()
        os.fsync(file.fileno())
    return manifest


def _digest(folder: Path, files: dict[str, int], model_digest: str, labels: tuple[str, ...]) -> str:
    """Reads every file, which also makes the mapped ones durable."""
    state = hashlib.blake2b("\0".join((model_digest, *labels)).encode("utf-8", "replace"), digest_size=16)
    for name in files:
        state.update(f"\0{name}\0".encode())
        with (folder / name).open("rb") as file:
            os.fsync(file.fileno())
            while block := file.read(READ):
                state.update(block)
    return state.hexdigest()
