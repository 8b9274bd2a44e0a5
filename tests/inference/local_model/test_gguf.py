from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.inference.local_model.errors import ModelFileError
from apps.inference.local_model.gguf import read_header
from tests.inference.local_model.tiny import CONTEXT, MATRICES, write_model

pytestmark = pytest.mark.unit


def test_a_header_tells_what_the_model_is(tiny_model: Path) -> None:
    header = read_header(tiny_model)

    assert header.architecture == "llama"
    assert header.context == CONTEXT
    assert header.license == "CC0-1.0"
    assert header.files == 1
    assert header.tensors == len(MATRICES) + 5
    assert header.values["general.name"] == "tiny"
    assert header.values["llama.attention.layer_norm_rms_epsilon"] == pytest.approx(1e-5)
    assert "tokenizer.ggml.tokens" not in header.values


def test_a_part_of_a_model_says_so(tmp_path: Path) -> None:
    assert read_header(write_model(tmp_path / "part.gguf", files=3)).files == 3


def test_what_is_no_gguf_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"PK\x03\x04")
    with pytest.raises(ModelFileError, match=r"model\.gguf is not a GGUF file"):
        read_header(path)


@pytest.mark.parametrize(
    "rest",
    [
        b"",
        b"\x00\x00\x00\x03" + bytes(16),  # big-endian
        b"\x03\x00\x00\x00" + bytes(16),  # no tensors
        b"\x03\x00\x00\x00" + b"\x01" + bytes(7) + b"\xff" * 8,  # entries without end
        b"\x03\x00\x00\x00" + (b"\x01" + bytes(7)) * 2 + b"\xff" * 8,  # a key without end
        b"\x03\x00\x00\x00" + (b"\x01" + bytes(7)) * 3 + b"k\x63\x00\x00\x00",  # a value of no known type
        b"\x03\x00\x00\x00" + (b"\x01" + bytes(7)) * 3 + b"k\x09\x00\x00\x00\x04\x00\x00\x00" + b"\xff" * 8,
    ],
)
def test_what_only_begins_like_one_is_refused(tmp_path: Path, rest: bytes) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + rest)
    with pytest.raises(ModelFileError, match="cannot be read as one"):
        read_header(path)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(at=st.integers(4, 6000), byte=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_header_is_read_or_refused(tiny_model: Path, tmp_path: Path, at: int, byte: int, cut: bool) -> None:
    whole = bytearray(tiny_model.read_bytes())
    whole[at] = byte
    path = tmp_path / "damaged.gguf"
    path.write_bytes(whole[:at] if cut else whole)
    try:
        header = read_header(path)
    except ModelFileError:
        return
    assert header.tensors > 0
