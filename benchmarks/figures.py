"""What benchmarks found, kept beside the docs: pages are made from these files, so that no number is typed by hand."""

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "figures"


def save_figures(name: str, command: str, figures: dict[str, Any], *, folder: Path = FOLDER) -> Path:
    """Keeps figures, a tree of numbers and texts, under a name that goals and pages refer to.

    `command` makes them again. Beside them stand the commit, the time, and how busy the machine was.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    content = {
        "command": command,
        "taken": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": read_commit(),
        "cores": os.cpu_count(),
        "load": [round(load, 1) for load in os.getloadavg()],
        "figures": figures,
    }
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return path


def load_figures(folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """All that is kept, by name."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}


def find_figure(kept: dict[str, dict[str, Any]], path: str) -> Any:
    """The figure at "name.key.key", where a key may be a place in a list; None when it was not measured."""
    name, *keys = path.split(".")
    value: Any = kept.get(name, {}).get("figures")
    for key in keys:
        value = find_part(value, key)
    return value


def find_part(value: Any, key: str) -> Any:
    if isinstance(value, list):
        place = int(key)
        return value[place] if -len(value) <= place < len(value) else None
    return value.get(key) if isinstance(value, dict) else None


def read_commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"
