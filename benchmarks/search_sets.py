"""Public sets of queries with the functions that answer them, and vectors that are kept for the next run."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.functions.extraction import extract_main_function
from apps.functions.search.documents import Document, embedding_text
from apps.functions.search.query import parse_query
from apps.functions.search.tokens import split_identifier
from apps.inference.embedding import Embedder, load_embedder

NAME = re.compile(r"def\s+(\w+)")
SENTENCE_END = re.compile(r"(?<=[.!?])\s")
ORDER = re.compile(r"^Write a (?:\w+ )?function (?:to|that|which) ")


@dataclass(frozen=True, slots=True)
class QuerySet:
    """Queries over a catalogue: the query i is answered by the document at `right[i]`, filtered by `languages[i]`.

    Where several are right, `answers[i]` has the places of all; `kinds[i]` and `tags[i]` say what a query is a case of
    and of which language, for figures by part.
    """

    name: str
    documents: list[Document]
    queries: list[str]
    right: NDArray[np.int64]
    languages: list[str | None]
    answers: tuple[frozenset[int], ...] = ()
    kinds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def answers_of(self, place: int) -> frozenset[int]:
        """The ids of the documents that answer a query."""
        right = self.answers[place] if self.answers else frozenset({int(self.right[place])})
        return frozenset(self.documents[number].id for number in right)

    def part_of(self, place: int) -> str:
        """The language that a query counts for."""
        return self.tags[place] if self.tags else self.languages[place] or ""


class VectorCache:
    """Vectors by the text and the model, in a file of their digests and one of vectors."""

    def __init__(self, models: Path, folder: Path) -> None:
        self._embedder: Embedder = load_embedder(models, threads=2)
        self._path = folder / f"vectors-{self._embedder.digest[:16]}.npz"
        folder.mkdir(parents=True, exist_ok=True)
        self._known: dict[bytes, NDArray[np.float32]] = {}
        if self._path.exists():
            with np.load(self._path) as stored:
                self._known = dict(zip(map(bytes, stored["keys"]), stored["vectors"], strict=True))

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        keys = [hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest() for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        if missing:
            self._known.update(zip(missing, self._embedder.embed(list(missing.values())), strict=True))
            raw = np.frombuffer(b"".join(self._known), dtype=np.uint8).reshape(-1, 16)
            np.savez(self._path, keys=raw, vectors=np.stack(list(self._known.values())))
        return np.stack([self._known[key] for key in keys])

    def embed_documents(self, documents: Sequence[Document]) -> NDArray[np.float32]:
        return self.embed([embedding_text(document) for document in documents])

    def embed_queries(self, queries: Sequence[str]) -> NDArray[np.float32]:
        return self.embed([parse_query(query).text for query in queries])


def load_sets(data: Path) -> list[QuerySet]:
    folder = data / "retrieval"
    return [
        load_cosqa(folder),
        load_mbxp(folder),
        load_conala(folder),
        *(load_snippets(folder, name) for name in ("sentence", "title", "sentence, whole", "title, whole")),
    ]


def load_cosqa(folder: Path) -> QuerySet:
    """Web queries over Python functions, prepared as an import prepares them."""
    rows = read_lines(folder / "cosqa_codebase.jsonl")
    place = {row["id"]: position for position, row in enumerate(rows)}
    queries = read_lines(folder / "cosqa_dev.jsonl")
    right = np.array([place[query["gold_id"]] for query in queries])
    documents = [read_document(position, row["code"], row["lang"]) for position, row in enumerate(rows)]
    return QuerySet("cosqa", documents, [query["query"] for query in queries], right, [None] * len(queries))


def read_document(position: int, code: str, language: str) -> Document:
    found, named = extract_main_function(code, language, ""), NAME.search(code)
    return Document(
        id=position + 1,
        name=named[1] if named else "unnamed",
        language=language,
        signature=found.signature if found else "",
        description=found.doc if found else "",
        code=code,
    )


def load_mbxp(folder: Path) -> QuerySet:
    """Tasks in words, and their solutions in five languages; the language is given."""
    rows = read_lines(folder / "mbxp_dev.jsonl")
    documents = [
        Document(id=position + 1, name=row["entry_point"], language=row["lang"], code=row["code"])
        for position, row in enumerate(rows)
    ]
    queries = [ORDER.sub("", row["query"]) for row in rows]
    return QuerySet("mbxp", documents, queries, np.arange(len(rows)), [row["lang"] for row in rows])


def load_conala(folder: Path) -> QuerySet:
    """Questions over one-line snippets that have no name."""
    rows = read_lines(folder / "conala_train.jsonl")
    place = {code: position for position, code in enumerate(dict.fromkeys(row["code"] for row in rows))}
    documents = [Document(id=position + 1, name="", language="python", code=code) for code, position in place.items()]
    right = np.array([place[row["code"]] for row in rows])
    return QuerySet("conala", documents, [row["query"] for row in rows], right, [None] * len(rows))


def load_snippets(folder: Path, asked: str) -> QuerySet:
    """Snippets with title, tags and description, asked for by title or by the description's first sentence.

    What the queries are made of is taken out of the documents, unless they are left "whole".
    """
    rows = read_lines(folder / "thirty_seconds_catalogue.jsonl")
    documents = [
        Document(
            id=position + 1,
            name=row["title"],
            language=row["lang"],
            description=row["description"],
            keywords=tuple(row["tags"]),
            code=row["code"],
        )
        for position, row in enumerate(rows)
    ]
    by_title = asked.startswith("title")
    queries = [ask_by_title(document) if by_title else ask_by_sentence(document) for document in documents]
    if not asked.endswith("whole"):
        documents = [
            replace(document, name="") if by_title else replace(document, description="") for document in documents
        ]
    languages: list[str | None] = [row["lang"] for row in rows]
    return QuerySet(f"snippets by {asked}", documents, queries, np.arange(len(rows)), languages)


def ask_by_title(document: Document) -> str:
    return document.name if " " in document.name else to_words(document.name)


def ask_by_sentence(document: Document) -> str:
    return SENTENCE_END.split(document.description, maxsplit=1)[0]


def to_words(name: str) -> str:
    return " ".join(split_identifier(name))


def load_off_topic(data: Path, count: int) -> list[str]:
    """Utterances to assistants and banks: nothing that a catalogue of functions answers."""
    queries: list[str] = []
    for name in ("clinc150_val", "clinc150_oos_val", "banking77_train"):
        rows = read_lines(data / "routing" / f"{name}.jsonl")
        step = max(1, len(rows) * 3 // count)
        queries += [row["text"] for row in rows[::step]]
    return queries[:count]


def read_lines(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]
