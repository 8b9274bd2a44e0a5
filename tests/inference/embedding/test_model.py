import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.inference.embedding import Embedder, EmbeddingModelMissing, load_embedder
from apps.inference.embedding.manifest import MODEL_FILE, MODEL_NAME, verify_folder
from apps.inference.embedding.model import CHARACTERS_PER_TOKEN
from tests.inference.embedding.numpy_bert import embed_ids
from tests.inference.embedding.tiny import HIDDEN, MAX_TOKENS, make_tokenizer, make_weights

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
TEXTS = ["sort list", "read a file", "", "write", "SORT  List", "zebra " * 40]


def test_vectors_have_the_promised_shape(tiny_embedder: Embedder) -> None:
    vectors = tiny_embedder.embed(TEXTS)

    assert vectors.shape == (len(TEXTS), tiny_embedder.dimensions) == (len(TEXTS), HIDDEN)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_vectors_are_those_of_the_tokens(tiny_embedder: Embedder) -> None:
    tokenizer = make_tokenizer()
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)

    for text, vector in zip(TEXTS, tiny_embedder.embed(TEXTS), strict=True):
        assert vector @ embed_ids(make_weights(), tokenizer.encode(text).ids) > 0.99


def test_nothing_in_gives_nothing_out(tiny_embedder: Embedder) -> None:
    assert tiny_embedder.embed([]).shape == (0, HIDDEN)


def test_digest_is_the_manifests(tiny_embedder: Embedder, tiny_models: Path) -> None:
    manifest = verify_folder(tiny_models / MODEL_NAME)

    assert (tiny_embedder.digest, tiny_embedder.max_tokens) == (manifest.digest, MAX_TOKENS)


def test_vector_is_the_same_in_any_company(tiny_embedder: Embedder) -> None:
    together = tiny_embedder.embed(TEXTS)

    np.testing.assert_array_equal(tiny_embedder.embed(TEXTS[::-1])[::-1], together)
    for text, vector in zip(TEXTS, together, strict=True):
        np.testing.assert_array_equal(tiny_embedder.embed([text])[0], vector)


def test_more_threads_give_the_same_vectors_in_order(tiny_embedder: Embedder, tiny_models: Path) -> None:
    texts = [f"{first}{second} list" for first in "abcdefgh" for second in "abcdefgh"]

    vectors = load_embedder(tiny_models, threads=3).embed(texts)

    np.testing.assert_array_equal(vectors, tiny_embedder.embed(texts))


def test_one_embedder_serves_many_threads(tiny_embedder: Embedder) -> None:
    texts = [f"sort {letter}" for letter in "abcdefghijklmnop"]
    expected = tiny_embedder.embed(texts)

    with ThreadPoolExecutor(8) as pool:
        vectors = list(pool.map(lambda text: tiny_embedder.embed([text])[0], texts * 8))

    np.testing.assert_array_equal(vectors, np.tile(expected, (8, 1)))


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\x00\x01\x07", "\ud800", "\ud800\udfff\x00"])
def test_text_without_tokens_is_the_empty_text(tiny_embedder: Embedder, text: str) -> None:
    np.testing.assert_array_equal(*tiny_embedder.embed(["", text]))


@pytest.mark.parametrize("text", ["so\x00rt list", "sort\ud800 list", "\udfffsort list", "sort\x07 list\x7f"])
def test_characters_that_mean_nothing_are_passed_over(tiny_embedder: Embedder, text: str) -> None:
    np.testing.assert_array_equal(*tiny_embedder.embed(["sort list", text]))


def test_only_the_first_tokens_count(tiny_embedder: Embedder) -> None:
    words = "sort list read file write " * 20

    np.testing.assert_array_equal(*tiny_embedder.embed([words, words + "zebra"]))


class CountingTokenizer:
    """Stands before the real tokenizer and notes the length of what reaches it."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.lengths: list[int] = []

    def encode(self, text: str) -> Any:
        self.lengths.append(len(text))
        return self.tokenizer.encode(text)


def test_long_text_is_cut_before_the_tokenizer(tiny_models: Path) -> None:
    embedder = load_embedder(tiny_models)
    counting = CountingTokenizer(embedder._tokenizer)
    embedder._tokenizer = counting  # type: ignore[assignment]

    vectors = embedder.embed(["sort " * 20_000, "a" * 100_000, " " * 100_000])

    assert max(counting.lengths) <= MAX_TOKENS * CHARACTERS_PER_TOKEN
    np.testing.assert_array_equal(vectors[2], embedder.embed([""])[0])


@settings(max_examples=50)
@given(st.lists(st.text(st.characters()), max_size=4))
def test_any_text_has_a_unit_vector(tiny_embedder: Embedder, texts: list[str]) -> None:
    vectors = tiny_embedder.embed(texts)

    assert vectors.shape == (len(texts), HIDDEN)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("wrong", ["one string", ["a", None], ["a", b"bytes"], [1], [["a"]], None])
def test_anything_but_strings_is_refused(tiny_embedder: Embedder, wrong: Any) -> None:
    with pytest.raises(TypeError):
        tiny_embedder.embed(wrong)


def test_wrong_text_is_named_by_its_place(tiny_embedder: Embedder) -> None:
    with pytest.raises(TypeError, match=r"texts\[1\] is NoneType, not str"):
        tiny_embedder.embed(["a", None])  # type: ignore[list-item]


def test_missing_model_names_folder_and_command(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingModelMissing) as caught:
        load_embedder(tmp_path / "models")

    message = str(caught.value)
    assert str(tmp_path / "models") in message
    assert f"python -m apps.inference.embedding.convert --out {tmp_path / 'models'}" in message


def test_torn_model_is_not_loaded(tmp_path: Path, tiny_models: Path) -> None:
    home = tmp_path / MODEL_NAME
    home.mkdir()
    for path in (tiny_models / MODEL_NAME).iterdir():
        (home / path.name).write_bytes(path.read_bytes())
    (home / MODEL_FILE).write_bytes(b"half")

    with pytest.raises(EmbeddingModelMissing, match=r"model\.onnx has 4 bytes"):
        load_embedder(tmp_path)


def test_importing_the_package_loads_nothing_heavy() -> None:
    script = (
        "import sys, apps.inference.embedding, apps.inference.embedding.convert\n"
        "heavy = {'numpy', 'numba', 'onnx', 'onnxruntime', 'tokenizers', 'safetensors', 'django'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
