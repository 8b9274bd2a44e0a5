"""The systems that `benchmarks.peers` sets side by side, each behind the same methods.

All get the same functions: name, description, keywords and code. Those that look by meaning get the same model.
"""

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import psutil
from numpy.typing import NDArray

from apps.functions.search.documents import Document, embedding_text
from apps.inference.embedding import load_embedder
from apps.inference.embedding.manifest import MODEL_NAME, TOKENIZER_FILE

LIMIT = 10
PARTS = 20
"""semble finds parts of files: of so many ten functions come out."""

EXTENSIONS = {"python": "py", "javascript": "js", "typescript": "ts", "java": "java", "csharp": "cs"}
STATIC_DIMENSIONS, SMOOTHING = 256, 1e-4
COMMENTS = {"python": "#"}
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a system finds the model, keeps vectors (`fresh`: makes them again), and has a database."""

    models: Path
    kept: Path
    scratch: Path
    database_url: str
    fresh: bool = False


class System(Protocol):
    def build(self, documents: Sequence[Document]) -> None:
        """Makes ready to search these functions."""

    def search(self, query: str, language: str | None) -> list[int]:
        """The ids of the best ten, of one language where it is given. This is what is timed."""

    def rank(self, query: str, language: str | None, found: list[int]) -> list[int]:
        """The ids to judge by, where `search` found these."""

    def megabytes(self) -> float:
        """What is held in memory for it, proportionally where it is shared between processes."""


class InProcess:
    def rank(self, query: str, language: str | None, found: list[int]) -> list[int]:
        return found

    def megabytes(self) -> float:
        return float(psutil.Process().memory_full_info().pss / 1e6)


class Touchstone(InProcess):
    """The product's index and ladder, without the cache of answers and the database's rows."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def build(self, documents: Sequence[Document]) -> None:
        import django

        django.setup()
        from apps.functions.index import LiveIndex, Overlay, build_index, open_current

        vectors = embed_kept(self._place, [embedding_text(document) for document in documents])
        root = Path(tempfile.mkdtemp(dir=self._place.scratch))
        build_index(root, zip(documents, vectors, strict=True), model_digest="benchmark", watermark=0)
        hold(LiveIndex(open_current(root), Overlay()))

    def search(self, query: str, language: str | None) -> list[int]:
        from apps.functions.services import measuring, searching, tiers

        started = time.perf_counter()
        request = searching.build_request(query, language, None, LIMIT)
        climb = tiers.climb_tiers(measuring.TIERS, request, started)
        return [hit.id for hit in climb.answer.value.hits] if climb.answer else []


def hold(index: Any) -> None:
    """Has this process search an index, in the place of the one that goes with the database."""
    from apps.functions.search.synonyms import SYNONYM_GROUPS
    from apps.functions.services import live, searching

    loaded = live.Loaded(index, SYNONYM_GROUPS, "benchmark")

    class Holder(live.LiveIndexHolder):
        def load(self) -> live.Loaded:
            return loaded

    holder = Holder()
    searching.live_index = lambda: holder


class Bm25s(InProcess):
    """bm25s as its guide has it: English stop words and a stemmer. `split` cuts identifiers into their words."""

    def __init__(self, place: Place, *, split: bool = False) -> None:
        self._split = split_identifiers if split else str

    def build(self, documents: Sequence[Document]) -> None:
        import bm25s
        import Stemmer

        self._stemmer = Stemmer.Stemmer("english")
        self._ids = np.array([document.id for document in documents])
        self._languages = np.array([document.language for document in documents])
        self._masks = {name: (self._languages == name).astype(np.float32) for name in set(self._languages)}
        self._retriever = bm25s.BM25()
        self._retriever.index(self._tokenize([plain_text(document) for document in documents]), show_progress=False)

    def search(self, query: str, language: str | None) -> list[int]:
        mask = self._masks[language] if language else None
        found, scores = self._retriever.retrieve(
            self._tokenize([query]), k=LIMIT, show_progress=False, weight_mask=mask
        )
        return [int(self._ids[row]) for row, score in zip(found[0], scores[0], strict=True) if score > 0]

    def _tokenize(self, texts: list[str]) -> Any:
        import bm25s

        cut = [self._split(text) for text in texts]
        return bm25s.tokenize(cut, stopwords="en", stemmer=self._stemmer, show_progress=False)


class Semble(InProcess):
    """semble over a folder with a file for each function, named after it; `load` gives its model."""

    def __init__(self, place: Place, load: Callable[[Place], Any]) -> None:
        self._place = place
        self._model = load(place)

    def build(self, documents: Sequence[Document]) -> None:
        from semble.index.create import create_index_from_path

        root = Path(tempfile.mkdtemp(dir=self._place.scratch))
        for document in documents:
            write_file(root, document)
        self._bm25, self._vectors, self._chunks, _ = create_index_from_path(root, self._model, display_root=root)
        languages = np.array([chunk.language for chunk in self._chunks])
        self._selected = {name: np.flatnonzero(languages == name) for name in set(languages)}

    def search(self, query: str, language: str | None) -> list[int]:
        return self._search(query, language, LIMIT)

    def rank(self, query: str, language: str | None, found: list[int]) -> list[int]:
        return self._search(query, language, PARTS)[:LIMIT]

    def _search(self, query: str, language: str | None, parts: int) -> list[int]:
        from semble.search import search

        selector = self._selected[language] if language else None
        found = search(query, self._model, self._vectors, self._bm25, self._chunks, parts, selector=selector)
        return list(dict.fromkeys(int(result.chunk.file_path.split("/")[0]) for result in found))


