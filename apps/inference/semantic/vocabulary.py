"""The embedding model's word pieces: their order tells how frequent they are, their vectors which are alike."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from apps.inference.embedding.manifest import MODEL_FILE, MODEL_NAME, TOKENIZER_FILE, read_manifest
from apps.inference.embedding.model import open_tokenizer, read_tokens
from apps.inference.semantic.words import QUESTION_WORDS, is_small, measure_rarity

CONTINUED = "##"
"""What a piece begins with that continues a word."""

Vectors = NDArray[np.float32]
Tokenize = Callable[[str], list[int]]


class Kind(IntEnum):
    """What a piece is; pieces of one word are all words."""

    MARK = 0
    FUNCTION = 1
    QUESTION = 2
    WORD = 3


class Pieces(NamedTuple):
    """A text's pieces with the marks of its two ends. What a word in pieces has of rarity, these share."""

    numbers: NDArray[np.int32]
    kinds: NDArray[np.int8]
    rarities: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Axes:
    """Those along which pieces differ most in questions: `axes` (dimensions, axes) through `mean` (dimensions,)."""

    mean: Vectors
    axes: Vectors

    def project(self, table: Vectors) -> Vectors:
        """Of vectors (pieces, dimensions): (pieces, axes), of length 1."""
        projected = (table - self.mean) @ self.axes
        lengths = np.linalg.norm(projected, axis=1, keepdims=True)
        found: Vectors = (projected / (lengths + np.float32(1e-6))).astype(np.float32)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """`numbers` are of words and pieces, the frequent ones first; all else has a row for each number."""

    numbers: Mapping[str, int]
    tokenize: Tokenize
    kinds: NDArray[np.int8]
    rarities: NDArray[np.float32]
    continued: NDArray[np.bool_]
    vectors: Vectors

    def read_pieces(self, text: str) -> Pieces:
        numbers = np.array(self.tokenize(text), dtype=np.int32)
        words = np.cumsum(~self.continued[numbers])
        shared = np.bincount(words)[words]
        several = shared > 1
        kinds = np.where(several, np.int8(Kind.WORD), self.kinds[numbers])
        rarities = np.where(several, np.float32(1) / shared.astype(np.float32), self.rarities[numbers])
        return Pieces(numbers, kinds, rarities)


def make_vocabulary(numbers: Mapping[str, int], tokenize: Tokenize, vectors: Vectors) -> Vocabulary:
    kinds, rarities = np.zeros(len(vectors), dtype=np.int8), np.zeros(len(vectors), dtype=np.float32)
    continued = np.zeros(len(vectors), dtype=np.bool_)
    for piece, number in numbers.items():
        kinds[number] = find_kind(piece)
        continued[number] = piece.startswith(CONTINUED)
        if kinds[number] == Kind.WORD and not continued[number]:
            rarities[number] = measure_rarity(piece, numbers)
    return Vocabulary(numbers, tokenize, kinds, rarities, continued, vectors)


def find_kind(piece: str) -> Kind:
    if piece.startswith(CONTINUED):
        return Kind.WORD
    if piece.startswith("[") or not any(character.isalnum() for character in piece):
        return Kind.MARK
    if piece in QUESTION_WORDS:
        return Kind.QUESTION
    return Kind.FUNCTION if is_small(piece) else Kind.WORD


def load_vocabulary(folder: Path, axes: Axes | None = None) -> Vocabulary:
    """Out of the models folder, with all the model's dimensions where no axes are given.

    OSError or ManifestError where the model was not converted.
    """
    home = folder / MODEL_NAME
    content = json.loads((home / TOKENIZER_FILE).read_text("utf-8"))
    table = load_table(home)
    vectors = axes.project(table) if axes else table
    return make_vocabulary(content["model"]["vocab"], load_tokenize(home), vectors)


def load_tokenize(home: Path) -> Tokenize:
    """As texts are read when they are embedded."""
    most = read_manifest(home).max_tokens
    return partial(read_tokens, open_tokenizer(home / TOKENIZER_FILE, most), most)


def load_table(home: Path) -> Vectors:
    """The pieces' vectors before the model's layers, shape (pieces, dimensions)."""
    import onnx
    from onnx import numpy_helper

    constants = {each.name: each for each in onnx.load(home / MODEL_FILE).graph.initializer}
    table, scales = (numpy_helper.to_array(constants[name]) for name in ("words.table", "words.scale"))
    found: Vectors = table.astype(np.float32) * scales.astype(np.float32)
    return found
