"""Reads a report's data; see `apps.evaluations.services.finishing.build_report` for what is in it.

Keys may be missing, as in the report of a run that failed, and any value may be None.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from apps.evaluations.reports.contents import (
    CauseRow,
    Change,
    Cluster,
    Contents,
    Figures,
    Flip,
    Reach,
    Row,
    RunInfo,
    Side,
    SliceFigures,
    SliceRow,
    SuiteInfo,
    Unpaired,
)
from apps.evaluations.reports.measures import MEASURES, find_measure

Data = Mapping[str, Any]


def read_report(data: Data) -> Contents:
    """Everything that a form shows. Raises nothing for what is missing or None."""
    comparison, summary = read_map(data, "comparison"), read_map(data, "summary")
    old = read_map(data, "baseline_summary")
    flips = read_map(data, "flips")
    figures = read_figures(summary) if summary else None
    old_figures = read_figures(old) if old else None
    return Contents(
        suite=read_suite(read_map(data, "suite")),
        run=read_run(read_map(data, "run")),
        baseline=read_run(read_map(data, "baseline")) if data.get("baseline") else None,
        verdict=read_text(data, "verdict"),
        title=read_text(data, "verdict_title"),
        reasons=tuple(as_text(reason) for reason in read_list(data, "reasons") if reason),
        summary=figures,
        baseline_summary=old_figures,
        rows=read_rows(read_map(comparison, "measures"), old_figures, figures),
        slices=read_slices(comparison),
        figures=read_slice_figures(old, summary),
        reach=read_reach(comparison) if comparison else None,
        newly_wrong=read_count(flips, "newly_wrong"),
        newly_right=read_count(flips, "newly_right"),
        flips=read_flips(read_maps(flips, "list")),
        changes=read_changes(read_maps(data, "changes")),
        drift=read_changes(read_maps(data, "drift")),
        unpaired=Unpaired(
            *(read_count(read_map(data, "unpaired"), name) for name in ("only_before", "only_after", "changed"))
        ),
        causes=tuple(read_cause(cause) for cause in read_maps(data, "causes")),
    )


def read_suite(suite: Data) -> SuiteInfo:
    measure = read_text(suite, "measure") or "accuracy"
    return SuiteInfo(
        name=read_text(suite, "name"),
        target=read_text(suite, "target"),
        measure=measure,
        measure_title=read_text(suite, "measure_title") or find_measure(measure).title,
        margin=read_number(suite, "margin"),
        latency_margin=read_number(suite, "latency_margin"),
    )


def read_run(run: Data) -> RunInfo:
    return RunInfo(
        id=read_text(run, "id"),
        note=read_text(run, "note"),
        suite_version=read_text(run, "suite_version"),
        started_at=read_text(run, "started_at"),
        finished_at=read_text(run, "finished_at"),
        seconds=read_number(run, "seconds"),
        pinned=tuple((name, as_text(value)) for name, value in sorted(read_map(run, "pinned").items())),
    )


def read_figures(summary: Data) -> Figures:
    latency, calibration = read_map(summary, "latency_ms"), read_map(summary, "calibration")
    found = {name: read_number(summary, name) for name in MEASURES}
    found["ece"] = read_number(calibration, "ece")
    found["latency_ms"] = read_number(latency, "mean")
    found |= {f"latency_{name}": read_number(latency, name) for name in ("p50", "p95", "p99")}
    bounds = [bound for bound in read_list(summary, "accuracy_interval") if is_number(bound)]
    return Figures(
        cases=read_count(summary, "cases"),
        values={name: value for name, value in found.items() if value is not None},
        interval=(bounds[0], bounds[1]) if len(bounds) == 2 else None,
        bins=tuple(
            {name: one[name] for name in ("confidence", "accuracy", "cases")}
            for one in read_maps(calibration, "bins")
            if all(is_number(one.get(name)) for name in ("confidence", "accuracy", "cases"))
        ),
    )


def read_rows(measures: Data, before: Figures | None, after: Figures | None) -> tuple[Row, ...]:
    """All measures in their order: those compared pair by pair, and beside them the others' plain figures."""
    names = [*MEASURES, *sorted(set(measures) - set(MEASURES))]
    rows = (
        read_row(name, measures[name]) if isinstance(measures.get(name), Mapping) else set_beside(name, before, after)
        for name in names
    )
    return tuple(row for row in rows if row.before is not None or row.after is not None)


def read_row(name: str, difference: Data) -> Row:
    fields = ("before", "after", "difference", "low", "high", "p_value", "effect_size")
    return Row(
        find_measure(name),
        **{field: read_number(difference, field) for field in fields},
        method=read_text(difference, "method"),
    )


def set_beside(name: str, before: Figures | None, after: Figures | None) -> Row:
    """A measure that was not compared pair by pair."""
    old = before.values.get(name) if before else None
    new = after.values.get(name) if after else None
    return Row(find_measure(name), old, new, None if old is None or new is None else new - old)


