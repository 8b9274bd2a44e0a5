"""What search and inference are to reach, and which figure tells whether they do."""

from dataclasses import dataclass
from typing import Any

Number = int | float


@dataclass(frozen=True, slots=True)
class Goal:
    """`figure` names a measured value (see benchmarks.figures); it is to be `least` or more, or `most` or less.

    What is to be true has True as its least.
    """

    section: str
    what: str
    figure: str
    least: Number | None = None
    most: Number | None = None
    unit: str = ""

    @property
    def wanted(self) -> str:
        if self.least is True:
            return show(True)
        words, bound = ("at least", self.least) if self.least is not None else ("at most", self.most)
        return f"{words} {show(bound, self.unit)}"

    def is_met(self, value: Number) -> bool:
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def judge(self, value: Any) -> str:
        """In a word or two whether the goal is met, and by how much it is missed."""
        if not isinstance(value, int | float):
            return "not measured"
        if self.is_met(value):
            return "met"
        if value is False:
            return "missed"
        bound = self.least if self.least is not None else self.most
        assert bound is not None
        return f"missed by {show(abs(bound - value), self.unit)}"


LANGUAGES = ("python", "javascript", "java", "go", "rust", "csharp")

QUALITY = (
    Goal("Quality", "CoSQA, MRR@10", "quality.cosqa.mrr_at_10", least=0.55),
    Goal("Quality", "MBXP, MRR@10, mean over five languages", "quality.mbxp.macro_mrr_at_10", least=0.72),
    Goal("Quality", "30 seconds, title to code, MRR@10", "quality.snippets_by_title.mrr_at_10", least=0.90),
    Goal("Quality", "30 seconds, description to code, MRR@10", "quality.snippets_by_sentence.mrr_at_10", least=0.90),
    Goal("Quality", "Shipped catalogue, 10,000 generated cases, top-1", "shipped.accuracy", least=0.97, unit="%"),
    *(
        Goal(
            "Quality", f"Shipped catalogue, {language}, top-1", f"shipped.by_language.{language}", least=0.95, unit="%"
        )
        for language in LANGUAGES
    ),
    Goal("Quality", "64 functions, predecessor's kind of suite, top-1", "predecessor.accuracy", least=0.88, unit="%"),
    Goal("Quality", "The same, right one among five", "predecessor.recall_at_5", least=0.99, unit="%"),
)
ABSTENTION = (
    Goal("Abstention", "Off-topic utterances refused", "abstention.off_topic_refused", least=0.90, unit="%"),
    Goal("Abstention", "Queries for functions taken out of the index refused", "abstention.removed_refused",
         least=0.90, unit="%"),
    Goal("Abstention", "Answerable queries refused", "abstention.answerable_refused", most=0.05, unit="%"),
    Goal("Abstention", "Expected calibration error, held-out folds", "abstention.calibration_error", most=0.05),
)  # fmt: skip
SPEED = (
    Goal(
        "Speed", "New query in-process, 6,267 functions, by meaning, p50", "speed.meaning_p50_ms", most=2.5, unit="ms"
    ),
    Goal(
        "Speed",
        "A name or a repeated query, answered by an earlier tier, p50",
        "speed.early_p50_ms",
        most=0.25,
        unit="ms",
    ),
    Goal("Speed", "Sweep of 10,000 cases", "sweep.cases_per_second", least=3_000, unit="a second"),
    Goal("Speed", "HTTP, repeated queries against a bare Django view", "http.repeated_share", least=0.40, unit="%"),
    Goal("Speed", "HTTP, new queries, beyond the model", "http.overhead_ms", most=1, unit="ms"),
    Goal("Speed", "Errors in 10,000 requests from 1,000 connections", "http.errors", most=0),
)
SIZE = (
    Goal("Size", "100,000 functions, p50", "large.p50_ms", most=10, unit="ms"),
    Goal("Size", "100,000 functions, memory of a web worker", "large.worker_mb", most=500, unit="MB"),
    Goal("Size", "100,000 functions, an edit is found after", "large.update_seconds", most=2, unit="s"),
    Goal("Size", "PostgreSQL path, functions", "postgres.functions", least=1_000_000),
    Goal("Size", "PostgreSQL path, recall@10 against exact", "postgres.recall_at_10", least=0.95),
    Goal("Size", "PostgreSQL path, p50", "postgres.p50_ms", most=25, unit="ms"),
)
KEYS = (
    Goal("Keys", "Every request gets the answer that its key is due", "keys.as_due", least=True),
    Goal("Keys", "A revoked key is refused after", "keys.revoked_seconds", most=2, unit="s"),
)
GATEWAY = (
    Goal("Gateway", "What it adds to a call, p50, of what LiteLLM adds", "gateway.ratios.added_p50_ms",
         most=0.25, unit="%"),
    Goal("Gateway", "Requests a second, 64 at once, of LiteLLM's", "gateway.ratios.requests_per_second",
         least=4, unit="times"),
)  # fmt: skip
SEMANTIC_CACHE = (
    Goal("Semantic cache", "Pairs that are hit", "semantic_cache.hit_share", least=0.06, unit="%"),
    Goal("Semantic cache", "False ones among these hits", "semantic_cache.false_share", most=0.05, unit="%"),
    Goal("Semantic cache", "False hits at GPTCache's share of hits, of its own", "semantic_cache.same_share.-1.ratio",
         most=0.5, unit="%"),
    Goal("Semantic cache", "A hit among 1,000 entries, with its embedding, p50", "semantic_cache.latency.1.p50 ms",
         most=5, unit="ms"),
    Goal("Semantic cache", "The same among 10,000", "semantic_cache.latency.2.p50 ms", most=5, unit="ms"),
    Goal("Semantic cache", "The whole level among 10,000, through Valkey, p50", "semantic_level.sizes.2.p50 ms",
         most=5, unit="ms"),
)  # fmt: skip
LANGUAGE_MODEL = (
    Goal("Language model", "Answers that keep to a JSON schema, of 4", "local_model.json_schema_kept", least=4),
    Goal(
        "Language model", "Questions over a small shop answered by right SQL, of 10", "local_model.sql_right", least=9
    ),
)
GOALS = (*QUALITY, *ABSTENTION, *SPEED, *SIZE, *KEYS, *GATEWAY, *SEMANTIC_CACHE, *LANGUAGE_MODEL)


def show(value: Any, unit: str = "") -> str:
    """A value for people; a dash when there is none."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, int | float):
        return "–" if value is None else str(value)
    if unit == "%":
        return f"{100 * value:.1f} %"
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"
    return f"{text} {unit}".strip()
