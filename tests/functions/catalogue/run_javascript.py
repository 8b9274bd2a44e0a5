"""Runs the catalogue's JavaScript functions, each followed by its check, in one node process."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TIME_LIMIT_SECONDS = 600

# Each function is the body of an async function: its names stay its own, and await is allowed.
_DRIVER = """
const assert = require("node:assert");
const fs = require("node:fs");

const AsyncFunction = Object.getPrototypeOf(async function () {}).constructor;
const functions = JSON.parse(fs.readFileSync("functions.json", "utf8"));
let current = "";

function report(name, error) {
  const text = error ? String((error && error.stack) || error) : "";
  fs.appendFileSync("results.jsonl", JSON.stringify({ name, error: text }) + "\\n");
}

function stop(error) {
  report(current, error);
  process.exit(1);
}

async function runAll() {
  for (const { name, code, check } of functions) {
    current = name;
    try {
      const body = new AsyncFunction("require", "assert", `${code}\\n${check || ""}`);
      if (check) {
        await body(require, assert);
      }
      report(name, null);
    } catch (error) {
      report(name, error || new Error("thrown without an error"));
    }
  }
}

process.on("uncaughtException", stop);
process.on("unhandledRejection", stop);
runAll().then(() => process.exit(0));
"""


def run_checks(functions: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the error text of each function whose check fails, by its name; those without a check are only parsed."""
    node = shutil.which("node")
    if node is None:
        raise FileNotFoundError("node is not installed")
    wanted = [{"name": one["name"], "code": one["code"], "check": one.get("check", "")} for one in functions]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "functions.json").write_text(json.dumps(wanted), encoding="utf-8")
        (place / "driver.cjs").write_text(_DRIVER, encoding="utf-8")
        ended = _run_node(node, place)
        results = place / "results.jsonl"
        lines = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
    found = {result["name"]: result["error"] for result in map(json.loads, lines)}
    return {one["name"]: error for one in wanted if (error := found.get(one["name"], f"did not run: {ended}"))}


def _run_node(node: str, place: Path) -> str:
    """Run the driver in its folder and return how it ended."""
    try:
        done = subprocess.run(
            [node, "driver.cjs"],
            cwd=place,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"stopped after {TIME_LIMIT_SECONDS} seconds"
    return f"node ended with {done.returncode}: {done.stderr.strip()}"
