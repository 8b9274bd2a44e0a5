"""What Prometheus is told of calls: labels are names that somebody curated, so their number is bounded."""

from collections.abc import Iterable

from apps.core import metrics
from apps.inference.recording.facts import CallFacts


def count_metrics(calls: Iterable[CallFacts]) -> None:
    for call in calls:
        operation, model, tier = call.operation.value, call.model, call.tier
        metrics.count("inference_requests", operation=operation, model=model, tier=tier, outcome=call.outcome)
        metrics.observe("inference_seconds", call.ms / 1000, operation=operation, model=model)
        if call.retries:
            metrics.count("inference_retries", call.retries, operation=operation, model=model)
        if call.cost:
            metrics.count("inference_cost", float(call.cost), model=model, tier=tier)
        if call.usage.prompt:
            metrics.count("inference_tokens", call.usage.prompt, model=model, kind="prompt")
        if call.usage.completion:
            metrics.count("inference_tokens", call.usage.completion, model=model, kind="completion")
