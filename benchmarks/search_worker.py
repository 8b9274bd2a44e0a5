"""A process as the web's for `benchmarks.search_large`: it does what it is told line by line, and answers in JSON."""

import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

WARM = 50
ROUNDS = 3
WORD = "quokkawombat"
PATIENCE_SECONDS = 60


def main() -> None:
    import django
    from django.core.wsgi import get_wsgi_application
    from django.urls import get_resolver

    django.setup()
    get_wsgi_application()
    _ = get_resolver().url_patterns
    queries: list[str] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    for line in sys.stdin:
        order, *words = line.split()
        answer = measure(queries) if order == "measure" else edit() if order == "edit" else find(*words)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def measure(queries: list[str]) -> dict[str, Any]:
    """Milliseconds of whole searches, by the clock and on the processor, with and without embedding; and the tiers."""
    from apps.functions.services import measuring

    spent = [0.0]

    def embed(text: str) -> Any:
        started = time.perf_counter()
        vector = measuring.embed_afresh(text)
        spent[0] += time.perf_counter() - started
        return vector

    tiers = [embed_with(tier, embed) for tier in measuring.TIERS]
    measuring.TIERS = tuple(tiers)
    for query in queries[:WARM]:
        measuring.measure_search(query=query)
    whole, embedding, processor = (np.zeros((ROUNDS, len(queries))) for _ in range(3))
    answered = Counter[str]()
    for number in range(ROUNDS):
        for place, query in enumerate(queries):
            spent[0] = 0.0
            started, worked = time.perf_counter(), time.process_time()
            answer = measuring.measure_search(query=query).answer
            processor[number, place] = (time.process_time() - worked) * 1000
            whole[number, place] = (time.perf_counter() - started) * 1000
            embedding[number, place] = spent[0] * 1000
            answered[answer.tier or "none"] += number == 0
    # Each query's best round: the others are longer by what else the machine did.
    rest, whole, processor = (each.min(axis=0) for each in (whole - embedding, whole, processor))
    return {
        "processor_p50_ms": round(float(np.median(processor)), 2),
        **{f"p{share}_ms": round(float(np.percentile(whole, share)), 2) for share in (50, 95, 99)},
        **{f"without_embedding_p{share}_ms": round(float(np.percentile(rest, share)), 2) for share in (50, 95)},
        "tier_shares": {tier: round(count / len(queries), 3) for tier, count in answered.items()},
    }


def embed_with(tier: Any, embed: Any) -> Any:
    """The tier with its embedding timed, if it embeds."""
    from apps.functions.services.measuring import embed_afresh
    from apps.functions.services.tiers import RankingTier

    return RankingTier(tier.name, embed) if getattr(tier, "_embed", None) is embed_afresh else tier


def edit() -> dict[str, Any]:
    """Writes a function anew, as the API does; its word is in no other function."""
    from apps.functions.models import Origin
    from apps.functions.services.catalogue import create_function

    data = {"name": f"edited_{WORD}", "language": "python", "description": f"Count every {WORD}.", "code": "pass"}
    create_function(data=data, library="edits", user_id=None, origin=Origin.API)
    return {"at": time.time(), "word": WORD}


def find(word: str) -> dict[str, Any]:
    from apps.functions.services.measuring import measure_search

    deadline = time.time() + PATIENCE_SECONDS
    while time.time() < deadline:
        results = measure_search(query=f"count every {word}").answer.results
        if any(word in result.function.name for result in results):
            return {"at": time.time()}
    raise SystemExit("the edit was not found")


if __name__ == "__main__":
    main()
