import json
from pathlib import Path

import pytest

from apps.inference.embedding.manifest import (
    MANIFEST_FILE,
    Manifest,
    ManifestError,
    check_sizes,
    compute_digest,
    describe_file,
    read_manifest,
    verify_folder,
    write_manifest,
)

pytestmark = pytest.mark.unit


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.onnx").write_bytes(b"weights")
    files = {"model.onnx": describe_file(tmp_path / "model.onnx")}
    write_manifest(tmp_path, Manifest("d1", "1", "package==1", 4, 8, files))
    return tmp_path


def test_manifest_reads_as_written(folder: Path) -> None:
    manifest = verify_folder(folder)

    assert (manifest.digest, manifest.dimensions, manifest.max_tokens) == ("d1", 4, 8)
    assert manifest.files["model.onnx"].size == 7


def test_sizes_are_checked_without_reading(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"WEIGHTS")
    check_sizes(folder, read_manifest(folder))

    with pytest.raises(ManifestError, match="does not match its digest"):
        verify_folder(folder)


@pytest.mark.parametrize("body", [b"", b"weight", b"weights and more"])
def test_file_of_another_size_is_named(folder: Path, body: bytes) -> None:
    (folder / "model.onnx").write_bytes(body)

    with pytest.raises(ManifestError, match=rf"model\.onnx has {len(body)} bytes, not 7 bytes"):
        check_sizes(folder, read_manifest(folder))


def test_missing_file_is_named(folder: Path) -> None:
    (folder / "model.onnx").unlink()

    with pytest.raises(ManifestError, match=r"model\.onnx has no file"):
        check_sizes(folder, read_manifest(folder))


def test_folder_without_a_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"manifest\.json cannot be read: No such file"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "null", "{}", '{"files": {}}', '{"files": {"a": {"size": 1}}}', '{"files": []}', "\x00", '"text"'],
)
def test_damaged_manifest_is_refused(folder: Path, body: str) -> None:
    (folder / MANIFEST_FILE).write_text(body)

    with pytest.raises(ManifestError, match="is damaged"):
        read_manifest(folder)


@pytest.mark.parametrize("field", ["digest", "recipe", "source", "dimensions", "max_tokens", "files"])
def test_manifest_without_a_field_is_refused(folder: Path, field: str) -> None:
    path = folder / MANIFEST_FILE
    raw = json.loads(path.read_text())
    del raw[field]
    path.write_text(json.dumps(raw))

    with pytest.raises(ManifestError, match=field):
        read_manifest(folder)


def test_digest_depends_on_every_part_and_where_it_ends() -> None:
    digests = {compute_digest(b"ab", b"c"), compute_digest(b"a", b"bc"), compute_digest(b"abc"), compute_digest(b"abd")}

    assert len(digests) == 4
    assert compute_digest(b"ab", b"c") in digests
