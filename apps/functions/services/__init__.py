"""Writes and orchestration of the catalogue, a module each: catalogue, importing, embedding, indexing, searching."""
