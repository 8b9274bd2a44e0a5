"""A suite's settings as sentences."""

from collections.abc import Mapping

from apps.evaluations.models import Measure, Suite

MEASURES = {
    Measure.ACCURACY: "the share of cases whose first answer is right",
    Measure.RECALL_AT_5: "the share of cases with a right answer among the first five",
    Measure.MRR_AT_10: "the mean of one over the place of the first right answer",
    Measure.MEAN_RELEVANCE: "the mean of how good the answers are",
}


def explain_suite(suite: Suite) -> list[str]:
    """What the verdict goes by, what counts as worse, and what a run is compared with."""
    measure = MEASURES[Measure(suite.measure)]
    sentences = [
        f"The verdict goes by {suite.get_measure_display()}: {measure}.",
        f"A run is worse when that falls by {_count_points(suite.margin)} or more, in total or in one slice, and "
        "chance does not explain it.",
    ]
    if suite.latency_margin is None:
        sentences.append("Times are shown and decide nothing.")
    else:
        sentences.append(
            f"It is also worse when cases take {100 * suite.latency_margin:g} % longer or more on average."
        )
    if suite.baseline_id:
        sentences.append(f"Runs are compared with the pinned run #{suite.baseline_id}, unless told otherwise.")
    else:
        sentences.append("Runs are compared with the last one that was not worse, unless told otherwise.")
    return sentences


def _count_points(share: float) -> str:
    number = f"{100 * share:g}"
    return "one point of a hundred" if number == "1" else f"{number} points of a hundred"


def say_what_goes(parts: Mapping[str, int]) -> str:
    """What is lost with a suite, of the counts of its parts."""
    if not any(parts.values()):
        return "It has no cases, schedules or runs. Nothing brings it back."
    cases, runs, schedules = (_count(parts[name], name) for name in ("cases", "runs", "schedules"))
    return f"With it go its {cases}, {schedules}, and {runs} with their reports. Nothing brings them back."


def _count(number: int, plural: str) -> str:
    return f"{number:,} {plural[:-1] if number == 1 else plural}"
