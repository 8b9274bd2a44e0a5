"""How well the shipped catalogue answers generated queries, through the product's own commands.

    python -m benchmarks.shipped [--count 10000] [--seed 1]

In a new home that holds nothing but the shipped catalogue: `import_functions`, `generate_cases`, `sweep`.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.figures import ROOT, save_figures
from benchmarks.product import pick_measures, run_manage

CATALOGUE = ROOT / "apps" / "functions" / "catalogue"
LIBRARY, SUITE = "essentials", "shipped"
COUNT, SEED = 10_000, 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=COUNT, help="with any other, no figures are kept")
    parser.add_argument("--seed", type=int, default=SEED, help="the same")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="touchstone-shipped-") as scratch:
        figures = measure(Path(scratch) / "home", options.count, options.seed)
    print(json.dumps(figures, indent=2))
    if (options.count, options.seed) == (COUNT, SEED):
        save_figures("shipped", "python -m benchmarks.shipped", figures)
    return 0


def measure(home: Path, count: int, seed: int) -> dict[str, Any]:
    imported = run_manage(home, "import_functions", str(CATALOGUE), "--library", LIBRARY)
    print(f"imported {imported['created']:,} functions in {imported['seconds']} s", flush=True)
    made = run_manage(home, "generate_cases", SUITE, "--count", str(count), "--seed", str(seed))
    print(f"generated {made['created']:,} cases in {made['seconds']} s", flush=True)
    started = time.monotonic()
    swept = run_manage(home, "sweep", SUITE)
    print(f"swept in {time.monotonic() - started:.0f} s", flush=True)
    return {
        "functions": imported["created"],
        "functions_by_language": imported["by_language"],
        **pick_measures(swept),
        "by_language": pick_accuracy(swept["by_language"]),
        "by_made_by": pick_accuracy(swept["by_made_by"]),
    }


def pick_accuracy(parts: dict[str, Any]) -> dict[str, float]:
    return {name: part["accuracy"] for name, part in parts.items()}


if __name__ == "__main__":
    raise SystemExit(main())
