"""What the search page says before the first query: what the catalogue holds, and what one might ask of it."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter

from django.db.models import Count, Max, Min

from apps.core.cache.policy import CachePolicy
from apps.core.cache.registry import get_cache, register_policy
from apps.functions.models import Function, Library
from apps.functions.services.indexing import index_state
from apps.inference.services import model_digest

EXAMPLES = 6
SAMPLE = 600
WORDS = range(4, 10)
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 -]*")
INWARD = frozenset({"self", "this", "method", "internal", "helper", "test", "wrapper", "True", "False", "None"})
"""Words of texts that say how a function is made rather than what it is for."""
VERBS = frozenset(
    """
    add append apply calculate check clear close collect combine compare compress compute connect convert copy count
    create decode delete detect download draw encode escape execute extract fetch filter find format generate get group
    insert join list load look make match merge move open parse print publish read receive remove rename render replace
    resolve reverse rotate round save search select send set sort split start stop store strip swap transform translate
    trim turn update upload validate wait walk wrap write
    """.split()  # noqa: SIM905 - a list of ninety quoted words is no easier to read
)
"""What people begin a query with."""

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
    """Up to EXAMPLES queries from the most popular functions: libraries and languages by turns."""
    phrased = [(phrase_query(function), function) for function in functions]
    ranked = sorted(((query, function) for query, function in phrased if query), key=_rank_example)
    taken: Counter[tuple[int, str]] = Counter()
    first_words: set[str] = set()
    scored = []
    for query, function in ranked:
        place, word = (function.library_id, function.language), query.split()[0]
        scored.append((word in first_words, taken[place], query))
        taken[place] += word not in first_words
        first_words.add(word)
    scored.sort(key=itemgetter(0, 1))
    return list(dict.fromkeys(query for *_, query in scored))[:EXAMPLES]


def phrase_query(function: Function) -> str:
    """What one would type to find it: `Return the size of a file.` gives `return the size of a file`; else empty."""
    line = function.summary.rstrip(". ")
    words = line.split()
    if function.name.startswith("_") or not INWARD.isdisjoint(words):
        return ""
    if len(words) not in WORDS or not PLAIN.fullmatch(line):
        return ""
    first = words[0] if words[0].isupper() else words[0].lower()
    return " ".join([first, *words[1:]])


def _rank_example(example: tuple[str, Function]) -> tuple[bool, float, str]:
    """Equals stand in an order that is fixed, but not that of the alphabet or of their import."""
    query, function = example
    shuffled = hashlib.blake2b(query.encode("utf-8", "replace"), digest_size=8).hexdigest()
    return query.split()[0] not in VERBS, -function.popularity, shuffled


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
    return list(published.filter(pk__in=keys).only("name", "library_id", "language", "description", "popularity"))
