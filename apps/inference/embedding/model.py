"""Texts in, unit vectors out: the converted model in loops compiled for this CPU, or under onnxruntime."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from apps.inference.embedding.encoder import Encoder, has_vnni
from apps.inference.embedding.manifest import (
    MODEL_FILE,
    MODEL_NAME,
    TOKENIZER_FILE,
    Manifest,
    ManifestError,
    check_sizes,
    read_manifest,
)

if TYPE_CHECKING:
    import numpy as np
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

Encode = Callable[[list[int]], "np.ndarray"]
"""Token ids of one text in, its vector out, float32, shape (dimensions,)."""

# More characters than this per token are cut before the tokenizer sees them: prose and source code have about 4.
CHARACTERS_PER_TOKEN = 16


class EmbeddingModelMissing(Exception):
    """There is no usable converted model in the models folder; the message names the command that makes one."""


class Embedder:
    """A loaded model. Safe to share between threads: neither the encoder nor the tokenizer changes after loading.

    Each text is one run of its own. Measured on CPUs, larger batches are no faster from 64 tokens on; and alone, a
    text is neither padded nor quantised on the scale of its neighbours, so it has the same vector in any company.
    """

    def __init__(self, encode: Encode, tokenizer: "Tokenizer", manifest: Manifest, *, threads: int = 1) -> None:
        self._encode = encode
        self._tokenizer = tokenizer
        self._threads = threads
        self.digest = manifest.digest
        self.dimensions = manifest.dimensions
        self.max_tokens = manifest.max_tokens

    def embed(self, texts: Sequence[str]) -> "np.ndarray":
        """Embed texts: float32 (len(texts), dimensions), rows of length 1, in the order of `texts`.

        Only the first `max_tokens` tokens of a text count. A text without any (empty, or nothing but control
        characters and lone surrogates) has the vector of the empty text. TypeError when `texts` is one string or
        holds anything but strings.
        """
        import numpy as np

        check_texts(texts)
        if self._threads == 1 or len(texts) < 2:
            rows = [self._embed_text(text) for text in texts]
        else:
            with ThreadPoolExecutor(self._threads) as pool:
                rows = list(pool.map(self._embed_text, texts))
        return np.array(rows, dtype=np.float32).reshape(len(texts), self.dimensions)

    def count_tokens(self, text: str) -> int:
        """Those that count for its vector: no more than `max_tokens`."""
        return len(self._tokenize(text))

    def _embed_text(self, text: str) -> "np.ndarray":
        return self._encode(self._tokenize(text))

    def _tokenize(self, text: str) -> list[int]:
        return read_tokens(self._tokenizer, self.max_tokens, text)


def read_tokens(tokenizer: "Tokenizer", most: int, text: str) -> list[int]:
    """Numbers of the tokens that count for a text's vector, `most` of them."""
    ids: list[int] = tokenizer.encode(clean_text(text, most * CHARACTERS_PER_TOKEN)).ids
    return ids


def load_embedder(folder: Path, *, threads: int = 1, compiled: bool = True) -> Embedder:
    """Load the converted model out of the models folder.

    `threads`: how many texts of one call are embedded at a time; 1 suits a server, a bulk job may take more.
    `compiled`: whether compiled loops may be used, where the CPU has what they are written for. The files are checked
    by their sizes only, which is quick; `verify_folder` reads them. EmbeddingModelMissing when they are not all there.
    """
    home = folder / MODEL_NAME
    try:
        manifest = read_manifest(home)
        check_sizes(home, manifest)
    except ManifestError as error:
        raise EmbeddingModelMissing(
            f"no embedding model in {folder}: {error}; "
            f"build it with: python -m apps.inference.embedding.convert --out {folder}"
        ) from error
    tokenizer = open_tokenizer(home / TOKENIZER_FILE, manifest.max_tokens)
    return Embedder(open_encoder(home / MODEL_FILE, compiled=compiled), tokenizer, manifest, threads=threads)


def open_encoder(model: Path, *, compiled: bool = True) -> Encode:
    """What is quickest here: compiled loops where the CPU has what they are written for, else onnxruntime."""
    if compiled and has_vnni():
        import onnx

        return Encoder(onnx.load(model))
    return run_session(open_session(model))


def run_session(session: "InferenceSession") -> Encode:
    import numpy as np

    def encode(token_ids: list[int]) -> "np.ndarray":
        vector: np.ndarray = session.run(None, {"input_ids": np.array([token_ids], dtype=np.int32)})[0][0]
        return vector

    return encode


def open_session(model: Path | bytes) -> "InferenceSession":
    """A session for one thread per call, with little memory beyond the weights.

    Basic optimisation only: the graph is written with the operators that are fastest, and the extended level would
    fuse its layer norms into a slower one.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def open_tokenizer(path: Path, max_tokens: int) -> "Tokenizer":
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def check_texts(texts: Sequence[str]) -> None:
    if isinstance(texts, str):
        raise TypeError("texts must be a sequence of strings, not one string")
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(f"texts[{place}] is {type(text).__name__}, not str")


def clean_text(text: str, limit: int) -> str:
    """The first `limit` characters, without lone surrogates, which the tokenizer cannot take."""
    return text[:limit].encode("utf-8", "ignore").decode("utf-8")
