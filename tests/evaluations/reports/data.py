"""Reports as runs leave them, made up: what `apps.evaluations.services.finishing.build_report` would have built."""

import random
from typing import Any

LANGUAGES = ("python", "typescript", "go", "rust", "java", "csharp", "ruby")
MADE_BY = ("name", "name_typo", "description", "keywords", "question", "synonyms", "action_data_type", "word_order")
VERBS = ("parse", "format", "sort", "merge", "read", "write", "encode", "compress", "validate", "split")
NOUNS = ("json", "csv_rows", "timestamp", "config", "tree_nodes", "url_path", "matrix", "token_stream", "date_range")
PINNED = {
    "catalogue": "4812 functions, revision 9127",
    "code": "6a4f0c1d9b2e",
    "embedding_model": "9f1c03ab77de4512",
    "index": "c0ffee1234567890",
    "synonyms": "148 groups, 5e1fa0b2",
    "answer_threshold": "0.55",
    "version": "0.1.0",
}


def make_report(*, flips: int = 12, verdict: str = "worse", seed: int = 1) -> dict[str, Any]:
    """A comparison of two runs with everything in it; `flips` are half newly wrong, half newly right."""
    rng = random.Random(seed)
    after = make_summary(rng, 0.861)
    return {
        "suite": {
            "id": 3,
            "name": "Demo catalogue",
            "target": "functions.search",
            "measure": "accuracy",
            "measure_title": "Top-1 accuracy",
            "margin": 0.01,
            "latency_margin": None,
        },
        "run": make_run(12, "synonyms emptied", {**PINNED, "synonyms": "0 groups, e3b0c442"}),
        "baseline": make_run(9, "", PINNED),
        "summary": after,
        "baseline_summary": make_summary(rng, 0.892),
        "verdict": verdict,
        "verdict_title": verdict.replace("_", " ").capitalize(),
        "reasons": [
            "accuracy fell by 3.1 points, from 89.2 % to 86.1 % (a difference of -3.52 to -2.71 points): at least the "
            "margin of 1 points, and not by chance (p < 0.0001 after Holm's correction over 24 tests)",
            "made by synonyms: accuracy fell by 24 points, from 85.0 % to 61.0 % (a difference of -26.90 to -21.20 "
            "points): at least the margin of 1 points, and not by chance (p < 0.0001 after Holm's correction over 24 "
            "tests)",
        ],
        "comparison": make_comparison(rng, verdict),
        "flips": {
            "newly_wrong": max(flips, 342) if flips else 0,
            "newly_right": flips // 2,
            "list": [make_flip(rng, number, newly_wrong=number % 2 == 0) for number in range(flips)],
        },
        "changes": [{"name": "synonyms", "before": "148 groups, 5e1fa0b2", "after": "0 groups, e3b0c442"}],
        "drift": [{"name": "catalogue", "before": "4812 functions, revision 9127", "after": "4813 functions"}],
        "unpaired": {"only_before": 3, "only_after": 1, "changed": 12},
        "causes": make_causes(),
    }


def make_first(**changes: Any) -> dict[str, Any]:
    """Of a run that has no baseline."""
    return {
        **make_report(flips=0),
        "baseline": None,
        "baseline_summary": None,
        "verdict": "first",
        "verdict_title": "First run",
        "reasons": ["There is no earlier run to compare with."],
        "comparison": None,
        "changes": [],
        "drift": [],
        "unpaired": {"only_before": 0, "only_after": 0, "changed": 0},
        **changes,
    }


def make_failed(error: str = "The index is gone.") -> dict[str, Any]:
    """Of a run that did not go through."""
    report = make_report(flips=0)
    return {"suite": report["suite"], "run": report["run"], "reasons": [error], "verdict": "failed"}


def make_run(number: int, note: str, pinned: dict[str, str]) -> dict[str, Any]:
    return {
        "id": number,
        "note": note,
        "suite_version": 4,
        "started_at": "2026-03-02T02:00:00.123456+00:00",
        "finished_at": "2026-03-02T02:01:34.654321+00:00",
        "seconds": 94.53,
        "pinned": pinned,
        "drift": {},
    }


def make_summary(rng: random.Random, accuracy: float) -> dict[str, Any]:
    return {
        **make_figures(rng, 10_000, accuracy),
        "cases_per_second": 105.8,
        "by_language": {name: make_figures(rng, 1_400, accuracy) for name in LANGUAGES},
        "by_made_by": {name: make_figures(rng, 1_250, accuracy) for name in MADE_BY},
        "by_tag": {},
        "by_tier": {name: make_figures(rng, 3_000, accuracy) for name in ("rules", "local_model", "lexical")},
    }


def make_figures(rng: random.Random, cases: int, accuracy: float) -> dict[str, Any]:
    share = min(accuracy + rng.uniform(-0.03, 0.03), 1.0)
    return {
        "cases": cases,
        "accuracy": share,
        "accuracy_interval": [share - 0.007, share + 0.006],
        "recall_at_5": share + 0.05,
        "mrr_at_10": share + 0.03,
        "answered": 0.94,
        "precision_answered": share + 0.02,
        "calibration": {"ece": 0.0312, "bins": make_bins(rng, cases)},
        "mean_relevance": share + 0.02,
        "success_rate": 1.0,
        "cases_per_second": None,
        "latency_ms": {"mean": 6.21, "p50": 5.4, "p95": 13.7, "p99": 24.1},
        "cost": 0.0,
    }


