"""A report as tables on a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.management.base import OutputWrapper

RATIOS = (
    ("accuracy", "top-1 accuracy"),
    ("recall_at_5", "recall at 5"),
    ("mrr_at_10", "MRR at 10"),
    ("answered", "answered"),
    ("precision_answered", "precision when answered"),
    ("mean_relevance", "mean relevance"),
    ("success_rate", "success rate"),
)
DIMENSIONS = (("by_language", "language"), ("by_made_by", "made by"), ("by_tag", "tag"), ("by_tier", "tier"))
FLIPS = 10
MAX_ROWS = 20


def print_report(data: Mapping[str, Any], out: OutputWrapper) -> None:
    """The verdict, the figures with those of the baseline, the slices, and the worst flips."""
    run, summary = data["run"], data["summary"]
    out.write(f"{data['suite']['name']} #{run['id']}: {data['verdict_title'].upper()}")
    for reason in data["reasons"]:
        out.write(f"  {reason}")
    out.write("")
    print_measures(summary, data["baseline_summary"], data["comparison"], out)
    for key, title in DIMENSIONS:
        print_slices(title, summary.get(key, {}), out)
    print_changes(data, out)
    print_flips(data["flips"]["list"], out)


def print_measures(
    summary: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    comparison: Mapping[str, Any] | None,
    out: OutputWrapper,
) -> None:
    compared = comparison["measures"] if comparison else {}
    out.write(f"{'':26}{'now':>10}{'before':>10}{'difference':>12}  95 % interval")
    for key, title in RATIOS:
        row = f"{title:26}{show_ratio(summary.get(key)):>10}{show_ratio((before or {}).get(key)):>10}"
        out.write(row + show_difference(compared.get(key)))
    latency, rate = summary["latency_ms"], summary["cases_per_second"]
    times = ", ".join(f"{name} {show_number(latency[name])}" for name in ("mean", "p50", "p95", "p99"))
    out.write(f"{'latency, ms':26}{times}")
    out.write(f"{'calibration error':26}{show_number(summary['calibration']['ece'], 3)}")
    out.write(f"{'cases':26}{summary['cases']:,}, {show_number(rate)} a second, cost {summary['cost']:.4f} USD")


def print_slices(title: str, slices: Mapping[str, Mapping[str, Any]], out: OutputWrapper) -> None:
    if not slices:
        return
    out.write(f"\n{title:26}{'cases':>10}{'accuracy':>10}{'recall@5':>10}{'MRR@10':>10}{'answered':>10}{'p95 ms':>10}")
    rows = sorted(slices.items(), key=lambda row: -row[1]["cases"])
    for value, row in rows[:MAX_ROWS]:
        ratios = (row["accuracy"], row["recall_at_5"], row["mrr_at_10"], row["answered"])
        shown = "".join(f"{show_ratio(ratio):>10}" for ratio in ratios)
        out.write(f"{value[:25]:26}{row['cases']:>10,}{shown}{show_number(row['latency_ms']['p95']):>10}")
    if len(rows) > MAX_ROWS:
        out.write(f"... and {len(rows) - MAX_ROWS} more")


def print_changes(data: Mapping[str, Any], out: OutputWrapper) -> None:
    for title, changes in (("What changed", data["changes"]), ("Changed while it ran", data["drift"])):
        if changes:
            out.write(f"\n{title}")
            for change in changes:
                out.write(f"  {change['name']}: {change['before'] or '-'} -> {change['after'] or '-'}")


def print_flips(flips: Sequence[Mapping[str, Any]], out: OutputWrapper) -> None:
    for newly in ("wrong", "right"):
        chosen = [flip for flip in flips if flip["newly"] == newly]
        if chosen:
            out.write(f"\nNewly {newly}")
        for flip in chosen[:FLIPS]:
            got = flip["after"]["got"]
            first = got[0]["title"] if got else flip["after"]["error"] or "nothing"
            out.write(f"  {flip['query'][:60]}: {first[:60]}. {flip['change']}")


def print_causes(causes: Sequence[Mapping[str, Any]], out: OutputWrapper) -> None:
    for cause in causes:
        out.write(f"\n{cause['cases']:>6,}  {cause['title']}\n        {cause['advice']}")
        for cluster in cause["clusters"][:3]:
            example = cluster["examples"][0]
            out.write(f"        {cluster['cases']:>5,} x {cluster['detail'][:90]} ({example['query'][:60]})")


def show_ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"


def show_number(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def show_difference(compared: Mapping[str, Any] | None) -> str:
    if not compared or compared.get("low") is None:
        return ""
    points = 100 * compared["difference"]
    return f"{points:>+12.2f}  {100 * compared['low']:+.2f} to {100 * compared['high']:+.2f} points"
