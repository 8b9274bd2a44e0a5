"""What text a function without a description is best embedded by: `python -m benchmarks.search_tuning texts`.

MRR@10 by meaning alone, of first sentences of descriptions that were taken out of the functions. The last row takes for
every query the best of all the orders above it: however one chooses among them, there is no more to be had.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from apps.functions.search.documents import MAX_TEXT, Document, collapse, embedding_text
from benchmarks.figures import save_figures
from benchmarks.search_generated import load_catalogue
from benchmarks.search_matrix import Matrix, Scored, reciprocal_ranks, score_set
from benchmarks.search_sets import QuerySet, VectorCache, ask_by_sentence, load_snippets, to_words

COMMAND = "python -m benchmarks.search_tuning texts"
EVERY = 2
"""Of the shipped functions one in so many is asked for."""

MAX_WORDS = 30
_NOT_CODE_WORD = re.compile(r"[^A-Za-z_0-9]+")


def name_and_keywords(document: Document) -> str:
    return f"{to_words(document.name)}. {', '.join(document.keywords)}"


def words_of_code(document: Document) -> str:
    """The words of the code's identifiers, each once."""
    words = to_words(_NOT_CODE_WORD.sub(" ", document.code)).split()
    return " ".join(list(dict.fromkeys(word for word in words if len(word) > 1))[:MAX_WORDS])


COMPOSITIONS: Mapping[str, Callable[[Document], str]] = MappingProxyType(
    {
        "name": lambda one: to_words(one.name),
        "name, keywords": name_and_keywords,
        "code": lambda one: collapse(one.code)[:MAX_TEXT],
        "words of code": words_of_code,
        "name, words of code": lambda one: f"{to_words(one.name)}. {words_of_code(one)}",
        "name, code": lambda one: f"{to_words(one.name)}\n{collapse(one.code)}"[:MAX_TEXT],
        "same, twice as long": lambda one: f"{to_words(one.name)}\n{collapse(one.code)}"[: 2 * MAX_TEXT],
        "language, all": lambda one: f"{one.language} {name_and_keywords(one)}\n{collapse(one.code)}"[:MAX_TEXT],
        "in use": embedding_text,
    }
)


def tune_texts(data: Path, vectors: VectorCache) -> None:
    sets = [load_snippets(data / "retrieval", "sentence"), load_undescribed()]
    print(f"{'':22s}" + "".join(f"{given.name:>26s}" for given in sets))
    columns = [measure_compositions(score_set(given, vectors), vectors) for given in sets]
    for name in columns[0]:
        print(f"{name:22s}" + "".join(f"{column[name]:26.4f}" for column in columns))
    save_figures("texts", COMMAND, {given.name: column for given, column in zip(sets, columns, strict=True)})


def load_undescribed() -> QuerySet:
    """Shipped functions with their keywords and without what else is said of them, asked for by their descriptions."""
    described = load_catalogue()[::EVERY]
    return QuerySet(
        "catalogue by sentence",
        [replace(one, description="", action="", data_type="") for one in described],
        [ask_by_sentence(one) for one in described],
        np.arange(len(described)),
        [one.language for one in described],
    )


def measure_compositions(scored: Scored, vectors: VectorCache) -> dict[str, float]:
    queries = vectors.embed_queries(scored.given.queries)
    cosines: dict[str, Matrix] = {}
    for name, compose in COMPOSITIONS.items():
        cosines[name] = queries @ vectors.embed([compose(document) for document in scored.given.documents]).T
    two = cosines["name, keywords"], cosines["code"]
    cosines |= {"two vectors, sum": two[0] + two[1], "two vectors, larger": np.maximum(*two)}
    ranks = {name: reciprocal_ranks(scored, found) for name, found in cosines.items()}
    ranks["best of all"] = np.max(list(ranks.values()), axis=0)
    return {name: float(found.mean()) for name, found in ranks.items()}
