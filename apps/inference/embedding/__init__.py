"""Sentence embeddings with all-MiniLM-L6-v2 in int8, on the CPU."""

from apps.inference.embedding.model import Embedder, EmbeddingModelMissing, load_embedder

__all__ = ["Embedder", "EmbeddingModelMissing", "load_embedder"]
