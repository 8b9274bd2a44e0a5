"""Targets by name. Registered by dotted path, so that start-up stays light."""

from django.utils.module_loading import import_string

from apps.core.errors import InvalidInput
from apps.core.targets.types import Target

_targets: dict[str, str] = {}


def register_target(name: str, path: str) -> None:
    """`path` is the dotted path of a class without arguments that is a `Target`."""
    _targets[name] = path


def known_targets() -> list[str]:
    return sorted(_targets)


def get_target(name: str) -> Target:
    """Raises InvalidInput for a name that nobody registered."""
    if name not in _targets:
        raise InvalidInput({"target": f"is none of {', '.join(known_targets()) or '(there are none)'}"})
    target: Target = import_string(_targets[name])()
    return target
