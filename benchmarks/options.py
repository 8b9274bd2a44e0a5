"""The folders that benchmarks work on, as options of their commands."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.figures import ROOT

SCRATCH = Path(tempfile.gettempdir())
FOLDERS = {
    "data": Path(os.environ.get("TOUCHSTONE_DATA", ROOT.parent / "shared/data")),
    "models": Path(os.environ.get("TOUCHSTONE_MODELS", ROOT / "var/models")),
    "cache": SCRATCH / "touchstone-tuning",  # of vectors, for the next run
}


def make_parser(purpose: str | None, *folders: str) -> argparse.ArgumentParser:
    """A parser with an option for each of `folders`, names in FOLDERS."""
    parser = argparse.ArgumentParser(description=purpose, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in folders:
        parser.add_argument(f"--{name}", type=Path, default=FOLDERS[name])
    return parser


def has_data(folder: Path, *names: str) -> bool:
    """Whether all of `names` are in `folder`; where they are not, the person is told what to do."""
    if all((folder / name).exists() for name in names):
        return True
    print(f"there is no data in {folder}: name its folder with --data or TOUCHSTONE_DATA", file=sys.stderr)
    return False