class PostgresText:
    """PostgreSQL's own full-text search: a stored to_tsvector('english', …) under GIN, ordered by ts_rank."""

    def __init__(self, place: Place, *, any_word: bool) -> None:
        # A long query has every word in hardly any function, so that one with "or" is measured too.
        parsed = "plainto_tsquery('english', %(query)s)"
        asked = f"replace({parsed}::text, '&', '|')::tsquery" if any_word else parsed
        self._query = f"""
            SELECT id FROM functions, (SELECT {asked} AS asked) AS one
            WHERE words @@ asked AND (%(language)s::text IS NULL OR language = %(language)s)
            ORDER BY ts_rank(words, asked) DESC, id LIMIT {LIMIT}
        """
        self._place = place

    def build(self, documents: Sequence[Document]) -> None:
        import psycopg

        self._connection = psycopg.connect(self._place.database_url, autocommit=True)
        run = self._connection.execute
        schema = f"peer_{os.getpid()}"
        run(f"CREATE SCHEMA {schema}")
        run(f"SET search_path TO {schema}")
        run("""CREATE TABLE functions (id bigint PRIMARY KEY, language text, body text,
               words tsvector GENERATED ALWAYS AS (to_tsvector('english', body)) STORED)""")
        with self._connection.cursor().copy("COPY functions (id, language, body) FROM STDIN") as copy:
            for document in documents:
                copy.write_row((document.id, document.language, plain_text(document).replace("\0", " ")))
        run("CREATE INDEX ON functions USING gin (words)")
        run("ANALYZE functions")

    def search(self, query: str, language: str | None) -> list[int]:
        rows = self._connection.execute(self._query, {"query": query, "language": language}).fetchall()
        return [row[0] for row in rows]

    def rank(self, query: str, language: str | None, found: list[int]) -> list[int]:
        return found

    def megabytes(self) -> float:
        """Of the server's processes, whose shared buffers hold other sets' tables too."""
        server = psutil.Process(self._connection.info.backend_pid).parent()
        assert server is not None
        return float(sum(one.memory_full_info().pss for one in [server, *server.children()]) / 1e6)


class MiniLM:
    """Touchstone's model behind the two things that semble asks of one."""

    dim = 384

    def __init__(self, place: Place) -> None:
        self._place = place
        self._embedder = load_embedder(place.models, threads=1)

    def encode(self, texts: Sequence[str], **_: Any) -> Vectors:
        return embed_kept(self._place, texts) if len(texts) > 1 else self._embedder.embed(texts)


def load_static(place: Place) -> Any:
    """A static model for semble, in the place of its own, which no package holds.

    Distilled from MiniLM as model2vec does it: each token embedded alone, 256 principal components, and weights of
    smooth inverse frequency where a token's place in the vocabulary stands for its frequency by Zipf's law.
    """
    from model2vec import StaticModel
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(place.models / MODEL_NAME / TOKENIZER_FILE))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokens = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().__getitem__)
    embedded = embed_kept(replace(place, fresh=False), [token.removeprefix("##") for token in tokens])
    centred = embedded - embedded.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    zipf = 1 / np.arange(2, len(tokens) + 2)
    weights = SMOOTHING / (SMOOTHING + zipf / zipf.sum())
    weights[[bool(re.fullmatch(r"\[.+\]", token)) for token in tokens]] = 0
    vectors = (centred @ axes[:, : -STATIC_DIMENSIONS - 1 : -1]) * weights[:, None]
    return StaticModel(vectors.astype(np.float32), tokenizer, normalize=True)


def embed_kept(place: Place, texts: Sequence[str]) -> Vectors:
    """Vectors of many texts, on all cores, kept in a file for the next run."""
    embedder = load_embedder(place.models, threads=os.cpu_count() or 1)
    state = hashlib.blake2b(embedder.digest.encode(), digest_size=16)
    for text in texts:
        state.update(text.encode("utf-8", "replace") + b"\0")
    path = place.kept / f"peers-{state.hexdigest()}.npy"
    if place.fresh or not path.exists():
        place.kept.mkdir(parents=True, exist_ok=True)
        np.save(path, embedder.embed(texts))
    return np.load(path)


def write_file(root: Path, document: Document) -> None:
    """A function as a file of its own, with what its code does not say in comments above it."""
    name = re.sub(r"\W+", "_", document.name) or "snippet"
    folder = root / str(document.id)
    folder.mkdir()
    mark = COMMENTS.get(document.language, "//")
    told = [line for line in (document.name, document.description, " ".join(document.keywords)) if line]
    comments = [f"{mark} {line}" for text in told if text not in document.code for line in text.splitlines()]
    path = folder / f"{name[:80]}.{EXTENSIONS[document.language]}"
    path.write_text("\n".join([*comments, document.code]), encoding="utf-8", errors="replace")


def plain_text(document: Document) -> str:
    return "\n".join((document.name, document.description, " ".join(document.keywords), document.code))


def split_identifiers(text: str) -> str:
    """camelCase and snake_case as words, after the text itself."""
    return f"{text}\n{re.sub(r'(?<=[a-z0-9])(?=[A-Z])|_', ' ', text)}"


SYSTEMS: dict[str, Callable[[Place], System]] = {
    "Touchstone": Touchstone,
    "bm25s": Bm25s,
    "bm25s, identifiers split": partial(Bm25s, split=True),
    "semble, MiniLM": partial(Semble, load=MiniLM),
    "semble, static vectors": partial(Semble, load=load_static),
    "PostgreSQL, every word": partial(PostgresText, any_word=False),
    "PostgreSQL, any word": partial(PostgresText, any_word=True),
}
