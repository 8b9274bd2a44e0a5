"""Where a change comes from: the request, the job or the command that is at work.

Kept in a context variable, so that threads and coroutines that serve at the same time don't see each other's. It holds
the request itself, whose user is only known later, when a view asks who sent it.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest

from apps.core.addresses import client_address


@dataclass(frozen=True)
class Source:
    """`facts` is what else is known, such as the number of the job."""

    request: HttpRequest | None = None
    actor: AbstractBaseUser | None = None
    actor_id: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)


NOBODY = Source()
_current: ContextVar[Source] = ContextVar("audit_source", default=NOBODY)


@contextmanager
def acting(
    *,
    request: HttpRequest | None = None,
    actor: AbstractBaseUser | None = None,
    actor_id: int | None = None,
    **facts: Any,
) -> Iterator[None]:
    """What is changed within was done by this request, or by `actor` in what `facts` tell."""
    token = _current.set(Source(request, actor, actor_id, facts))
    try:
        yield
    finally:
        _current.reset(token)


def get_source() -> Source:
    return _current.get()


def get_request_id() -> str:
    """The id of the request that is at work, for auditlog; empty outside of requests."""
    request = get_source().request
    return str(getattr(request, "request_id", "") or structlog.contextvars.get_contextvars().get("request_id", ""))


def describe_source(source: Source) -> dict[str, Any]:
    """The fields of an entry that say who and from where."""
    request = source.request
    actor = source.actor or get_person(request)
    actor_id = actor.pk if actor else source.actor_id
    return {
        "actor_id": actor_id,
        "actor_email": getattr(actor, "email", None) or "",
        "remote_addr": (client_address(request) if request else "") or None,
        "cid": get_request_id(),
        "additional_data": {**describe_request(request), **source.facts},
    }


def get_person(request: HttpRequest | None) -> AbstractBaseUser | None:
    user = getattr(request, "user", None)
    return user if user is not None and user.is_authenticated and user.pk else None


def describe_request(request: HttpRequest | None) -> dict[str, Any]:
    """Method and path, and the key or token that a program came with; of a command its name."""
    if request is None:
        named = sys.argv[0].endswith("manage.py") and len(sys.argv) > 1
        return {"command": sys.argv[1]} if named else {}
    facts: dict[str, Any] = {"method": request.method, "path": request.path}
    credential = getattr(request, "auth", None)
    describe = getattr(credential, "describe_credential", None)
    if describe is not None:
        facts |= describe()
    return facts
