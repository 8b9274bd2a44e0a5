"""What can be followed, and by whom. Apps register their topics from `apps.py`.

A name is a topic, or one thing of it: `job` is any job, `job:7` one of them.
"""

import re
from typing import Any

NAME = re.compile(r"([a-z]{1,20})(?::[0-9]{1,19})?")

_permissions: dict[str, str] = {}


def register_topic(topic: str, permission: str = "") -> None:
    """Whoever has the permission may follow the topic; without one it is for the gateway alone."""
    if not NAME.fullmatch(topic) or ":" in topic:
        raise ValueError(f"a topic is up to 20 small letters, unlike {topic!r}")
    _permissions[topic] = permission


def is_known(topic: str) -> bool:
    return topic in _permissions


def may_follow(user: Any, name: object) -> bool:
    """Whether the user may be told of what has this name."""
    found = NAME.fullmatch(name) if isinstance(name, str) else None
    permission = _permissions.get(found[1], "") if found else ""
    return bool(permission and user.has_perm(permission))


def topic_of(name: str) -> str:
    return name.partition(":")[0]
