"""From a catalogue to cases: what is asked, and everything that answers it."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from random import Random

from apps.functions.generation.answers import MAX_ANSWERS, AnswerIndex
from apps.functions.generation.drafts import Draft, Material
from apps.functions.generation.kinds import KINDS
from apps.functions.generation.spread import Part, apportion, apportion_in_order
from apps.functions.generation.subjects import GeneratedCase, Subject, is_looked_up
from apps.functions.search.query import find_mentions

MAX_DRAFTS = 12
"""Drafts of one kind that are tried for one function."""

MAX_MATERIAL = 20_000
"""Functions whose words are kept at hand."""

MIN_SLOTS = 2
"""Telling words that a query has at least, unless it is a name."""


def generate(subjects: Sequence[Subject], *, count: int, seed: int) -> Iterator[GeneratedCase]:
    """Different cases, at most `count`, in mixed order, the same for the same subjects in any order and the same seed.

    Languages and libraries get their share of the cases, kinds theirs (see KINDS), and functions take turns. Every
    case lists all subjects that fit it as well as the one it is made from. Fewer cases come where no more can be made.
    """
    workshop = Workshop(sorted(subjects, key=lambda subject: subject.key), seed)
    cases = list(workshop.make_cases(count))
    _chance(seed, "order").shuffle(cases)
    return (workshop.finish(*case) for case in cases)


class Workshop:
    """One catalogue with the queries that were made from it so far."""

    def __init__(self, subjects: Sequence[Subject], seed: int) -> None:
        self._subjects = subjects
        self._seed = seed
        self._index = AnswerIndex(subjects)
        self._queries: set[str] = set()
        self._material = lru_cache(maxsize=MAX_MATERIAL)(self._gather)
        # The same words are asked for in several forms, one after the other.
        self._find = lru_cache(maxsize=1_000)(self._index.find_by_words)

    def make_cases(self, count: int) -> Iterator[tuple[str, int, str, list[int]]]:
        """Kind, number of the subject, query and numbers of the right answers of each case."""
        parts, given = self._split_catalogue(), Counter[str]()
        while count and parts:
            missing = 0
            for part, quota in zip(parts, apportion_in_order(count, [part.size for part in parts]), strict=True):
                made = part.take(self._share_out(given, quota), self._make)
                given.update(kind for kind, _ in made)
                missing += quota - len(made)
                for kind, (number, query, answers) in made:
                    yield kind, number, query, answers
            count, parts = missing, [part for part in parts if not part.exhausted]

    def finish(self, kind: str, number: int, query: str, answers: Sequence[int]) -> GeneratedCase:
        subject = self._subjects[number]
        digest = hashlib.sha256(f"{kind}\0{query}".encode("utf-8", "replace")).hexdigest()
        return GeneratedCase(
            external_id=f"{kind}-{digest[:16]}",
            query=query,
            expected=tuple(self._subjects[answer].key for answer in answers),
            tags=(kind, subject.language),
            group=subject.key,
            made_by=kind,
        )

    def _split_catalogue(self) -> list[Part]:
        numbers: dict[tuple[str, str], list[int]] = defaultdict(list)
        for number, subject in enumerate(self._subjects):
            numbers[subject.language, subject.library].append(number)
        parts = []
        for key in sorted(numbers):
            asked = [number for number in numbers[key] if is_looked_up(self._subjects[number])]
            _chance(self._seed, *key).shuffle(asked)
            parts.append(Part(asked, len(numbers[key])))
        return parts

    def _share_out(self, given: Counter[str], quota: int) -> dict[str, int]:
        """How many of each kind bring the kinds nearest to their shares of what was given and these."""
        after = given.total() + quota
        lacking = [max(share * after - given[kind], 0) for kind, (share, _) in KINDS.items()]
        return dict(zip(KINDS, apportion(quota, lacking), strict=True))

    def _make(self, number: int, kind: str) -> tuple[int, str, list[int]] | None:
        rng = _chance(self._seed, kind, self._subjects[number].key)
        drafts = KINDS[kind][1](self._material(number), rng)
        for draft in islice(drafts, MAX_DRAFTS):
            folded = draft.query.casefold()
            if folded not in self._queries:
                answers = self._answer(draft)
                if number in answers and len(answers) <= MAX_ANSWERS:
                    self._queries.add(folded)
                    return number, draft.query, answers
        return None

    def _gather(self, number: int) -> Material:
        return Material(self._subjects[number], number, self._index)

    def _answer(self, draft: Draft) -> list[int]:
        """The right answers; none where the query is too short, or seems to name a language by accident."""
        if draft.name:
            return self._index.find_by_name(draft.name, draft.language)
        if len(draft.slots) < MIN_SLOTS or find_mentions(draft.bare, self._index.languages):
            return []
        return self._find(tuple(draft.slots), draft.language)


def _chance(seed: int, *parts: str) -> Random:
    """Chance for one purpose, the same in every process."""
    return Random("\0".join((str(seed), *parts)))  # noqa: S311 - cases, no secrets
