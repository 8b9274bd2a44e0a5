"""What the gateway adds to a call, and how many calls it carries, beside LiteLLM's proxy.

    python -m benchmarks.gateway [--seconds 4] [--rounds 3] [--only-ours]

Starts the scripted upstream, which answers at once; LiteLLM's proxy with one worker before it, in an environment of its
own (var/peers/litellm, made the first time); and a whole Touchstone, whose gateway is one process, on a new home. One
client asks each in turn, in the other order every second round: one request after the other, then 64 at once, whole and
as streams. No question is asked twice, and what arrives upstream is counted, so that nobody answers from a cache.
Figures are medians over rounds; what is added is against the upstream alone in the same round. The time of a core that
a request takes holds whatever else the machine does; the rest is to be measured on an idle one. Ends with status 1
where a request failed. With --only-ours LiteLLM is left out and nothing is kept.
"""

import argparse
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.figures import save_figures
from benchmarks.gateway_contenders import BARE, LITELLM, TOUCHSTONE, Contender, litellm, stand_alone, touchstone
from benchmarks.gateway_load import ChatLoad, drive_chat, quantile_ms
from tests.scripted import ScriptedServer, scripted_server
from tests.scripted.models import CHAT

TOGETHER = 64
WARM_SECONDS = 1.0
ADDED = ("one_p50_ms", "one_p95_ms", "first_byte_p50_ms")
GOALS = {"added_p50_ms": 0.25, "requests_per_second": 4.0}
"""Touchstone over LiteLLM: at most this of what is added, at least this of what is carried."""

Row = dict[str, float]


def main() -> int:
    options = read_options()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="touchstone-gateway-")))
        upstream = stack.enter_context(scripted_server())
        contenders = [stand_alone(upstream), stack.enter_context(touchstone(upstream, folder))]
        if not options.only_ours:
            contenders.append(stack.enter_context(litellm(upstream, folder)))
        figures, errors = measure_all(contenders, upstream, rounds=options.rounds, seconds=options.seconds)
    show(figures)
    if not options.only_ours:
        save_figures("gateway", "python -m benchmarks.gateway", figures)
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only-ours", action="store_true")
    return parser.parse_args()


def measure_all(
    contenders: Sequence[Contender], upstream: ScriptedServer, *, rounds: int, seconds: float
) -> tuple[dict[str, Any], list[str]]:
    """The figures of each by name with the ratios, and what went wrong."""
    errors: list[str] = []
    for contender in contenders:
        drive_chat(contender.address, connections=8, seconds=WARM_SECONDS)
    found: dict[str, list[Row]] = defaultdict(list)
    for turn in range(rounds):
        for contender in contenders if turn % 2 == 0 else contenders[::-1]:
            found[contender.name].append(measure(contender, upstream, seconds, errors))
    figures: dict[str, Any] = {name: summarise(rows, found[BARE]) for name, rows in found.items()}
    if LITELLM in figures:
        figures["ratios"] = compare(figures[TOUCHSTONE], figures[LITELLM])
    return figures, errors


def measure(contender: Contender, upstream: ScriptedServer, seconds: float, errors: list[str]) -> Row:
    """One round of one."""
    before = upstream.count(CHAT).get("requests", 0)
    address = contender.address
    one = drive_chat(address, connections=1, seconds=seconds)
    worked = contender.measure_work()
    many = drive_chat(address, connections=TOGETHER, seconds=seconds)
    worked = contender.measure_work() - worked
    stream = drive_chat(address, connections=1, seconds=seconds, stream=True)
    streams = drive_chat(address, connections=TOGETHER, seconds=seconds, stream=True)
    loads: list[ChatLoad] = [one, many, stream, streams]
    answered = sum(len(load.latencies) for load in loads)
    if upstream.count(CHAT)["requests"] - before < answered:
        errors.append(f"{contender.name}: some of {answered} answers did not come from upstream")
    errors += [f"{contender.name}: {error}" for load in loads for error in sorted(set(load.errors))]
    return {
        "one_p50_ms": quantile_ms(one.latencies, 0.5),
        "one_p95_ms": quantile_ms(one.latencies, 0.95),
        "requests_per_second": many.per_second,
        "core_ms_per_request": 1000 * worked / max(1, len(many.latencies)),
        "together_p95_ms": quantile_ms(many.latencies, 0.95),
        "first_byte_p50_ms": quantile_ms(stream.firsts, 0.5),
        "events_per_second": streams.events_per_second,
        "rss_mb": contender.measure_memory(),
    }


def summarise(rows: Sequence[Row], bare: Sequence[Row]) -> Row:
    """Medians over rounds; what is added is taken within each."""
    medians = {name: statistics.median(row[name] for row in rows) for name in rows[0]}
    for name in ADDED:
        added = [row[name] - alone[name] for row, alone in zip(rows, bare, strict=True)]
        medians[f"added_{name.removeprefix('one_')}"] = statistics.median(added)
    return {name: round(value, 3) for name, value in medians.items()}


def compare(ours: Row, theirs: Row) -> dict[str, Any]:
    """Ours as a share or multiple of theirs, and whether both goals are met."""
    ratios: dict[str, Any] = {name: round(ours[name] / theirs[name], 3) for name in ours if theirs[name]}
    ratios["goals_met"] = (
        ratios["added_p50_ms"] <= GOALS["added_p50_ms"]
        and ratios["requests_per_second"] >= GOALS["requests_per_second"]
    )
    return ratios


def show(figures: dict[str, Any]) -> None:
    table = Table(title=f"One after the other, and {TOGETHER} at once")
    table.add_column("figure")
    for name in figures:
        table.add_column(name, justify="right")
    rows = figures[BARE]
    for figure in rows:
        table.add_row(figure, *(f"{column.get(figure, 0):,.2f}" for column in figures.values()))
    Console(width=100).print(table)


if __name__ == "__main__":
    raise SystemExit(main())
