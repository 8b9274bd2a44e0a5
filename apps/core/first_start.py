"""What a new installation gets besides its tables: apps register their steps from `apps.py`.

Each step runs at every start and has to find out for itself whether there is anything to do.
"""

from collections.abc import Callable

from django.utils.module_loading import import_string

_account: list[str] = []
_demo: list[str] = []


def register_account(path: str) -> None:
    """The dotted path of a function that makes the first account: its (email, password), or None when there is one."""
    _account.append(path)


def register_demo(path: str) -> None:
    """The dotted path of a function that starts loading something to look at, where there is nothing yet."""
    _demo.append(path)


def make_account() -> tuple[str, str] | None:
    makers: list[Callable[[], tuple[str, str] | None]] = [import_string(path) for path in _account]
    return next((made for make in makers if (made := make())), None)


def start_demo() -> None:
    for path in _demo:
        import_string(path)()
