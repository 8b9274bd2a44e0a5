"""Compiles the Rust functions of the catalogue in one go and runs their checks in one process."""

import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

LIMIT_SECONDS = 900

_MAIN = """
fn main() {
    use std::io::Write;
    static PANIC: std::sync::Mutex<String> = std::sync::Mutex::new(String::new());
    std::panic::set_hook(Box::new(|info| *PANIC.lock().unwrap() = info.to_string()));
    let checks: Vec<(usize, fn())> = vec![%s];
    for (number, check) in checks {
        PANIC.lock().unwrap().clear();
        println!("\\n@start {number}");
        std::io::stdout().flush().unwrap();
        match std::panic::catch_unwind(check) {
            Ok(()) => println!("\\n@passed {number}"),
            Err(_) => println!("\\n@failed {number} {:?}", PANIC.lock().unwrap()),
        }
    }
}
"""


def run_checks(functions: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the error of each function that does not compile or whose check panics."""
    names = [str(function["name"]) for function in functions]
    source, owners = _write_source(functions)
    deadline = time.monotonic() + LIMIT_SECONDS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "checks.rs")
        path.write_text(source, encoding="utf-8")
        try:
            errors = _compile(path, owners, deadline)
        except subprocess.TimeoutExpired:
            return dict.fromkeys(names, f"not compiled within {LIMIT_SECONDS} seconds")
        if not errors:
            errors = _execute(path.with_suffix(""), deadline)
    # An error that belongs to no function is the runner's: nothing was tested.
    return dict.fromkeys(names, errors[-1]) if -1 in errors else {names[n]: errors[n] for n in sorted(errors)}


def _write_source(functions: Sequence[Mapping[str, Any]]) -> tuple[str, list[int]]:
    """Return the program, and for each of its lines the function that it belongs to (-1: none)."""
    lines, owners = ["#![allow(warnings)]"], [-1]
    for number, function in enumerate(functions):
        module = f"mod f{number} {{\n{function['code']}\npub fn check() {{\n{function.get('check', '')}\n}}\n}}"
        added = module.split("\n")
        lines += added
        owners += [number] * len(added)
    calls = ", ".join(f"({number}, f{number}::check as fn())" for number in range(len(functions)))
    added = (_MAIN % calls).split("\n")
    return "\n".join(lines + added), owners + [-1] * len(added)


def _compile(path: Path, owners: list[int], deadline: float) -> dict[int, str]:
    command = ["rustc", "--edition", "2021", "--error-format", "json", "-C", "debuginfo=0", "-o"]
    done = subprocess.run(
        [*command, str(path.with_suffix("")), str(path)],
        capture_output=True,
        text=True,
        timeout=max(1.0, deadline - time.monotonic()),
        env={**os.environ, "TMPDIR": str(path.parent)},
    )
    errors: dict[int, str] = {}
    if done.returncode == 0:
        return errors
    for line in done.stderr.splitlines():
        message = json.loads(line) if line.startswith("{") else {"level": "error", "rendered": line, "spans": []}
        if message["level"].startswith("error") and message["spans"]:
            errors.setdefault(_owner(message["spans"], path, owners), message["rendered"])
    return errors or {-1: done.stderr[-4000:]}


def _owner(spans: list[dict[str, Any]], path: Path, owners: list[int]) -> int:
    """Return the function of the first place in the program itself; a macro's is where it is called."""
    for first in sorted(spans, key=lambda span: not span["is_primary"]):
        span: dict[str, Any] | None = first
        while span and span["file_name"] != str(path):
            span = (span.get("expansion") or {}).get("span")
        if span and owners[span["line_start"] - 1] >= 0:
            return owners[span["line_start"] - 1]
    return -1


def _execute(program: Path, deadline: float) -> dict[int, str]:
    log = program.with_suffix(".log")
    with log.open("wb") as output:
        try:
            done = subprocess.run(
                [str(program)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=max(1.0, deadline - time.monotonic()),
                cwd=program.parent,
                env={**os.environ, "TMPDIR": str(program.parent)},
            )
            end = f"the process ended here with status {done.returncode}"
        except subprocess.TimeoutExpired:
            end = f"still running after {LIMIT_SECONDS} seconds"
    text = log.read_text(encoding="utf-8", errors="replace")
    errors = {int(number): error for number, error in re.findall(r"^@failed (\d+) (.*)$", text, re.MULTILINE)}
    started = [int(number) for number in re.findall(r"^@start (\d+)$", text, re.MULTILINE)]
    if started and not re.search(rf"^@(passed|failed) {started[-1]}\b", text, re.MULTILINE):
        errors[started[-1]] = end
    return errors
