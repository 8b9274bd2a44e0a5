"""The closed catalogue of our own metrics: what is not declared here cannot be counted.

django-prometheus adds those of requests and the database. Counts that all processes share (jobs, functions) are read
from the database when somebody scrapes, see `Collector`.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector as BaseCollector

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
LONG_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300)

COUNTERS = {
    "cache_hits": Counter("touchstone_cache_hits", "Values found in a cache", ["namespace", "tier"]),
    "cache_misses": Counter("touchstone_cache_misses", "Values not found in any tier", ["namespace"]),
    "answers": Counter(
        "touchstone_answers", "Answers by ladder and the tier that gave them", ["ladder", "tier", "answered"]
    ),
    "jobs_finished": Counter("touchstone_jobs_finished", "Background jobs that ended here", ["kind", "state"]),
    "deliveries": Counter(
        "touchstone_deliveries", "Attempts to tell of a report, by what came of them", ["channel", "state"]
    ),
    "sweeps_finished": Counter("touchstone_sweeps_finished", "Sweeps that ended, by their verdict", ["verdict"]),
    "inference_requests": Counter(
        "touchstone_inference_requests",
        "Requests to models, by what came of them",
        ["operation", "model", "tier", "outcome"],
    ),
    "inference_retries": Counter(
        "touchstone_inference_retries", "Attempts after a request's first", ["operation", "model"]
    ),
    "inference_cost": Counter("touchstone_inference_cost", "US dollars that models cost", ["model", "tier"]),
    "inference_tokens": Counter("touchstone_inference_tokens", "Tokens, by prompt and completion", ["model", "kind"]),
    "inference_dropped": Counter(
        "touchstone_inference_calls_dropped", "Calls that could not be recorded, since the database was away too long"
    ),
    "cache_requests": Counter(
        "touchstone_cache_requests", "Look-ups of the response caches", ["type", "level", "result"]
    ),
    "torchserve_requests": Counter(
        "torchserve_requests", "Requests to TorchServe, by what came of them", ["model", "outcome"]
    ),
    "torchserve_retries": Counter("torchserve_retry", "Requests to TorchServe that were repeated", ["model"]),
    "tier_failures": Counter("touchstone_tier_failures", "Tiers that failed and were stepped over", ["ladder", "tier"]),
}
HISTOGRAMS = {
    "answer_seconds": Histogram("touchstone_answer_seconds", "Time to an answer", ["ladder"], buckets=SECONDS),
    "embedding_seconds": Histogram("touchstone_embedding_seconds", "Time to embed one query", buckets=SECONDS),
    "inference_seconds": Histogram(
        "touchstone_inference_duration_seconds",
        "Time to a model's whole answer",
        ["operation", "model"],
        buckets=LONG_SECONDS,
    ),
    "torchserve_seconds": Histogram(
        "torchserve_request_duration_seconds", "Time to TorchServe's answer", ["model"], buckets=SECONDS
    ),
}
GAUGES = {
    "torchserve_connection": Gauge(
        "torchserve_connection_status", "1 where a TorchServe answered this process last, 0 where not", ["provider"]
    ),
}

Sample = tuple[dict[str, str], float]
GaugeSource = Callable[[], Iterable[Sample]]
_gauges: dict[str, tuple[str, list[str], GaugeSource]] = {}


def count(name: str, amount: float = 1, **labels: str) -> None:
    """KeyError for a metric that is not in the catalogue."""
    counter = COUNTERS[name]
    (counter.labels(**labels) if labels else counter).inc(amount)


def observe(name: str, value: float, **labels: str) -> None:
    histogram = HISTOGRAMS[name]
    (histogram.labels(**labels) if labels else histogram).observe(value)


def set_gauge(name: str, value: float, **labels: str) -> None:
    gauge = GAUGES[name]
    (gauge.labels(**labels) if labels else gauge).set(value)


def register_gauge(name: str, description: str, labels: list[str], source: GaugeSource) -> None:
    """A gauge whose samples are read by `source` at every scrape."""
    _gauges[name] = (description, labels, source)


class Collector(BaseCollector):
    """Reads the registered gauges; describing none keeps the registry from reading them at start."""

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, (description, labels, source) in _gauges.items():
            family = GaugeMetricFamily(f"touchstone_{name}", description, labels=labels)
            for values, value in source():
                family.add_metric([values[label] for label in labels], value)
            yield family


@cache
def install_collector() -> None:
    """Once a process: a second call changes nothing."""
    REGISTRY.register(Collector())
