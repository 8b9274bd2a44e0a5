"""Making this process ready to search."""

from apps.functions.index.warming import compile_kernels
from apps.functions.services.live import live_index
from apps.inference import services as inference

QUERY = "sort a list"


def warm_search() -> None:
    """Open the index, and load the model and the kernels, which are compiled now if this machine never did."""
    live_index().load()
    warm_arithmetic()


def warm_arithmetic() -> None:
    compile_kernels()
    if inference.model_digest():
        inference.embed_query(QUERY)
