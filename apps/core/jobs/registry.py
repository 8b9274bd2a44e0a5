"""Which function runs a job of a kind. Apps register theirs from `apps.py`, by dotted path to keep start-up light."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from apps.core.jobs.context import JobContext

Handler = Callable[["JobContext", dict[str, Any]], dict[str, Any]]

Follower = Callable[[], None]

_handlers: dict[str, str] = {}
_followers: dict[str, list[str]] = {}


def register_job(kind: str, handler: str) -> None:
    """`handler` is the dotted path of a function of the job's context and parameters that returns its result."""
    _handlers[kind] = handler


def get_handler(kind: str) -> Handler:
    """KeyError for an unknown kind."""
    handler: Handler = import_string(_handlers[kind])
    return handler


def register_follower(kind: str, follower: str) -> None:
    """The dotted path of a function without arguments that is called after each job of this kind that succeeded.

    For an app above the one whose job it is. It should be quick: what takes long is another job.
    """
    _followers.setdefault(kind, []).append(follower)


def get_followers(kind: str) -> list[Follower]:
    return [import_string(path) for path in _followers.get(kind, ())]


def known_kinds() -> list[str]:
    return sorted(_handlers)
