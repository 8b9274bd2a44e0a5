"""The optional language model that runs on this machine: fetched by `make model`, served by a child of `up`."""

from apps.core.embedded.home import resolve_home
from apps.core.embedded.language_model import Server, read_server

__all__ = ["Server", "find_server"]


def find_server() -> Server | None:
    """Where this home's own language model answers now; None when there is none, or it is still loading.

    Reads a small file: call it before each request, since a model that ended comes back at another address with
    another key.
    """
    return read_server(resolve_home())
