"""The measures of a report: what each is called, what it says in a line, and its unit."""

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """A SHARE is from 0 to 1 and shown in percent, its differences in percentage points."""

    SHARE = "share"
    MILLISECONDS = "ms"
    RATE = "per second"
    DOLLARS = "USD"


@dataclass(frozen=True, slots=True)
class Measure:
    name: str
    title: str
    meaning: str
    unit: Unit = Unit.SHARE
    higher_is_better: bool = True


MEASURES = {
    measure.name: measure
    for measure in (
        Measure("accuracy", "Top-1 accuracy", "the first answer is right"),
        Measure("recall_at_5", "Recall at 5", "a right answer is among the first five"),
        Measure("mrr_at_10", "MRR at 10", "how near the top the first right answer is"),
        Measure("mean_relevance", "Mean relevance", "how good the answers are, on average"),
        Measure("answered", "Answered", "the system was sure enough to answer"),
        Measure("precision_answered", "Precision when answered", "right, of those it answered"),
        Measure("success_rate", "Went through", "cases without an error"),
        Measure("ece", "Calibration error", "how far confidence is from being right", higher_is_better=False),
        Measure("latency_ms", "Mean latency", "time a case takes", Unit.MILLISECONDS, False),
        Measure("latency_p50", "Median latency", "half of the cases are faster", Unit.MILLISECONDS, False),
        Measure("latency_p95", "p95 latency", "95 of 100 cases are faster", Unit.MILLISECONDS, False),
        Measure("latency_p99", "p99 latency", "99 of 100 cases are faster", Unit.MILLISECONDS, False),
        Measure("cases_per_second", "Cases per second", "how fast the whole run went", Unit.RATE),
        Measure("cost", "Cost", "of all cases together", Unit.DOLLARS, False),
    )
}
LATENCIES = ("latency_ms", "latency_p50", "latency_p95", "latency_p99")


def find_measure(name: str) -> Measure:
    """One of the known, or a share that has no better title than its name."""
    return MEASURES.get(name) or Measure(name, name.replace("_", " ").capitalize(), "")
