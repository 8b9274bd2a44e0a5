"""How often search finds the right function first, over public sets, through the product's own commands.

    python -m benchmarks.quality [--sets NAME ...] [--queries N] [--data DIR]

Each catalogue goes into a new home by `import_functions`, its queries by `import_cases`, and `sweep` asks them. The
data are read where they are; nothing of them is kept in the project.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.figures import save_figures
from benchmarks.options import has_data, make_parser
from benchmarks.product import pick_measures, run_manage, write_lines
from benchmarks.search_sets import NAME, QuerySet, load_mbxp, load_snippets, read_lines

LIBRARY = "measured"
NAMELESS = "snippet"
"""Every function has a name; where the title is what is asked for, all have this one."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Records as `import_functions` takes them, and suites of cases as `import_cases` does, by name."""

    records: list[dict[str, Any]]
    suites: dict[str, list[dict[str, Any]]]


def main() -> int:
    options = read_options()
    if not has_data(options.data, "retrieval"):
        return 2
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="touchstone-quality-") as scratch:
        for name in options.sets or CATALOGUES:
            place = Path(scratch) / name
            place.mkdir()
            figures |= measure(CATALOGUES[name](options.data / "retrieval"), place, options.queries)
    print(json.dumps({"load": os.getloadavg(), **figures}, indent=2))
    if not options.sets and not options.queries:
        save_figures("quality", "python -m benchmarks.quality", figures)
    return 0


def read_options() -> argparse.Namespace:
    parser = make_parser(__doc__, "data")
    parser.add_argument("--sets", nargs="*", choices=[*CATALOGUES], help="only these; then no figures are kept")
    parser.add_argument("--queries", type=int, default=0, help="only so many of each suite; the same")
    return parser.parse_args()


def measure(catalogue: Catalogue, place: Path, queries: int) -> dict[str, Any]:
    home, started = place / "home", time.monotonic()
    source = write_lines(place / "functions.jsonl", catalogue.records)
    imported = run_manage(home, "import_functions", source, "--library", LIBRARY)
    print(f"{place.name}: {imported['created']:,} functions in {time.monotonic() - started:.0f} s", flush=True)
    found = {}
    for suite, cases in catalogue.suites.items():
        run_manage(home, "import_cases", suite, write_lines(place / f"{suite}.jsonl", cases[: queries or None]))
        swept = run_manage(home, "sweep", suite)
        found[suite] = describe(swept)
        print(f"  {suite}: MRR@10 {swept['mrr_at_10']:.4f} over {swept['cases']:,} queries", flush=True)
    return found


def describe(swept: dict[str, Any]) -> dict[str, Any]:
    parts = {language: part["mrr_at_10"] for language, part in swept["by_language"].items()}
    return {
        **pick_measures(swept),
        "macro_mrr_at_10": round(sum(parts.values()) / len(parts), 4) if parts else None,
        "by_language": parts,
    }


def load_cosqa(folder: Path) -> Catalogue:
    """Python functions and web queries that name no language to filter by."""
    records = [
        {"id": str(row["id"]), "name": find_name(row["code"]), "language": row["lang"], "code": row["code"]}
        for row in read_lines(folder / "cosqa_codebase.jsonl")
    ]
    cases = [
        {"id": row["qid"], "query": row["query"], "expected": [str(row["gold_id"])]}
        for row in read_lines(folder / "cosqa_dev.jsonl")
    ]
    return Catalogue(records, {"cosqa": cases})


def find_name(code: str) -> str:
    found = NAME.search(code)
    return found[1] if found else "unnamed"


def load_tasks(folder: Path) -> Catalogue:
    """Tasks as they are written, "Write a function to …", and without those words."""
    short = load_mbxp(folder)
    whole = replace(short, queries=[row["query"] for row in read_lines(folder / "mbxp_dev.jsonl")])
    return Catalogue(to_records(short), {"mbxp": to_cases(whole), "mbxp_shortened": to_cases(short)})


def load_asked(folder: Path, asked: Sequence[str]) -> Catalogue:
    """Snippets asked for by a field that their records lack, or by several that they have."""
    sets = {f"snippets_by_{name.replace(', ', '_')}": load_snippets(folder, name) for name in asked}
    return Catalogue(to_records(next(iter(sets.values()))), {name: to_cases(given) for name, given in sets.items()})


def to_records(given: QuerySet) -> list[dict[str, Any]]:
    return [
        {
            "id": str(document.id),
            "name": document.name or NAMELESS,
            "language": document.language,
            "description": document.description,
            "keywords": list(document.keywords),
            "code": document.code,
        }
        for document in given.documents
    ]


def to_cases(given: QuerySet) -> list[dict[str, Any]]:
    return [
        {
            "id": str(place),
            "query": query,
            "expected": [str(answer) for answer in sorted(given.answers_of(place))],
            "filters": {"language": given.languages[place]},
        }
        for place, query in enumerate(given.queries)
    ]


CATALOGUES: dict[str, Callable[[Path], Catalogue]] = {
    "cosqa": load_cosqa,
    "mbxp": load_tasks,
    "titles": partial(load_asked, asked=["title"]),
    "sentences": partial(load_asked, asked=["sentence"]),
    "whole": partial(load_asked, asked=["title, whole", "sentence, whole"]),
}

if __name__ == "__main__":
    raise SystemExit(main())
