"""Which function runs a job of a kind. Apps register theirs from `apps.py`, by dotted path to keep start-up light."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from apps.core.jobs.context import JobContext

Handler = Callable[["JobContext", dict[str, Any]], dict[str, Any]]

_handlers: dict[str, str] = {}


def register_job(kind: str, handler: str) -> None:
    """`handler` is the dotted path of a function of the job's context and parameters that returns its result."""
    _handlers[kind] = handler


def get_handler(kind: str) -> Handler:
    """KeyError for an unknown kind."""
    handler: Handler = import_string(_handlers[kind])
    return handler


def known_kinds() -> list[str]:
    return sorted(_handlers)
