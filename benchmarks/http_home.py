"""What the benchmarks over HTTP share: their options, and a product that runs on a home with CoSQA's functions."""

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.options import has_data, make_parser
from benchmarks.product import run_manage, write_lines
from benchmarks.quality import load_cosqa
from benchmarks.stack import running

LIBRARY = "cosqa"
SEARCH = "/api/v1/functions/search/"
# A benchmark's requests come from one address and few keys, within a minute.
GENEROUS = {"LIMIT_KEY_PER_MINUTE": "1000000", "LIMIT_ADDRESS_PER_MINUTE": "1000000"}


def make_http_parser(description: str | None, *, port: int) -> argparse.ArgumentParser:
    parser = make_parser(description, "data")
    parser.add_argument("--home", type=Path, help="keep the imported catalogue here and use it again")
    parser.add_argument("--port", type=int, default=port)
    return parser


def run_on_cosqa(options: argparse.Namespace, env: dict[str, str], measure: Callable[[Path, list[str]], int]) -> int:
    """What `measure` returns, called with the home and CoSQA's queries while the product runs there; 2 without data.

    `env` is for the product and for whatever this process does on the home.
    """
    if not has_data(options.data, "retrieval"):
        return 2
    with tempfile.TemporaryDirectory(prefix="touchstone-http-") as scratch:
        home = (options.home or Path(scratch) / "home").absolute()
        os.environ.update(TOUCHSTONE_HOME=str(home), **GENEROUS, **env)
        catalogue = load_cosqa(options.data / "retrieval")
        source = write_lines(Path(scratch) / "cosqa.jsonl", catalogue.records)
        # Over a home that has them already, this brings the index to the form that the code at hand reads.
        run_manage(home, "import_functions", source, "--library", LIBRARY)
        queries = [case["query"] for case in catalogue.suites["cosqa"]]
        with running(home, options.port):
            return measure(home, queries)