def read_slices(comparison: Data) -> tuple[SliceRow, ...]:
    primary = read_text(comparison, "primary") or "accuracy"
    return tuple(
        SliceRow(
            dimension=read_text(one, "dimension"),
            value=read_text(one, "value"),
            pairs=read_count(one, "pairs"),
            row=read_row(primary, read_map(one, "primary")),
            p_adjusted=read_number(one, "p_adjusted"),
            moved=read_text(one, "moved"),
        )
        for one in read_maps(comparison, "slices")
    )


def read_slice_figures(before: Data, after: Data) -> tuple[SliceFigures, ...]:
    """Every slice of the two runs by dimension, largest first."""
    found = []
    for key in sorted(key for key in {*before, *after} if key.startswith("by_")):
        old, new = read_map(before, key), read_map(after, key)
        rows = [
            SliceFigures(
                dimension=key.removeprefix("by_"),
                value=value,
                before=read_figures(old[value]) if isinstance(old.get(value), Mapping) else None,
                after=read_figures(new[value]) if isinstance(new.get(value), Mapping) else None,
            )
            for value in sorted({*old, *new})
        ]
        found += sorted(rows, key=lambda row: -(row.after or row.before or Figures()).cases)
    return tuple(found)


def read_reach(comparison: Data) -> Reach:
    rules = read_map(comparison, "rules")
    return Reach(
        pairs=read_count(comparison, "pairs"),
        small_slices=read_count(comparison, "small_slices"),
        tests=_whole(comparison.get("tests")),
        confidence=read_number(rules, "confidence") or 0.95,
        power=read_number(rules, "power"),
        smallest_visible=read_number(comparison, "smallest_visible"),
        cases_needed=_whole(comparison.get("cases_needed")),
        cases_more=_whole(comparison.get("cases_more")),
    )


def read_flips(rows: Sequence[Data]) -> tuple[Flip, ...]:
    """`damage` is above 0 for what was lost and below for what was gained: the largest of either comes first."""
    ordered = sorted(rows, key=lambda row: (row.get("newly") != "wrong", -abs(read_number(row, "damage") or 0.0)))
    return tuple(read_flip(row) for row in ordered)


def read_flip(row: Data) -> Flip:
    labels = read_map(row, "labels").values()
    return Flip(
        external_id=read_text(row, "external_id"),
        query=read_text(row, "query"),
        expected=read_expected(row.get("expected")),
        labels=tuple(
            dict.fromkeys(as_text(one) for one in (*labels, row.get("made_by"), *read_list(row, "tags")) if one)
        ),
        newly_wrong=row.get("newly") == "wrong",
        change=read_text(row, "change"),
        before=read_side(read_map(row, "before")),
        after=read_side(read_map(row, "after")),
    )


def read_expected(expected: object) -> tuple[str, ...]:
    """The right answers, whatever the target keeps them as."""
    if expected is None or expected == "":
        return ()
    return tuple(map(as_text, expected)) if isinstance(expected, list | tuple) else (as_text(expected),)


def read_side(side: Data) -> Side:
    got = read_maps(side, "got")
    first: Data = got[0] if got else {}
    return Side(
        right=bool(side.get("right")),
        rank=_whole(side.get("rank")),
        answered=bool(side.get("answered")),
        confidence=read_number(side, "confidence"),
        tier=read_text(side, "tier"),
        latency_ms=read_number(side, "latency_ms"),
        first=read_text(first, "title") or read_text(first, "id"),
        language=read_text(first, "language"),
        error=read_text(side, "error"),
    )


def read_changes(rows: Iterable[Data]) -> tuple[Change, ...]:
    return tuple(Change(*(read_text(row, name) for name in ("name", "before", "after"))) for row in rows)


def read_cause(cause: Data) -> CauseRow:
    return CauseRow(
        title=read_text(cause, "title") or read_text(cause, "cause"),
        advice=read_text(cause, "advice"),
        cases=read_count(cause, "cases"),
        clusters=tuple(
            Cluster(
                name=read_text(one, "cluster"),
                detail=read_text(one, "detail"),
                cases=read_count(one, "cases"),
                examples=tuple(read_text(example, "query") for example in read_maps(one, "examples")),
            )
            for one in read_maps(cause, "clusters")
        ),
    )


def read_map(data: Data, name: str) -> Data:
    value = data.get(name)
    return value if isinstance(value, Mapping) else {}


def read_list(data: Data, name: str) -> Sequence[Any]:
    value = data.get(name)
    return value if isinstance(value, list | tuple) else ()


def read_maps(data: Data, name: str) -> list[Data]:
    return [one for one in read_list(data, name) if isinstance(one, Mapping)]


def read_text(data: Data, name: str) -> str:
    return as_text(data.get(name))


def as_text(value: object) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False, default=str)


def read_number(data: Data, name: str) -> float | None:
    value = data.get(name)
    return float(value) if is_number(value) else None  # type: ignore[arg-type]


def read_count(data: Data, name: str) -> int:
    return _whole(data.get(name)) or 0


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(value: object) -> int | None:
    return int(value) if is_number(value) else None  # type: ignore[call-overload]
