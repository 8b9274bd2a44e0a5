"""A cached answer, what it is found by, and what clears it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

VERSION = 1
"""Of the form of entries: part of every key."""
MAX_BYTES = 256 * 1024
"""A longer answer is not kept: few are as long, and a few of them would push out thousands."""
ALL = "*"


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where clearing stood when an answer began to be made. `epoch` is another one in a Valkey that lost its data."""

    epoch: str
    number: int


@dataclass(frozen=True, slots=True)
class Keys:
    """The digests under which an owner's own answer is, and one that is for everybody."""

    own: str
    public: str

    @property
    def both(self) -> tuple[str, ...]:
        return (self.own, self.public) if self.own != self.public else (self.own,)

    def only(self, *, public: bool) -> "Keys":
        """One of them alone."""
        return Keys(self.public, self.public) if public else Keys(self.own, self.own)


@dataclass(frozen=True, slots=True)
class Record:
    """`body` is the answer as JSON; `marks` name what clears it: its owner, and its tags. `made_at` is in seconds."""

    body: bytes
    stamp: int
    made_at: float
    marks: tuple[str, ...]

    @property
    def value(self) -> Any:
        """Read anew each time: nobody changes what others get. Raises ValueError where it is damaged."""
        return orjson.loads(self.body)

    def encode(self) -> bytes:
        """A line of facts, then the body."""
        return orjson.dumps([self.stamp, self.made_at, self.marks]) + b"\n" + self.body


@dataclass(frozen=True, slots=True)
class Terms:
    """What one name's answers have of their own: how long they live, and that their look-ups are counted together.

    Without `seconds` they live as their type does.
    """

    seconds: int | None = None
    group: str = ""


USUAL = Terms()


def decode(content: bytes) -> Record:
    """Raises ValueError for what is damaged; the body is looked at where it is used."""
    head, _, body = content.partition(b"\n")
    facts = orjson.loads(head)
    try:
        stamp, made_at, marks = facts
        return Record(body, int(stamp), float(made_at), tuple(map(str, marks)))
    except TypeError as error:
        raise ValueError("the line of facts is none") from error


def make_keys(owner: str, recipe: object) -> Keys:
    """Of all that made the answer, any JSON value. Raises TypeError for what is none."""
    body = orjson.dumps(recipe, option=orjson.OPT_SORT_KEYS)
    return Keys(digest([VERSION, "own", owner], body), digest([VERSION, "public"], body))


def digest(whose: list[Any], body: bytes) -> str:
    return hashlib.blake2b(orjson.dumps(whose) + b"\n" + body, digest_size=16).hexdigest()


def mark_owner(owner: str) -> str:
    return f"owner:{owner}"


def mark_tag(tag: str) -> str:
    return f"tag:{tag}"


def make_marks(owner: str, tags: Iterable[str]) -> tuple[str, ...]:
    return (mark_owner(owner), *map(mark_tag, tags))
