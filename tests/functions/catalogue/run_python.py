"""The checks of the catalogue's Python functions, run in one child process."""

import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

TIME_LIMIT = 600.0  # seconds, for all functions together


def run_checks(functions: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the error of each function whose code or check fails, by its name; empty when all pass.

    Every function has a fresh module of its own; one without a check is only compiled and executed.
    The checks run in an empty folder that is their working and their temporary directory.
    """
    with tempfile.TemporaryDirectory() as outer:
        folder = Path(outer, "work")
        folder.mkdir()
        given, answer = Path(outer, "functions.json"), Path(outer, "errors.jsonl")
        given.write_text(json.dumps([_told(function) for function in functions]), encoding="utf-8")
        answer.touch()
        command = [sys.executable, "-I", "-X", "utf8", __file__, str(given), str(answer)]
        environment = {**os.environ, "TMPDIR": str(folder)}
        try:
            child = subprocess.run(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIME_LIMIT,
                check=False,
            )
            end = f"The process ended early ({child.returncode}): {child.stderr.decode(errors='replace')[-500:]}"
        except subprocess.TimeoutExpired:
            end = f"Not done after {TIME_LIMIT:g} seconds."
        errors = {}
        for line in answer.read_text(encoding="utf-8").splitlines():
            errors.update(json.loads(line))
    return {function["name"]: error for function in functions if (error := errors.get(function["name"], end))}


def _told(function: Mapping[str, Any]) -> dict[str, str]:
    return {"name": function["name"], "code": function["code"], "check": function.get("check", "")}


def _error_of(number: int, function: Mapping[str, str]) -> str:
    """Return the error of one function, "" when it passes."""
    module = ModuleType(f"catalogue_{number}")  # a module that can be found: data classes and pickle ask for it
    sys.modules[module.__name__] = module
    try:
        for part in ("code", "check"):
            exec(compile(function[part], f"<{part} of {function['name']}>", "exec"), module.__dict__)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a function may end by SystemExit, or by a cancelled task
        lines = [function["check"].splitlines()[frame.lineno - 1].strip() for frame in _frames_of_check(error)]
        return "\n".join([*traceback.format_exception_only(error), *lines]).strip()
    return ""


def _frames_of_check(error: BaseException) -> list[Any]:
    return [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith("<check of ")]


def _main(given: str, answer: str) -> None:
    functions = json.loads(Path(given).read_text(encoding="utf-8"))
    with Path(answer).open("a", encoding="utf-8") as errors:
        for number, function in enumerate(functions):
            print(json.dumps({function["name"]: _error_of(number, function)}), file=errors, flush=True)
    # Not sys.exit: a thread that a function left behind must not hold the process.
    os._exit(0)


if __name__ == "__main__":
    _main(*sys.argv[1:])
