"""What the search page says before the first query: what the catalogue holds, and what one might ask of it."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Max, Min

from apps.core.cache.policy import CachePolicy
from apps.core.cache.registry import get_cache, register_policy
from apps.functions.models import Function, Library
from apps.functions.services.indexing import index_state
from apps.inference.services import model_digest

EXAMPLES = 6
SAMPLE = 600
WORDS = range(3, 10)
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 ,'-]*")

CACHES = ("functions.overview", "functions.examples", "functions.index_progress")

register_policy(CachePolicy(CACHES[0], version=1, local_size=1, local_ttl=5))
register_policy(CachePolicy(CACHES[1], version=1, local_size=1, local_ttl=600))
register_policy(CachePolicy(CACHES[2], version=1, local_size=1, local_ttl=1))


@dataclass(frozen=True, slots=True)
class Overview:
    """Published functions, in all and by language and library, the largest first."""

    total: int
    languages: list[tuple[str, int]]
    libraries: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class IndexProgress:
    """How far search is: whether there is an index, and how many functions can be found by meaning."""

    is_built: bool
    has_model: bool
    published: int
    embedded: int

    @property
    def is_complete(self) -> bool:
        return self.is_built and self.has_model and self.embedded >= self.published


def read_overview() -> Overview:
    """A few seconds old at most."""
    overview: Overview = get_cache("functions.overview").get_or_compute("all", _count_functions)
    return overview


def read_index_progress() -> IndexProgress:
    """A second old at most: every page that waits for vectors asks."""
    progress: IndexProgress = get_cache("functions.index_progress").get_or_compute("now", _measure_progress)
    return progress


def read_examples() -> list[str]:
    """Queries that this catalogue answers: short first lines of what its functions say they do."""
    examples: list[str] = get_cache("functions.examples").get("all") or []
    if not examples:
        examples = pick_examples(_sample_functions())
        if examples:
            get_cache("functions.examples").set("all", examples)
    return examples


def pick_examples(functions: Iterable[Function]) -> list[str]:
    """Up to EXAMPLES queries, of as many languages and libraries as there are, from the most popular functions."""
    ranked = sorted(functions, key=lambda function: (-function.popularity, function.pk))
    taken: Counter[tuple[int, str]] = Counter()
    scored = []
    for function in ranked:
        query = phrase_query(function)
        if query:
            place = (function.library_id, function.language)
            scored.append((taken[place], query))
            taken[place] += 1
    scored.sort(key=lambda pair: pair[0])
    return list(dict.fromkeys(query for _, query in scored))[:EXAMPLES]


def phrase_query(function: Function) -> str:
    """What one would type to find it: `Return the size of a file.` gives `return the size of a file`; else empty."""
    line = function.summary.rstrip(". ")
    words = line.split()
    if len(words) not in WORDS or not PLAIN.fullmatch(line):
        return ""
    first = words[0] if words[0].isupper() else words[0].lower()
    return " ".join([first, *words[1:]])


def _measure_progress() -> IndexProgress:
    state = index_state()
    embedded = max(0, state.published - state.waiting_embedding)
    return IndexProgress(bool(state.generation), bool(model_digest()), state.published, embedded)


def _count_functions() -> Overview:
    rows = Function.objects.published().order_by().values_list("language", "library").annotate(n=Count("pk"))
    names = dict(Library.objects.values_list("pk", "name"))
    languages: Counter[str] = Counter()
    libraries: Counter[str] = Counter()
    for language, library, number in rows:
        languages[language] += number
        libraries[names.get(library, "")] += number
    return Overview(languages.total(), languages.most_common(), libraries.most_common())


def _sample_functions() -> list[Function]:
    """Functions spread over the whole catalogue, found by key so that its size does not matter."""
    published = Function.objects.published()
    ends = Function.objects.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return []
    step = max(1, (ends["last"] - ends["first"]) // SAMPLE)
    keys = range(ends["first"], ends["last"] + 1, step)
    return list(published.filter(pk__in=keys).only("library_id", "language", "description", "popularity"))
