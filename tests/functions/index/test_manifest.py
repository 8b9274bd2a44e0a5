import dataclasses
import json

import pytest

from apps.functions.index.manifest import FORMAT, Manifest, ManifestInvalid, parse_manifest, read_manifest
from tests.functions.index.catalogue import build, entry

pytestmark = pytest.mark.unit

MANIFEST = Manifest(
    generation="00000001-abcdef01",
    digest="abcdef0123",
    model_digest="model",
    watermark=7,
    built_at=1.5,
    documents=2,
    with_vectors=1,
    dimensions=384,
    average_lengths=(1.0, 2.0),
    languages=("python",),
    libraries=("one", ""),
    files={"ids.npy": 10, "terms.npy": 5},
)


def test_it_comes_back_as_it_was():
    assert parse_manifest(MANIFEST.to_json()) == MANIFEST
    assert MANIFEST.bytes == 15


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"format": 1}', json.dumps({"format": FORMAT, "x": 1})])
def test_anything_else_is_invalid(text):
    with pytest.raises(ManifestInvalid):
        parse_manifest(text)


def test_another_format_is_invalid():
    other = dataclasses.replace(MANIFEST, format=FORMAT + 1)
    with pytest.raises(ManifestInvalid, match="format"):
        parse_manifest(other.to_json())


def test_the_current_one_is_read(tmp_path):
    assert read_manifest(tmp_path / "missing") is None
    built = build(tmp_path, [entry(1, "read_csv")], watermark=9)
    assert read_manifest(tmp_path) == built
    assert (built.documents, built.with_vectors, built.watermark, built.model_digest) == (1, 0, 9, "model")
    assert built.bytes > 0


@pytest.mark.parametrize("name", ["", "../elsewhere", "..", "a/b", "\x00", "00000099-none"])
def test_a_strange_current_counts_as_none(tmp_path, name):
    build(tmp_path, [entry(1, "read_csv")])
    (tmp_path / "CURRENT").write_text(name)
    assert read_manifest(tmp_path) is None
