"""What the benchmarks over HTTP share: their options, and a product that runs on a home with CoSQA's functions."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.figures import ROOT
from benchmarks.product import run_manage, write_lines
from benchmarks.quality import load_cosqa
from benchmarks.stack import running

LIBRARY = "cosqa"
SEARCH = "/api/v1/functions/search/"


def make_parser(description: str | None, *, port: int) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="keep the imported catalogue here and use it again")
    parser.add_argument("--port", type=int, default=port)
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("TOUCHSTONE_DATA", ROOT.parent / "shared/data"))
    )
    return parser


def run_on_cosqa(options: argparse.Namespace, env: dict[str, str], measure: Callable[[Path, list[str]], int]) -> int:
    """What `measure` returns, called with the home and CoSQA's queries while the product runs there; 2 without data.

    `env` is for the product and for whatever this process does on the home.
    """
    folder = options.data / "retrieval"
    if not folder.is_dir():
        print(f"there is no data in {folder}: name its folder with --data or TOUCHSTONE_DATA", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="touchstone-http-") as scratch:
        home = (options.home or Path(scratch) / "home").absolute()
        os.environ.update(TOUCHSTONE_HOME=str(home), **env)
        catalogue = load_cosqa(folder)
        source = write_lines(Path(scratch) / "cosqa.jsonl", catalogue.records)
        # Over a home that has them already, this brings the index to the form that the code at hand reads.
        run_manage(home, "import_functions", source, "--library", LIBRARY)
        queries = [case["query"] for case in catalogue.suites["cosqa"]]
        with running(home, options.port):
            return measure(home, queries)
