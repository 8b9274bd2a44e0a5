"""Query sets made from the catalogue that is shipped: generated cases, and short queries with words swapped."""

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import numpy as np

from apps.functions.generation import Subject, generate
from apps.functions.search.documents import Document
from apps.functions.search.synonyms import SYNONYM_GROUPS
from apps.functions.search.tokens import split_identifier
from benchmarks.search_sets import QuerySet

CATALOGUE = Path(__file__).resolve().parents[1] / "apps/functions/catalogue"
VERBS = ("how to", "how do I", "")
ALIASES = {"csharp": "c#", "javascript": "js", "go": "golang"}
PER_LANGUAGE = 11
"""Functions of each language in the small catalogue, 64 or so in all."""


def load_catalogue(folder: Path = CATALOGUE) -> list[Document]:
    """The shipped functions as an import makes them into documents."""
    found: list[Document] = []
    for path in sorted(folder.glob("*/*.toml")):
        for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("function", ()):
            fields = {name: entry.get(name, "") for name in ("name", "signature", "description", "code", "action")}
            found.append(
                Document(
                    id=len(found) + 1,
                    language=path.parent.name,
                    data_type=entry.get("data_type", ""),
                    keywords=tuple(entry.get("keywords", ())),
                    library=f"catalogue-{path.parent.name}",
                    **fields,
                )
            )
    return found


def load_generated(count: int, seed: int = 0, documents: Sequence[Document] = ()) -> QuerySet:
    """Cases of `generate` over the shipped catalogue, or over these documents."""
    catalogue = list(documents or load_catalogue())
    subjects = [to_subject(document) for document in catalogue]
    place = {subject.key: number for number, subject in enumerate(subjects)}
    cases = list(generate(subjects, count=count, seed=seed))
    return QuerySet(
        name="generated",
        documents=catalogue,
        queries=[case.query for case in cases],
        right=np.array([place[case.group] for case in cases]),
        languages=[None] * len(cases),
        answers=tuple(frozenset(place[key] for key in case.expected) for case in cases),
        kinds=tuple(case.made_by for case in cases),
        tags=tuple(case.tags[-1] for case in cases),
    )


def to_subject(document: Document) -> Subject:
    return Subject(
        key=f"{document.library}/{document.id:06d}",
        name=document.name.rpartition(".")[2],
        language=document.language,
        qualified_name=document.name,
        description=document.description,
        signature=document.signature,
        keywords=document.keywords,
        action=document.action,
        data_type=document.data_type,
    )


def load_short(count: int = 2_000, seed: int = 0) -> QuerySet:
    """Two to four words over a small catalogue: names, descriptions, keyword pairs, actions, with synonyms swapped in.

    A case's right answers are the function it is made from and those with the same action, data type and name words,
    in its language where the query says one.
    """
    rng, everything = Random(seed), load_catalogue()
    chosen: list[Document] = []
    for language in sorted({document.language for document in everything}):
        own = [document for document in everything if document.language == language]
        chosen += rng.sample(own, min(PER_LANGUAGE, len(own)))
    asked: dict[str, tuple[int, str, bool]] = {}
    while len(asked) < count:
        number = rng.randrange(len(chosen))
        kind, query = rng.choice(list(make_short(chosen[number], rng)))
        said = rng.random() < 0.25
        language = ALIASES.get(chosen[number].language, chosen[number].language)
        asked.setdefault(f"{query} in {language}" if said else query, (number, kind, said))
    answers = [find_same(chosen, number, said) for number, _, said in asked.values()]
    return QuerySet(
        name="short",
        documents=chosen,
        queries=list(asked),
        right=np.array([number for number, _, _ in asked.values()]),
        languages=[None] * len(asked),
        answers=tuple(answers),
        kinds=tuple(kind for _, kind, _ in asked.values()),
        tags=tuple(chosen[number].language for number, _, _ in asked.values()),
    )


def make_short(document: Document, rng: Random) -> Iterator[tuple[str, str]]:
    name = split_identifier(document.name)
    pascal = "".join(map(str.capitalize, name))
    yield "name", rng.choice([document.name, f"get {pascal}", " ".join(name), " ".join(swap(name, rng))])
    words = document.description.rstrip(".").lower().split()
    yield "description", " ".join(swap(words[: rng.randint(4, 8)], rng))
    keywords = [*document.keywords, *name]
    yield "keywords", " ".join(rng.sample(keywords, min(2, len(keywords))))
    action = [document.action, document.data_type]
    yield "action", f"{rng.choice(VERBS)} {' '.join(swap([*action, rng.choice(name)], rng))}".strip()


def swap(words: Sequence[str], rng: Random) -> list[str]:
    """The words, each with an even chance of another that means the same."""
    swapped = []
    for word in words:
        others = [other for group in SYNONYM_GROUPS if word in group for other in group if other != word]
        swapped.append(rng.choice(others) if others and rng.random() < 0.5 else word)
    return swapped


def find_same(documents: Sequence[Document], number: int, said: bool) -> frozenset[int]:
    own = documents[number]

    def what(document: Document) -> tuple[str, str, list[str]]:
        return document.action, document.data_type, sorted(split_identifier(document.name))

    same = [place for place, document in enumerate(documents) if what(document) == what(own)]
    return frozenset(place for place in same if not said or documents[place].language == own.language)