def make_bins(rng: random.Random, cases: int) -> list[dict[str, float]]:
    sure = [0.12, 0.31, 0.47, 0.58, 0.69, 0.77, 0.84, 0.9, 0.95, 0.99]
    return [
        {"confidence": one, "accuracy": min(max(one + rng.uniform(-0.09, 0.06), 0), 1), "cases": cases // 10}
        for one in sure
    ]


def make_difference(before: float, difference: float, wide: float = 0.004) -> dict[str, Any]:
    return {
        "before": before,
        "after": before + difference,
        "difference": difference,
        "low": difference - wide,
        "high": difference + wide,
        "relative": difference / before,
        "p_value": 0.00001 if abs(difference) > wide else 0.41,
        "effect_size": difference / 0.2,
        "method": "mcnemar",
    }


def make_comparison(rng: random.Random, verdict: str) -> dict[str, Any]:
    return {
        "primary": "accuracy",
        "pairs": 9_984,
        "newly_right": 32,
        "newly_wrong": 342,
        "cohens_g": -0.41,
        "odds_ratio": 0.09,
        "measures": {
            "accuracy": make_difference(0.892, -0.031),
            "recall_at_5": make_difference(0.951, -0.018),
            "mrr_at_10": make_difference(0.917, -0.026),
            "mean_relevance": make_difference(0.903, -0.024),
            "answered": make_difference(0.94, 0.001),
            "latency_ms": {**make_difference(6.34, -0.13, 0.2), "method": "sign_flip"},
        },
        "slices": make_slices(rng),
        "small_slices": 2,
        "tests": 24,
        "p_adjusted": 0.00001,
        "rules": {"margin": 0.01, "confidence": 0.95, "power": 0.8, "latency_margin": None},
        "verdict": verdict,
        "reasons": [],
        "smallest_visible": 0.0041,
        "cases_needed": 3_100,
        "cases_more": 1_250,
    }


def make_slices(rng: random.Random) -> list[dict[str, Any]]:
    rows = []
    for dimension, values in (("language", LANGUAGES), ("made_by", MADE_BY)):
        for value in values:
            lost = -0.24 if value == "synonyms" else 0.034 if value == "question" else rng.uniform(-0.006, 0.004)
            rows.append(
                {
                    "dimension": dimension,
                    "value": value,
                    "pairs": rng.randrange(600, 1_500),
                    "primary": make_difference(0.87, lost, 0.015),
                    "p_adjusted": 0.00001 if abs(lost) > 0.02 else 1.0,
                    "moved": "worse" if lost < -0.02 else "better" if lost > 0.02 else "no",
                }
            )
    return rows


def make_flip(rng: random.Random, number: int, *, newly_wrong: bool) -> dict[str, Any]:
    verb, noun, language = rng.choice(VERBS), rng.choice(NOUNS), rng.choice(LANGUAGES)
    right = make_side(f"{verb}_{noun}", language, 1, 0.9)
    wrong = make_side(f"{rng.choice(VERBS)}_{noun}_strict", language, rng.choice([2, 3, 4, None]), 0.62)
    expected = [f"core/{language}.{verb}_{noun}", f"{verb}_{noun}_all"][: rng.choice([1, 1, 2])]
    return {
        "case": 1000 + number,
        "external_id": f"generated-7-{number}",
        "query": f"how do I {verb} {noun.replace('_', ' ')} in {language}",
        "expected": expected,
        "made_by": rng.choice(MADE_BY),
        "tags": ["generated"],
        "labels": {"language": language},
        "newly": "wrong" if newly_wrong else "right",
        "damage": round(rng.uniform(0.1, 1.6) * (1 if newly_wrong else -1), 4),
        "change": f"The word “{verb}” no longer means “{rng.choice(VERBS)}”: the synonym group is gone, and the right "
        "one lost its place by words.",
        "before": right if newly_wrong else wrong,
        "after": wrong if newly_wrong else right,
    }


def make_side(title: str, language: str, rank: int | None, confidence: float) -> dict[str, Any]:
    return {
        "right": rank == 1,
        "rank": rank,
        "answered": confidence > 0.55,
        "confidence": confidence,
        "tier": "local_model",
        "latency_ms": 5.31,
        "got": [{"id": f"core/{title}", "title": f"{title}(value, options)", "language": language, "score": 0.71}],
        "trace": {"steps": [], "terms": title.split("_"), "language": language},
        "error": "",
    }


def make_causes() -> list[dict[str, Any]]:
    kinds = (
        ("synonym_missed", "A synonym is missing", "Add the word to a synonym group, or as a keyword.", 612),
        ("ranked_low", "Right, but not first", "Look at what stands before it; near-duplicates may be merged.", 498),
        ("abstained", "Not sure enough to answer", "Give the function a better description.", 211),
        ("not_in_index", "Not in the index", "Build the index again, or publish the function.", 69),
    )
    return [
        {"cause": name, "title": title, "advice": advice, "cases": cases, "clusters": make_clusters(cases)}
        for name, title, advice, cases in kinds
    ]


def make_clusters(cases: int) -> list[dict[str, Any]]:
    return [
        {
            "cluster": f"{verb}-{noun}",
            "detail": f"“{verb}” is asked for, and the function's text only says “{noun}”",
            "cases": max(cases // (3 + place), 1),
            "examples": [{"case": place, "query": f"{verb} all {noun}", "detail": ""} for _ in range(5)],
        }
        for place, (verb, noun) in enumerate(zip(VERBS, NOUNS, strict=False))
    ]
