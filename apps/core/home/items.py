"""What apps put on the first page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened: a sentence with where it leads, and its icon."""

    text: str
    at: datetime
    icon: str
    href: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Something that waits for the person who looks. `tone` is as of badges.

    `action` is where a form without fields is sent that deals with it at once, by a button that says `button`.
    """

    text: str
    href: str
    icon: str
    note: str = ""
    tone: str = "warn"
    action: str = ""
    button: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What to do on the first day, by `place`. Without `href` it is for others to do."""

    place: int
    title: str
    text: str
    is_done: bool
    href: str = ""
    button: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """A panel of its own. `build` is where `(user) -> dict | None` is, the context of its template; None shows nothing.

    `place` orders the tiles. `topics` are what it shows; it is asked for again at most every `every` milliseconds.
    A slow one comes after the page.
    """

    name: str
    title: str
    template: str
    build: str
    place: int
    permission: str = ""
    topics: tuple[str, ...] = ()
    every: int = 2000
    is_slow: bool = False

    def is_for(self, user: Any) -> bool:
        return not self.permission or bool(user.has_perm(self.permission))
